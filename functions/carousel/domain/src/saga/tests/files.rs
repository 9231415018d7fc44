//! Files on request, and the buttons on request.

use super::*;
use crate::PdfFile;

#[test]
fn open_sends_the_buttons_anew_and_takes_them_from_the_older_message() {
    let mut run = Run::delivered(2);
    let older = run.saga.board.message.unwrap();
    run.apply(&SagaTrigger::Open);
    assert_eq!(new_messages(&run.effects), 1);
    run.ignores(&SagaTrigger::Open);
    run.done(is_final);
    let keyboard = None;
    let message = older;
    assert_eq!(run.calls(), [&Call::EditKeyboard { message, keyboard }]);
    assert_eq!(run.events(), [] as [&str; 0]);
    assert_ne!(run.saga.board.message, Some(older));
}

#[test]
fn pdf_is_drawn_once_for_a_revision_and_sent_when_asked_for() {
    let mut run = Run::delivered(2);
    let pdf = |revision| SagaTrigger::PdfRendered {
        file: PdfFile {
            revision,
            object: "a.pdf".into(),
            bytes: 9,
            drawn_at: None,
            document_id: None,
        },
        usage: Vec::new(),
    };
    run.apply(&SagaTrigger::SendPdf { revision: 1 });
    assert_eq!(run.calls(), [] as [&Call; 0], "it is being drawn");
    run.ignores(&pdf(7));
    run.apply(&pdf(1));
    assert_eq!(new_messages(&run.effects), 1);
    run.ignores(&pdf(1));
    let again = SagaTrigger::SendPdf { revision: 1 };
    assert_eq!(run.refusal(&again), Some(Refusal::Busy));
    run.done(is_file);
    run.apply(&again);
    let [Call::SendDocuments { documents, .. }] = run.calls()[..] else {
        panic!("the PDF: {:?}", run.effects);
    };
    assert!(documents[0].file_id.is_some(), "nothing is uploaded twice");
    run.settle(is_file, WRONG_FILE);
    assert_eq!(new_messages(&run.effects), 1, "with the bytes");
    run.settle(is_file, WRONG_FILE);
    assert_eq!(new_messages(&run.effects), 0);
}

#[test]
fn masters_come_in_groups_and_an_unknown_one_is_not_sent_again() {
    let mut run = Run::delivered(11);
    run.apply(&SagaTrigger::SendFiles { revision: 1 });
    assert_eq!(new_messages(&run.effects), 2);
    run.done(is_file);
    assert!(run.saga.due_at.is_some());
    run.settle(is_file, SendOutcome::Unknown);
    assert_eq!(new_messages(&run.effects), 0);
    assert!(run.text().contains("not sure that the file"));
    assert_eq!(run.saga.due_at, None);
}

#[test]
fn lost_receipts_of_files_block_nothing() {
    let mut run = Run::delivered(2);
    run.apply(&SagaTrigger::SendFiles { revision: 1 });
    run.overdue();
    assert_eq!(
        (run.saga.due_at, run.saga.is_sending_files()),
        (None, false)
    );
}

#[test]
fn lost_receipt_of_the_buttons_blocks_nothing_even_after_a_change() {
    let mut run = Run::delivered(2);
    run.apply(&SagaTrigger::Open);
    run.apply(&SagaTrigger::Restyle {
        revision: 1,
        change: Restyle::Format(Format::Square),
    });
    run.draw().done(is_photo).done(is_photo);
    assert_eq!(run.saga.state, SagaState::Delivered);
    assert_eq!(run.refusal(&SagaTrigger::Open), Some(Refusal::Busy));
    run.overdue();
    assert_eq!(run.refusal(&SagaTrigger::Open), None);
    assert_eq!(run.saga.due_at, None);
}

#[test]
fn buttons_that_arrive_during_a_change_are_brought_up_to_date() {
    let mut run = Run::delivered(2);
    run.apply(&SagaTrigger::Open);
    run.apply(&SagaTrigger::Restyle {
        revision: 1,
        change: Restyle::Format(Format::Square),
    });
    run.done(is_final).wait(5).draw();
    run.done(is_photo).done(is_photo);
    let message = run.saga.board.message.unwrap();
    let [
        Call::EditMessage {
            message: edited,
            keyboard: Some(keyboard),
            ..
        },
    ] = run.calls()[..]
    else {
        panic!("an edit: {:?}", run.effects);
    };
    assert_eq!((*edited, keyboard), (message, &run.saga.ready_keyboard()));
}

#[test]
fn jobs_are_built_from_the_row() {
    let mut run = Run::new(3);
    assert_eq!((run.saga.render_job(1), run.saga.pdf_job()), (None, None));
    run.write();
    for number in 1..=3 {
        let job = run.saga.render_job(number).unwrap();
        assert_eq!(Some(&job.hash), run.saga.hash_of(number));
        assert_eq!((job.page.number, job.page.total), (number, 3));
        assert_eq!(hash_page(&job.page), job.hash);
    }
    assert_eq!(
        (run.saga.render_job(0), run.saga.render_job(4)),
        (None, None)
    );
    assert_eq!(run.saga.pdf_job().unwrap().slides.len(), 3);
}

const DAY: i64 = 24 * 3600;

/// Draws the slides of a carousel as of now.
fn date_files(run: &mut Run) {
    let now = run.at();
    for file in run.saga.files.values_mut() {
        file.drawn_at = Some(now);
    }
}

#[test]
fn masters_that_are_deleted_are_not_sent_and_the_person_is_told() {
    let mut run = Run::delivered(2);
    date_files(&mut run);
    run.wait(86 * DAY)
        .apply(&SagaTrigger::SendFiles { revision: 1 });
    assert_eq!(new_messages(&run.effects), 0);
    assert!(run.text().contains("no longer kept"), "{}", run.text());
}

#[test]
fn deleted_slides_are_drawn_anew_unless_telegram_has_them() {
    for telegram_has_them in [true, false] {
        let mut run = Run::delivered(2);
        date_files(&mut run);
        if !telegram_has_them {
            for file in run.saga.files.values_mut() {
                file.photo_id = None;
            }
        }
        let template = run.saga.content.look.template;
        run.wait(86 * DAY);
        for to in [Template::Bold, template] {
            run.apply(&SagaTrigger::Restyle {
                revision: run.saga.revision,
                change: Restyle::Template(to),
            });
            if to == Template::Bold {
                run.draw().done(is_photo).done(is_photo);
            }
        }
        let is_job = |effect: &Effect| matches!(effect, Effect::Render { .. });
        assert_eq!(run.effects.iter().any(is_job), !telegram_has_them);
    }
}

#[test]
fn pdf_that_is_deleted_is_drawn_anew() {
    let mut run = Run::delivered(2);
    let pdf = PdfFile {
        revision: 1,
        object: "a.pdf".into(),
        bytes: 9,
        drawn_at: Some(run.at()),
        document_id: None,
    };
    run.apply(&SagaTrigger::PdfRendered {
        file: pdf,
        usage: Vec::new(),
    });
    run.wait(86 * DAY)
        .apply(&SagaTrigger::SendPdf { revision: 1 });
    let is_job = |effect: &Effect| matches!(effect, Effect::RenderPdf { .. });
    assert!(run.effects.iter().any(is_job));
    assert_eq!(new_messages(&run.effects), 0);
}
