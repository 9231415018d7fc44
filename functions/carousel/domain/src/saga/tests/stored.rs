//! The stored row, and the hash of a page.

use super::*;
use crate::{SlideText, page_hash};

/// A row as schema 1 stores it. It is frozen: a change that cannot read it needs a new schema.
const ROW_OF_SCHEMA_1: &str = include_str!("row-of-schema-1.json");

fn stored(saga: &Saga) -> String {
    serde_json::to_string(&StoredSaga::from(saga.clone())).unwrap()
}

#[test]
fn rows_of_schema_1_are_read() {
    let saga = serde_json::from_str::<StoredSaga>(ROW_OF_SCHEMA_1)
        .unwrap()
        .upcast();
    assert_eq!((saga.state, saga.revision), (SagaState::Delivering, 2));
    assert_eq!(saga.content.slides()[1].title, "Mine");
    let mut run = Run::delivered(1);
    run.saga = saga;
    run.done(is_photo);
    assert_eq!(run.saga.state, SagaState::Delivered, "and go on");
}

#[test]
fn rows_of_a_later_schema_are_refused() {
    let row = ROW_OF_SCHEMA_1.replacen(r#""schema":"1""#, r#""schema":"2""#, 1);
    assert!(row != ROW_OF_SCHEMA_1);
    assert!(serde_json::from_str::<StoredSaga>(&row).is_err());
}

#[test]
fn rows_of_every_state_survive_storage() {
    let mut run = Run::new(3);
    let mut rows = vec![run.saga.clone()];
    run.done(is_board).wait(4).write();
    rows.push(run.saga.clone());
    run.draw();
    rows.push(run.saga.clone());
    run.done(is_album).done(is_final);
    rows.push(run.saga.clone());
    run.apply(&SagaTrigger::SendFiles { revision: 1 });
    rows.push(run.saga.clone());
    run.done(is_file).apply(&SagaTrigger::EditSlide {
        revision: 1,
        number: 2,
        text: SlideText::new("Mine", "").unwrap(),
    });
    rows.push(run.saga.clone());
    for row in rows {
        let read = serde_json::from_str::<StoredSaga>(&stored(&row))
            .unwrap()
            .upcast();
        assert_eq!(read, row);
    }
}

#[test]
fn effects_and_triggers_survive_a_queue() {
    let mut run = Run::new(3);
    run.done(is_board)
        .wait(4)
        .write()
        .draw()
        .done(is_album)
        .done(is_final);
    for effect in &run.all {
        let json = serde_json::to_string(effect).unwrap();
        assert_eq!(&serde_json::from_str::<Effect>(&json).unwrap(), effect);
    }
    let mut run = Run::new(2);
    run.write();
    for trigger in [
        run.rendered(1),
        SagaTrigger::Settled {
            send: 1,
            outcome: WRONG_FILE,
        },
        SagaTrigger::Restyle {
            revision: 1,
            change: Restyle::Template(Template::Bold),
        },
        SagaTrigger::WriteAgain {
            revision: 1,
            number: Some(2),
        },
        SagaTrigger::DeadlinePassed,
    ] {
        let json = serde_json::to_string(&trigger).unwrap();
        assert_eq!(serde_json::from_str::<SagaTrigger>(&json).unwrap(), trigger);
    }
}

#[test]
fn hash_changes_with_everything_that_changes_pixels_and_an_edit_leaves_the_others() {
    let content = Run::delivered(3).saga.content;
    let hashes = |version: &str, content: &Content, language| -> Vec<_> {
        let pages = content.pages(language);
        pages.iter().map(|page| page_hash(version, page)).collect()
    };
    let before = hashes("1", &content, Language::En);
    assert_eq!(before, hashes("1", &content, Language::En));
    assert_eq!(before[0].len(), 64);
    let mut edited = content.clone();
    edited.replace(2, slide("Mine"));
    let after = hashes("1", &edited, Language::En);
    assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
    assert_ne!(after[1], before[1]);
    let mut square = content.clone();
    square.look.format = Format::Square;
    for others in [
        hashes("2", &content, Language::En),
        hashes("1", &content, Language::He),
        hashes("1", &square, Language::En),
    ] {
        assert!(
            others
                .iter()
                .zip(&before)
                .all(|(other, hash)| other != hash)
        );
    }
}

#[test]
fn decision_of_a_large_hostile_carousel_fits_into_a_stored_item() {
    const MAX_ITEM: usize = 400 * 1024;
    let mut draft = draft(15);
    for slide in &mut draft.slides {
        slide.title = "👩‍👩‍👧".repeat(70);
        slide.body = "👩‍👩‍👧".repeat(220);
        slide.alt = slide.body.clone();
    }
    let mut run = Run::new(15);
    run.written(WriteResult::Deck {
        draft,
        composed: None,
    });
    let effects = serde_json::to_vec(&run.effects).unwrap().len();
    assert!(effects < MAX_ITEM / 4, "{effects}");
    run.draw().done(is_album).done(is_album).done(is_final);
    run.apply(&SagaTrigger::WriteAgain {
        revision: 1,
        number: Some(1),
    });
    let effects = serde_json::to_vec(&run.effects).unwrap().len();
    let row = stored(&run.saga).len();
    assert!(effects < MAX_ITEM / 2 && row < MAX_ITEM, "{effects} {row}");
}
