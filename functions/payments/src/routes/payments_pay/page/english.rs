use super::{Texts, Words};

pub(super) const TEXTS: Texts = Texts {
    code: "en",
    direction: "ltr",
    back: Words {
        title: "Thank you",
        text: "Go back to the chat; we go on there.",
    },
    cancelled: Words {
        title: "Nothing was paid",
        text: "You left before paying. To pay after all, open the link in the chat again. To choose something else, write to us there.",
    },
    paid: Words {
        title: "This is paid",
        text: "Your payment is here, so there is nothing more to pay. Go back to the chat; we go on there.",
    },
    under_way: Words {
        title: "Your payment is on its way",
        text: "Your bank may take some days, and you need not pay again. We write in the chat when it is here.",
    },
    returned: Words {
        title: "The money went back",
        text: "This order was paid, and its money was returned. To buy again, ask in the chat for a new link.",
    },
    over: Words {
        title: "This link has expired",
        text: "Nothing can be paid with it any more. Go back to the chat and ask for a new one.",
    },
    broken: Words {
        title: "This link is not whole",
        text: "A part of it was lost or changed on the way. Open it from the chat again, or ask there for a new one.",
    },
    not_for_sale: Words {
        title: "This is not for sale",
        text: "It may have been once. Go back to the chat to see what there is now.",
    },
    later: Words {
        title: "One moment, please",
        text: "The payment page cannot be reached right now. Try again in a minute; this page does so by itself.",
    },
    our_fault: Words {
        title: "Something is wrong here",
        text: "It is our fault, not yours. Try the link again later, or tell us in the chat.",
    },
    again: "Try again",
};
