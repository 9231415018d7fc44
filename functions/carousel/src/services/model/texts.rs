//! What moderation reads.

use carousel_domain::{Brief, Task, Written};

/// Returns everything that a person may have written, for moderation.
pub(super) fn input_of(brief: &Brief) -> String {
    let mut texts = vec![brief.subject.as_str()];
    if let Task::Slide { deck, .. } = &brief.task {
        let slides = deck.slides.iter();
        texts.extend(slides.flat_map(|slide| [slide.title.as_str(), slide.body.as_str()]));
    }
    texts.join("\n")
}

pub(super) fn output_of(written: &Written) -> String {
    let (of_deck, slides) = match written {
        Written::Deck(draft) => {
            let hashtags = draft.hashtags.join(" ");
            let of_deck = vec![draft.title.clone(), draft.caption.clone(), hashtags];
            (of_deck, draft.slides.as_slice())
        }
        Written::Slide(slide) => (Vec::new(), std::slice::from_ref(slide)),
    };
    let of_slides = slides.iter().flat_map(|slide| {
        [&slide.kicker, &slide.title, &slide.body, &slide.alt].map(String::clone)
    });
    let texts: Vec<_> = of_deck.into_iter().chain(of_slides).collect();
    texts.join("\n")
}
