use super::{Texts, Words};

pub(super) const TEXTS: Texts = Texts {
    code: "en",
    direction: "ltr",
    returned: Words {
        title: "Thank you",
        text: "You can go back to the chat now. We will continue there.",
    },
    cancelled: Words {
        title: "Nothing was paid",
        text: "You left before paying. To pay, open the link in the chat again. To choose something else, message us there.",
    },
    paid: Words {
        title: "This is already paid",
        text: "We have received your payment, so there is nothing left to pay. You can go back to the chat now.",
    },
    pending: Words {
        title: "Your payment is on its way",
        text: "Your bank may need a few days. You do not have to pay again: we will message you in the chat when it arrives.",
    },
    refunded: Words {
        title: "Your payment was returned",
        text: "The payment for this order was returned to you. To buy it again, ask for a new link in the chat.",
    },
    expired: Words {
        title: "This link has expired",
        text: "It can no longer be used to pay. Go back to the chat and ask for a new one.",
    },
    broken: Words {
        title: "This link is incomplete",
        text: "A part of it is missing or was changed. Open it from the chat again, or ask for a new one there.",
    },
    not_for_sale: Words {
        title: "This is not for sale",
        text: "It is no longer available. Go back to the chat to see what you can choose.",
    },
    unavailable: Words {
        title: "One moment, please",
        text: "We cannot reach the payment page right now. This page will try again in a minute.",
    },
    server_error: Words {
        title: "Something went wrong",
        text: "This is our mistake, not yours. Try the link again later, or message us in the chat.",
    },
    retry: "Try again",
};
