//! From the drawn slides to the chat.

use super::*;
use crate::{Keyboard, SlideText};

fn album_sizes(effects: &[Effect]) -> Vec<usize> {
    let calls = effects.iter().filter_map(call_of);
    calls
        .filter_map(|call| match call {
            Call::SendPhotos { photos, .. } => Some(photos.len()),
            _ => None,
        })
        .collect()
}

#[test]
fn albums_have_two_to_ten_slides_and_a_single_slide_is_alone() {
    for count in 0..=15u8 {
        let parts = split_album(count);
        assert_eq!(parts.iter().sum::<u8>(), count);
        let is_whole = count <= 1 || parts.iter().all(|part| (2..=10).contains(part));
        assert!(is_whole, "{count}: {parts:?}");
    }
    assert_eq!(split_album(11), [9, 2]);
    assert_eq!(split_album(15), [10, 5]);
}

#[test]
fn last_slide_sends_one_album_and_a_pdf_job() {
    let mut run = Run::new(5);
    run.write().draw();
    assert_eq!(run.saga.state, SagaState::Delivering);
    assert_eq!(run.events(), ["carousel.images.rendered"]);
    assert_eq!(album_sizes(&run.effects), [5]);
    let is_pdf = |effect: &&Effect| matches!(effect, Effect::RenderPdf { .. });
    assert_eq!(run.effects.iter().filter(is_pdf).count(), 1);
}

#[test]
fn second_album_waits_for_the_receipt_of_the_first() {
    let mut run = Run::new(15);
    run.write().draw();
    assert_eq!(album_sizes(&run.effects), [10]);
    run.done(is_album);
    assert_eq!(album_sizes(&run.effects), [5]);
    assert_eq!(run.saga.final_posted, Posted::Unsent);
    run.done(is_album);
    assert_eq!(run.saga.final_posted, Posted::Sending);
}

#[test]
fn delivery_ends_with_buttons_and_without_the_progress_message() {
    let mut run = Run::new(3);
    run.done(is_board).wait(4).write().draw().done(is_album);
    let [
        Call::SendMessage {
            keyboard: Some(keyboard),
            ..
        },
    ] = run.calls()[..]
    else {
        panic!("the message with buttons: {:?}", run.effects);
    };
    assert_eq!(keyboard.0.iter().flatten().count(), 8);
    run.done(is_final);
    assert_eq!(run.calls(), [&Call::DeleteMessage { message: 101 }]);
    assert_eq!(run.saga.board.message, Some(105));
    assert_eq!(run.saga.state, SagaState::Delivered);
    assert_eq!(run.events(), ["carousel.delivered", "carousel.completed"]);
    assert_eq!(run.quota(), [QuotaChange::Use]);
    assert_eq!((run.saga.due_at, run.saga.pending.len()), (None, 0));
}

#[test]
fn progress_message_whose_id_comes_last_is_deleted() {
    let mut run = Run::new(1);
    run.write().draw().done(is_album).done(is_final);
    assert_eq!(run.saga.state, SagaState::Delivered);
    run.done(is_board);
    assert_eq!(run.calls().len(), 1);
    assert!(matches!(run.calls()[0], Call::DeleteMessage { .. }));
}

#[test]
fn copies_of_receipts_count_once() {
    let mut run = Run::new(2);
    run.write().draw();
    let send = run.pending(is_album).send;
    run.done(is_album);
    let outcome = SendOutcome::Unknown;
    run.ignores(&SagaTrigger::Settled { send, outcome });
}

#[test]
fn unknown_album_is_not_sent_again_and_the_person_is_asked_by_an_edit() {
    let mut run = Run::new(3);
    run.done(is_board).wait(4).write().draw();
    run.settle(is_album, SendOutcome::Unknown);
    assert_eq!(new_messages(&run.effects), 0);
    assert!(run.saga.is_unsure());
    let [
        Call::EditMessage {
            keyboard: Some(keyboard),
            ..
        },
    ] = run.calls()[..]
    else {
        panic!("a question: {:?}", run.effects);
    };
    assert_eq!(keyboard.0.iter().flatten().count(), 2);
}

#[test]
fn question_is_a_message_when_the_progress_message_is_lost() {
    let mut run = Run::new(3);
    run.settle(is_board, SendOutcome::Unknown).write().draw();
    run.settle(is_album, SendOutcome::Unknown);
    assert_eq!(new_messages(&run.effects), 1);
    assert!(run.text().starts_with("I am not sure"));
}

#[test]
fn album_is_sent_again_on_the_persons_word_only() {
    let mut run = Run::new(3);
    run.done(is_board).write().draw();
    run.settle(is_album, SendOutcome::Unknown);
    let older = SagaTrigger::SendAgain { revision: 9 };
    assert_eq!(run.refusal(&older), Some(Refusal::OlderVersion));
    run.apply(&SagaTrigger::SendAgain { revision: 1 });
    assert_eq!(album_sizes(&run.effects), [3]);
    run.ignores(&SagaTrigger::SendAgain { revision: 1 });
    run.done(is_album).done(is_final);
    assert_eq!(run.saga.state, SagaState::Delivered);
}

#[test]
fn album_that_arrived_is_followed_by_the_rest() {
    let mut run = Run::new(12);
    run.done(is_board).write().draw();
    run.settle(is_album, SendOutcome::Unknown);
    run.apply(&SagaTrigger::ConfirmArrival { revision: 1 });
    assert_eq!(album_sizes(&run.effects), [2]);
    run.done(is_album).done(is_final);
    assert_eq!(run.saga.state, SagaState::Delivered);
}

#[test]
fn unanswered_question_is_closed_after_a_day() {
    let mut run = Run::new(2);
    run.done(is_board).write().draw();
    run.settle(is_album, SendOutcome::Unknown);
    let due_at = run.saga.due_at.unwrap().as_millisecond();
    assert_eq!(due_at - run.now, 24 * 3600 * 1000);
    run.overdue();
    assert_eq!(run.saga.failure, Some(FailReason::Unconfirmed));
    assert_eq!(album_sizes(&run.all).len(), 1);
}

#[test]
fn lost_receipt_of_an_album_leads_to_the_question() {
    let mut run = Run::new(2);
    run.done(is_board).write().draw();
    run.overdue();
    assert!(run.saga.is_unsure());
    assert_eq!(new_messages(&run.effects), 0);
}

#[test]
fn unknown_buttons_are_put_into_the_progress_message() {
    let mut run = Run::new(2);
    run.done(is_board).write().draw().done(is_album);
    run.settle(is_final, SendOutcome::Unknown);
    assert_eq!(run.saga.state, SagaState::Delivered);
    let [
        Call::EditMessage {
            message: 101,
            keyboard: Some(keyboard),
            ..
        },
    ] = run.calls()[..]
    else {
        panic!("an edit: {:?}", run.effects);
    };
    assert_eq!(keyboard, &run.saga.ready_keyboard());
}

#[test]
fn refused_album_fails_the_carousel_and_returns_the_quota() {
    let mut run = Run::new(2);
    run.done(is_board).write().draw().settle(is_album, REFUSED);
    assert_eq!(run.saga.failure, Some(FailReason::Delivery));
    assert_eq!(run.quota(), [QuotaChange::Return]);
    assert_eq!(run.saga.album, []);
}

#[test]
fn wrong_file_ids_are_replaced_by_the_bytes_once() {
    let mut run = Run::new(2);
    run.write().draw();
    for file in run.saga.files.values_mut() {
        file.photo_id = Some("old".into());
    }
    run.settle(is_album, WRONG_FILE);
    let [Call::SendPhotos { photos, .. }] = run.calls()[..] else {
        panic!("once more: {:?}", run.effects);
    };
    assert!(photos.iter().all(|photo| photo.file_id.is_none()));
    run.settle(is_album, WRONG_FILE);
    assert_eq!(run.saga.failure, Some(FailReason::Delivery));
}

#[test]
fn cancel_between_two_albums_sends_nothing_more_and_uses_the_quota() {
    let mut run = Run::new(15);
    run.write().draw();
    let send = run.pending(is_album).send;
    run.apply(&SagaTrigger::Cancel);
    assert_eq!(run.quota(), [QuotaChange::Use]);
    let outcome = SendOutcome::Done {
        messages: Vec::new(),
    };
    run.ignores(&SagaTrigger::Settled { send, outcome });
    assert_eq!(album_sizes(&run.all), [10]);
}

#[test]
fn receipt_with_too_few_messages_does_not_panic() {
    let mut run = Run::new(3);
    run.write().draw();
    let outcome = SendOutcome::Done {
        messages: Vec::new(),
    };
    run.settle(is_album, outcome).done(is_final);
    assert_eq!(run.saga.state, SagaState::Delivered);
}

#[test]
fn long_caption_stands_in_the_message_and_short_one_in_the_button() {
    let mut run = Run::delivered(2);
    let line = Line::Ready {
        revision: 1,
        note: None,
    };
    let has_copy = |keyboard: Keyboard| {
        let mut buttons = keyboard.0.into_iter().flatten();
        buttons.any(|button| matches!(button, crate::Button::Copy { .. }))
    };
    let (text, keyboard) = run.saga.message_of(&line);
    assert!(has_copy(keyboard.unwrap()));
    assert!(!text.text().contains("Start small."));
    let draft = run.saga.content.draft.as_mut().unwrap();
    draft.caption = "👩‍👩‍👧".repeat(2200);
    draft.title = "t".repeat(4096);
    let (text, keyboard) = run.saga.message_of(&line);
    assert!(!has_copy(keyboard.unwrap()));
    assert!(crate::utf16_length(&text.text()) <= crate::MAX_MESSAGE);
}

#[test]
fn hostile_titles_stay_within_a_message() {
    let mut run = Run::new(15);
    let mut draft = draft(15);
    for slide in &mut draft.slides {
        slide.title = "👩‍👩‍👧".repeat(5000);
    }
    run.written(WriteResult::Deck {
        draft,
        composed: Some(ComposedReason::Unavailable),
    });
    let line = Line::Drawing { done: 1, total: 15 };
    let (text, _) = run.saga.message_of(&line);
    assert!(crate::utf16_length(&text.text()) <= crate::MAX_MESSAGE);
}

#[test]
fn buttons_say_why_a_model_did_not_write() {
    let says = |composed| {
        let mut run = Run::new(2);
        run.written(WriteResult::Deck {
            draft: draft(2),
            composed,
        });
        let line = Line::Ready {
            revision: 1,
            note: None,
        };
        run.saga.message_of(&line).0.text()
    };
    let model = says(None);
    assert!(!model.contains("without a model"), "{model}");
    assert_eq!(says(Some(ComposedReason::NotNeeded)), model);
    assert!(says(Some(ComposedReason::Budget)).contains("its budget is used up"));
    for reason in [
        ComposedReason::NoModel,
        ComposedReason::Unavailable,
        ComposedReason::Unusable,
    ] {
        assert!(says(Some(reason)).contains("it was not available"));
    }
}

#[test]
fn composed_slide_is_named_until_all_texts_are_written_anew() {
    let mut run = Run::delivered(3);
    run.apply(&SagaTrigger::WriteAgain {
        revision: 1,
        number: Some(2),
    });
    run.written(WriteResult::Slide {
        slide: slide("t2"),
        composed: Some(ComposedReason::Budget),
    });
    assert_eq!(run.saga.content.composed, Some(ComposedReason::Budget));
    assert!(run.saga.content.is_composed);
}

#[test]
fn completions_tell_what_was_spent_since_the_one_before() {
    let mut run = Run::new(2);
    run.done(is_board).wait(4).write().draw();
    run.done(is_album).done(is_final);
    let trigger = SagaTrigger::EditSlide {
        revision: 1,
        number: 2,
        text: SlideText::new("Mine", "").unwrap(),
    };
    run.apply(&trigger);
    let trigger = run.rendered(2);
    run.apply(&trigger);
    run.done(is_photo);
    let completions = run.all.iter().filter_map(|effect| match effect {
        Effect::Publish {
            event: CarouselEvent::Completed(completed),
        } => Some(completed),
        _ => None,
    });
    let completions: Vec<_> = completions.collect();
    assert_eq!(completions.len(), 2);
    let calls: Vec<_> = completions
        .iter()
        .map(|told| told.spent.telegram_calls)
        .collect();
    assert!(calls.iter().all(|calls| *calls > 0), "{calls:?}");
    assert_eq!(calls.iter().sum::<u64>(), run.saga.reported.telegram_calls);
    let micros: u64 = completions.iter().map(|told| told.spent.micros).sum();
    assert_eq!(micros, completions[1].micros);
}
