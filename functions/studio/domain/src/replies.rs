//! Replies: message bodies put together from the texts of a language.

use std::cmp::Reverse;

use confab_core::{Money, clip};
use confab_messaging::{Body, Button, ListRow, ListSection};

use crate::{
    Catalog, Class, Conversation, Language, Order, Pack, Photos, RejectionReason, Stage, Texts,
    Tier, intent::choice, photo::MIN_SELFIES, texts,
};

/// A list shows ten rows: nine packs and one for the next page.
const PACKS_PER_PAGE: usize = 9;
const ROW_TITLE_CHARS: usize = 24;
/// The template for users outside the messaging window.
const NEWS_TEMPLATE: &str = "studio_news";

/// Returns the internal address of an object. It becomes a presigned URL when the message is sent.
pub(crate) fn object_url(key: &str) -> String {
    format!("object:{key}")
}

/// Returns the object key of an internal address.
pub fn object_key(url: &str) -> Option<&str> {
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

/// A text with the main choices.
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

pub(crate) fn reuse_or_new_model(texts: &Texts) -> Body {
    let again = button(choice::SET_TUNE, texts.button_same_model);
    buttons(
        texts.reuse_or_new_model,
        vec![again, button(choice::OVERRIDE_TUNE, texts.button_new_model)],
    )
}

/// Asks to confirm an erasure. `refund` says which payments are refunded.
pub(crate) fn ask_erase(texts: &Texts, refund: &str) -> Body {
    buttons(
        format!("{}{refund}", texts.ask_erase),
        vec![
            button(choice::ERASE, texts.button_erase),
            button(choice::KEEP, texts.button_keep),
        ],
    )
}

/// Offers the packs, and more selfies while there is room.
pub(crate) fn enough(texts: &Texts, photos: &Photos, text: &str) -> Body {
    let packs = button(choice::SEND_PACKS, texts.button_packs);
    let other = if photos.has_room() {
        button(choice::UPLOAD_MORE, texts.button_more)
    } else {
        button(choice::OVERRIDE_TUNE, texts.button_new_model)
    };
    buttons(text, vec![packs, other])
}

/// Says that the album is full, and what to do next.
pub(crate) fn full(texts: &Texts, photos: &Photos) -> Body {
    let good = photos.accepted().count();
    if good + photos.pending_count() >= MIN_SELFIES {
        return enough(texts, photos, texts.album_full);
    }
    let text = texts
        .album_full_rejected
        .replace("{count}", &photos.0.len().to_string())
        .replace("{good}", &good.to_string());
    let start_over = button(choice::OVERRIDE_TUNE, texts.button_new_model);
    buttons(
        text.replace("{enough}", &MIN_SELFIES.to_string()),
        vec![
            start_over,
            button(choice::CONTACT_SUPPORT, texts.button_support),
        ],
    )
}

/// Says how many selfies are accepted, and why others were rejected.
pub(crate) fn progress(texts: &Texts, photos: &Photos) -> Body {
    let good = photos.accepted().count();
    let progress = if good > MIN_SELFIES {
        texts.accepted_count
    } else {
        texts.progress
    };
    let mut text = progress
        .replace("{good}", &good.to_string())
        .replace("{enough}", &MIN_SELFIES.to_string());
    let mut rejections: Vec<_> = photos.rejections().into_iter().collect();
    rejections.sort_by_key(|(reason, count)| (Reverse(*count), *reason));
    if !rejections.is_empty() {
        let count: usize = rejections.iter().map(|(_, count)| count).sum();
        let reasons = rejections.iter().map(|(reason, count)| match count {
            1 => reason_text(texts, *reason).to_owned(),
            _ => format!("{} ({count})", reason_text(texts, *reason)),
        });
        let reasons: Vec<_> = reasons.collect();
        let rejected = texts
            .rejected
            .replace("{count}", &count.to_string())
            .replace("{reasons}", &reasons.join(", "));
        text.push('\n');
        text.push_str(&rejected);
    }
    if good >= MIN_SELFIES {
        return enough(texts, photos, &format!("{text}\n{}", texts.enough_selfies));
    }
    Body::Text {
        text: format!("{text}\n{}", texts.send_more),
    }
}

fn reason_text(texts: &Texts, reason: RejectionReason) -> &'static str {
    match reason {
        RejectionReason::NoFace => texts.reason_no_face,
        RejectionReason::FunnyFace => texts.reason_funny_face,
        RejectionReason::Blurry => texts.reason_blurry,
        RejectionReason::Sunglasses => texts.reason_sunglasses,
        RejectionReason::MultiplePeople => texts.reason_multiple_people,
        RejectionReason::Hat => texts.reason_hat,
        RejectionReason::Duplicate => texts.reason_duplicate,
        RejectionReason::TooSmall => texts.reason_too_small,
        RejectionReason::TooLarge => texts.reason_too_large,
        RejectionReason::Unreadable => texts.reason_unreadable,
        RejectionReason::Expired => texts.reason_expired,
    }
}

fn tier_choice(texts: &Texts, tier: Tier) -> (&'static str, &'static str) {
    match tier {
        Tier::Lite => (choice::LITE_PACK, texts.tier_lite),
        Tier::Standard => (choice::STANDARD_PACK, texts.tier_standard),
        Tier::Premium => (choice::PREMIUM_PACK, texts.tier_premium),
    }
}

pub(crate) fn tiers(texts: &Texts, catalog: &Catalog, tiers: &[Tier], class: Class) -> Body {
    let lines = tiers.iter().filter_map(|tier| {
        let price = catalog.prices.get(tier)?;
        let counts = catalog
            .packs_of(*tier, class)
            .into_iter()
            .filter_map(|pack| pack.images.get(&class));
        let line = texts.tier.replace("{tier}", tier_choice(texts, *tier).1);
        Some(
            line.replace("{images}", &counts.max()?.to_string())
                .replace("{price}", &price.to_string()),
        )
    });
    let lines: Vec<_> = lines.collect();
    let choices = tiers.iter().map(|tier| {
        let (id, title) = tier_choice(texts, *tier);
        button(id, title)
    });
    buttons(
        format!("{}\n\n{}", texts.choose_tier, lines.join("\n")),
        choices.collect(),
    )
}

pub(crate) fn packs(texts: &Texts, tier: Tier, packs: &[&Pack], page: usize) -> Body {
    let pages = packs.chunks(PACKS_PER_PAGE).count();
    let page = page.min(pages.saturating_sub(1));
    let shown = packs.chunks(PACKS_PER_PAGE).nth(page).unwrap_or_default();
    let row = |id: String, title: &str| ListRow {
        id,
        title: clip(title, ROW_TITLE_CHARS),
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
    let (id, title) = tier_choice(texts, tier);
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

/// The terms that the user accepts by paying.
pub(crate) fn agreement(texts: &Texts, title: &str, images: u32, price: Money) -> String {
    let text = texts
        .agreement
        .replace("{pack}", title)
        .replace("{images}", &images.to_string());
    text.replace("{price}", &price.to_string())
}

pub(crate) fn payment_failed(texts: &Texts, pack: i64) -> Body {
    let again = button(
        format!("{}_{pack}", choice::GET_PAYMENT_LINK),
        texts.button_pay,
    );
    buttons(
        texts.payment_failed,
        vec![again, button(choice::SEND_PACKS, texts.button_packs)],
    )
}

/// Says that the bank rejected a pending payment.
pub(crate) fn pending_payment_failed(texts: &Texts, order: &Order) -> Body {
    let again = button(
        format!("{}_{}", choice::GET_PAYMENT_LINK, order.pack),
        texts.button_pay,
    );
    let text = texts.pending_payment_failed.replace("{pack}", &order.title);
    buttons(
        text,
        vec![again, button(choice::SEND_PACKS, texts.button_packs)],
    )
}

/// Asks to confirm another order while a payment is pending.
pub(crate) fn confirm_second_order(
    texts: &Texts,
    pending: &Order,
    pack: &Pack,
    price: Money,
) -> Body {
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

/// Says that some photos of a delivered order could not be made.
pub(crate) fn some_failed(texts: &Texts, count: usize, images: u32) -> Body {
    Body::Text {
        text: texts
            .some_failed
            .replace("{count}", &count.to_string())
            .replace("{images}", &images.to_string()),
    }
}

pub(crate) fn ask_stars(texts: &Texts) -> Body {
    // Ascending, so that the number of a row is the number of its stars.
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

pub(crate) fn reminder(texts: &Texts, conversation: &Conversation) -> Body {
    match conversation.stage {
        Stage::Choosing | Stage::Paying => {
            enough(texts, &conversation.photos, texts.reminder_choose)
        }
        _ => menu(texts, texts.reminder_photos),
    }
}

/// Announces held messages. Templates are allowed outside the messaging window.
pub(crate) fn news_template(language: Language, name: Option<&str>) -> Body {
    let name = name
        .unwrap_or_else(|| texts(language).default_name)
        .to_owned();
    Body::Template {
        name: NEWS_TEMPLATE.to_owned(),
        language: language.code().to_owned(),
        parameters: vec![name],
    }
}
