//! What the studio says, put together from the texts of a language.

use confab_core::{Money, clip};
use confab_messaging::{Body, Button, ListRow, ListSection};

use crate::{
    Class, Fault, Language, Order, Pack, Photos, Shelf, Stage, Texts, Tier, Visit, intent::choice,
    photo::ENOUGH, texts, turn::most_common,
};

/// A list shows ten rows: nine packs and a way to more.
const PACKS_A_PAGE: usize = 9;
const ROW_TITLE: usize = 24;
/// The template that tells somebody whom we may not write to freely that there is news.
const NEWS: &str = "studio_news";

/// A picture of ours. Whoever sends it makes an address of it that lasts long enough.
pub(crate) fn of_object(key: &str) -> String {
    format!("object:{key}")
}

/// The key of a picture of ours.
pub fn object_of(url: &str) -> Option<&str> {
    url.strip_prefix("object:")
}

fn button(id: impl Into<String>, title: &str) -> Button {
    Button {
        id: id.into(),
        title: title.to_owned(),
    }
}

fn buttons(text: impl Into<String>, buttons: Vec<Button>) -> Body {
    Body::Buttons {
        text: text.into(),
        footer: None,
        buttons,
    }
}

/// A text, and what the person may do next.
pub(crate) fn menu(texts: &Texts, text: &str) -> Body {
    let begin = button(choice::BEGIN, texts.button_begin);
    let how = button(choice::HOW_IT_WORKS, texts.button_how_it_works);
    buttons(
        text,
        vec![
            begin,
            how,
            button(choice::CHANGE_LANGUAGE, texts.button_language),
        ],
    )
}

pub(crate) fn languages(current: &Texts) -> Body {
    let choices = Language::ALL.map(|language| {
        button(
            format!("{}_{}", choice::CHANGE_LANGUAGE, language.code()),
            texts(language).language_name,
        )
    });
    buttons(current.choose_language, choices.into())
}

pub(crate) fn ask_class(texts: &Texts) -> Body {
    let class = |name: &str, title| button(format!("{}_{name}", choice::CLASS), title);
    buttons(
        texts.ask_class,
        vec![
            class("man", texts.button_man),
            class("woman", texts.button_woman),
        ],
    )
}

pub(crate) fn model_or_anew(texts: &Texts) -> Body {
    let again = button(choice::SET_TUNE, texts.button_same_model);
    buttons(
        texts.model_or_anew,
        vec![again, button(choice::OVERRIDE_TUNE, texts.button_new_model)],
    )
}

/// `refund` is what happens to money that was paid.
pub(crate) fn ask_erase(texts: &Texts, refund: &str) -> Body {
    buttons(
        format!("{}{refund}", texts.ask_erase),
        vec![
            button(choice::ERASE, texts.button_erase),
            button(choice::KEEP, texts.button_keep),
        ],
    )
}

/// There are enough photos: the person may pick, or add more while there is room.
pub(crate) fn enough(texts: &Texts, photos: &Photos, text: &str) -> Body {
    let packs = button(choice::SEND_PACKS, texts.button_packs);
    let other = match photos.has_room() {
        true => button(choice::UPLOAD_MORE, texts.button_more),
        false => button(choice::OVERRIDE_TUNE, texts.button_new_model),
    };
    buttons(text, vec![packs, other])
}

/// No more photos are taken: what the person may do instead.
pub(crate) fn full(texts: &Texts, photos: &Photos) -> Body {
    let good = photos.good().count();
    if good + photos.awaited() >= ENOUGH {
        return enough(texts, photos, texts.full);
    }
    let text = texts
        .full_of_bad
        .replace("{count}", &photos.0.len().to_string())
        .replace("{good}", &good.to_string());
    let anew = button(choice::OVERRIDE_TUNE, texts.button_new_model);
    buttons(
        text.replace("{enough}", &ENOUGH.to_string()),
        vec![anew, button(choice::CONTACT_SUPPORT, texts.button_support)],
    )
}

/// How many photos are good, and why the others are not.
pub(crate) fn progress(texts: &Texts, photos: &Photos) -> Body {
    let good = photos.good().count();
    let progress = if good > ENOUGH {
        texts.good_photos
    } else {
        texts.progress
    };
    let mut text = progress
        .replace("{good}", &good.to_string())
        .replace("{enough}", &ENOUGH.to_string());
    let faults = most_common(&photos.faults());
    if !faults.is_empty() {
        let count: usize = faults.iter().map(|(_, count)| count).sum();
        let reasons = faults.iter().map(|(fault, count)| match count {
            1 => fault_in_words(texts, *fault).to_owned(),
            _ => format!("{} ({count})", fault_in_words(texts, *fault)),
        });
        let reasons: Vec<_> = reasons.collect();
        let rejected = texts
            .rejected
            .replace("{count}", &count.to_string())
            .replace("{reasons}", &reasons.join(", "));
        text.push('\n');
        text.push_str(&rejected);
    }
    match good >= ENOUGH {
        true => enough(texts, photos, &format!("{text}\n{}", texts.are_enough)),
        false => Body::Text {
            text: format!("{text}\n{}", texts.send_more),
        },
    }
}

fn fault_in_words(texts: &Texts, fault: Fault) -> &'static str {
    match fault {
        Fault::Nobody => texts.fault_nobody,
        Fault::FunnyFace => texts.fault_funny_face,
        Fault::Blurry => texts.fault_blurry,
        Fault::Sunglasses => texts.fault_sunglasses,
        Fault::SeveralPeople => texts.fault_several_people,
        Fault::Hat => texts.fault_hat,
        Fault::Twice => texts.fault_twice,
        Fault::TooSmall => texts.fault_too_small,
        Fault::TooLarge => texts.fault_too_large,
        Fault::Unreadable => texts.fault_unreadable,
        Fault::Gone => texts.fault_gone,
    }
}

fn tier_in_words(texts: &Texts, tier: Tier) -> (&'static str, &'static str) {
    match tier {
        Tier::Lite => (choice::LITE_PACK, texts.tier_lite),
        Tier::Standard => (choice::STANDARD_PACK, texts.tier_standard),
        Tier::Premium => (choice::PREMIUM_PACK, texts.tier_premium),
    }
}

pub(crate) fn tiers(texts: &Texts, shelf: &Shelf, tiers: &[Tier], class: Class) -> Body {
    let lines = tiers.iter().filter_map(|tier| {
        let price = shelf.prices.get(tier)?;
        let counts = shelf
            .of(*tier, class)
            .into_iter()
            .filter_map(|pack| pack.images.get(&class));
        let line = texts.tier.replace("{tier}", tier_in_words(texts, *tier).1);
        Some(
            line.replace("{images}", &counts.max()?.to_string())
                .replace("{price}", &price.to_string()),
        )
    });
    let lines: Vec<_> = lines.collect();
    let choices = tiers.iter().map(|tier| {
        let (id, title) = tier_in_words(texts, *tier);
        button(id, title)
    });
    buttons(
        format!("{}\n\n{}", texts.choose_tier, lines.join("\n")),
        choices.collect(),
    )
}

pub(crate) fn packs(texts: &Texts, tier: Tier, packs: &[&Pack], page: usize) -> Body {
    let pages = packs.chunks(PACKS_A_PAGE).count();
    let page = page.min(pages.saturating_sub(1));
    let shown = packs.chunks(PACKS_A_PAGE).nth(page).unwrap_or_default();
    let row = |id: String, title: &str| ListRow {
        id,
        title: clip(title, ROW_TITLE),
        description: None,
    };
    let mut rows: Vec<_> = shown
        .iter()
        .map(|pack| {
            row(
                format!("{}_{}", choice::GET_PAYMENT_LINK, pack.id),
                &pack.title,
            )
        })
        .collect();
    let (id, title) = tier_in_words(texts, tier);
    if pages > 1 {
        rows.push(row(
            format!("{id}_{}", (page + 1) % pages),
            texts.more_packs,
        ));
    }
    Body::List {
        text: texts.choose_pack.replace("{tier}", title),
        footer: None,
        open: texts.button_packs.to_owned(),
        sections: vec![ListSection {
            title: title.to_owned(),
            rows,
        }],
    }
}

/// What the person agrees to by paying.
pub(crate) fn agreement(texts: &Texts, title: &str, images: u32, price: Money) -> String {
    let text = texts
        .agreement
        .replace("{pack}", title)
        .replace("{images}", &images.to_string());
    text.replace("{price}", &price.to_string())
}

pub(crate) fn pay_again(texts: &Texts, pack: i64) -> Body {
    let again = button(
        format!("{}_{pack}", choice::GET_PAYMENT_LINK),
        texts.button_pay,
    );
    buttons(
        texts.not_paid,
        vec![again, button(choice::SEND_PACKS, texts.button_packs)],
    )
}

/// The bank did not make a payment that the person was told to be on its way.
pub(crate) fn pay_again_later(texts: &Texts, order: &Order) -> Body {
    let again = button(
        format!("{}_{}", choice::GET_PAYMENT_LINK, order.pack),
        texts.button_pay,
    );
    let text = texts.not_paid_after_all.replace("{pack}", &order.title);
    buttons(
        text,
        vec![again, button(choice::SEND_PACKS, texts.button_packs)],
    )
}

/// A payment is on its way, and the person asks to pay once more.
pub(crate) fn ask_another_order(texts: &Texts, pending: &Order, pack: &Pack, price: Money) -> Body {
    let text = texts
        .ask_another_order
        .replace("{pending}", &pending.title)
        .replace("{pack}", &pack.title);
    let another = button(
        format!("{}_{}", choice::ANOTHER_ORDER, pack.id),
        texts.button_another_order,
    );
    buttons(
        text.replace("{price}", &price.to_string()),
        vec![another, button(choice::KEEP, texts.button_wait)],
    )
}

/// Some photos could not be made.
pub(crate) fn not_all(texts: &Texts, count: usize, images: u32) -> Body {
    Body::Text {
        text: texts
            .not_all
            .replace("{count}", &count.to_string())
            .replace("{images}", &images.to_string()),
    }
}

pub(crate) fn ask_stars(texts: &Texts) -> Body {
    // Rising, so that whoever writes the number of a row writes the number of its stars.
    let rows = (1..=5).map(|stars: usize| ListRow {
        id: format!("{}_{stars}", choice::STAR_RATING),
        title: "⭐".repeat(stars),
        description: None,
    });
    Body::List {
        text: texts.ask_stars.to_owned(),
        footer: None,
        open: texts.button_stars.to_owned(),
        sections: vec![ListSection {
            title: texts.button_stars.to_owned(),
            rows: rows.collect(),
        }],
    }
}

pub(crate) fn reminder(texts: &Texts, visit: &Visit) -> Body {
    match visit.stage {
        Stage::Choosing | Stage::Paying => enough(texts, &visit.photos, texts.reminder_choose),
        _ => menu(texts, texts.reminder_photos),
    }
}

/// Outside of the window of free words: that there is something to see.
pub(crate) fn news(language: Language, name: Option<&str>) -> Body {
    let name = name.unwrap_or_else(|| texts(language).nameless).to_owned();
    Body::Template {
        name: NEWS.to_owned(),
        language: language.code().to_owned(),
        parameters: vec![name],
    }
}
