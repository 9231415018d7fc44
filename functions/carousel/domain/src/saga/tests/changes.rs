//! Changes of a delivered carousel.

use super::*;
use crate::{CancelReason, SlideText, WriteTask};

fn edit(run: &Run, number: u8, title: &str) -> SagaTrigger {
    SagaTrigger::EditSlide {
        revision: run.saga.revision,
        number,
        text: SlideText::new(title, "body").unwrap(),
    }
}

fn restyle(run: &Run, change: Restyle) -> SagaTrigger {
    SagaTrigger::Restyle {
        revision: run.saga.revision,
        change,
    }
}

fn edited_photos(effects: &[Effect]) -> usize {
    let calls = effects.iter().filter_map(call_of);
    calls
        .filter(|call| matches!(call, Call::EditPhoto { .. }))
        .count()
}

#[test]
fn one_edited_slide_is_one_render_job_one_edit_and_no_message() {
    let mut run = Run::delivered(8);
    let trigger = edit(&run, 4, "Rest is work too");
    run.apply(&trigger);
    assert_eq!(run.events(), ["carousel.edited"]);
    let trigger = run.rendered(4);
    run.apply(&trigger);
    run.done(is_photo);
    assert_eq!(run.saga.state, SagaState::Delivered);
    let jobs = run
        .all
        .iter()
        .filter(|effect| matches!(effect, Effect::Render { .. }));
    assert_eq!(jobs.count(), 1);
    let pdfs = run
        .all
        .iter()
        .filter(|effect| matches!(effect, Effect::RenderPdf { .. }));
    assert_eq!(pdfs.count(), 0);
    assert_eq!(edited_photos(&run.all), 1);
    assert_eq!(new_messages(&run.all), 0);
    let slides = run.saga.content.slides();
    assert_eq!(
        (&*slides[3].title, &*slides[3].body),
        ("Rest is work too", "body")
    );
    assert_eq!(slides[4].title, "s5");
    let [
        Call::EditMessage {
            keyboard: Some(keyboard),
            ..
        },
    ] = run.calls()[..]
    else {
        panic!("new buttons: {:?}", run.effects);
    };
    assert_eq!(keyboard, &run.saga.ready_keyboard());
}

#[test]
fn edited_quote_is_no_quote_any_more() {
    let mut run = Run::delivered(2);
    let draft = run.saga.content.draft.as_mut().unwrap();
    draft.slides[0].kind = SlideKind::Quote;
    draft.slides[0].source = Some("Ecclesiastes 4:6".into());
    let trigger = edit(&run, 1, "Mine");
    run.apply(&trigger);
    let slide = &run.saga.content.slides()[0];
    assert_eq!((slide.kind, &slide.source), (SlideKind::Principle, &None));
}

#[test]
fn wishes_about_another_revision_or_slide_are_refused() {
    let mut run = Run::delivered(3);
    let older = edit(&run, 1, "x");
    run.apply(&older).draw().done(is_photo).wait(5);
    assert_eq!(run.refusal(&older), Some(Refusal::OlderVersion));
    for number in [0, 4, 255] {
        let trigger = edit(&run, number, "x");
        assert_eq!(run.refusal(&trigger), Some(Refusal::NotNow));
        run.ignores(&trigger);
    }
}

#[test]
fn wishes_during_a_change_are_told_to_wait() {
    let mut run = Run::delivered(3);
    let trigger = edit(&run, 1, "x");
    run.apply(&trigger);
    let revision = run.saga.revision;
    for trigger in [
        edit(&run, 2, "y"),
        restyle(&run, Restyle::Format(Format::Story)),
        SagaTrigger::WriteAgain {
            revision,
            number: None,
        },
        SagaTrigger::SendPdf { revision },
        SagaTrigger::SendFiles { revision },
        SagaTrigger::Open,
    ] {
        assert_eq!(run.refusal(&trigger), Some(Refusal::Busy), "{trigger:?}");
        run.ignores(&trigger);
    }
}

#[test]
fn another_template_replaces_every_photo_in_place() {
    let mut run = Run::delivered(12);
    let trigger = restyle(&run, Restyle::Template(Template::Bold));
    run.apply(&trigger);
    assert_eq!(run.render_jobs().len(), 12);
    run.draw();
    assert_eq!(edited_photos(&run.effects), 12);
    for _ in 0..12 {
        assert_eq!(run.saga.state, SagaState::Delivering);
        run.done(is_photo);
    }
    assert_eq!(run.saga.state, SagaState::Delivered);
    assert_eq!(new_messages(&run.all), 0);
}

#[test]
fn earlier_template_comes_back_without_a_render_and_with_file_ids() {
    let mut run = Run::delivered(2);
    let trigger = restyle(&run, Restyle::Template(Template::Bold));
    run.apply(&trigger)
        .draw()
        .done(is_photo)
        .done(is_photo)
        .wait(5);
    let trigger = restyle(&run, Restyle::Template(Template::Essay));
    run.apply(&trigger);
    assert!(run.render_jobs().is_empty());
    assert_eq!(
        run.events(),
        ["carousel.edited", "carousel.images.rendered"]
    );
    let file_ids = run.calls().into_iter().filter_map(|call| match call {
        Call::EditPhoto { photo, .. } => photo.file_id.clone(),
        _ => None,
    });
    assert_eq!(file_ids.count(), 2);
}

#[test]
fn same_look_is_no_change() {
    let mut run = Run::delivered(2);
    for change in [
        Restyle::Template(Template::Essay),
        Restyle::Format(Format::Portrait),
        Restyle::Brand(Brand::default()),
    ] {
        let trigger = restyle(&run, change);
        run.ignores(&trigger);
    }
}

#[test]
fn failed_change_restores_what_the_chat_shows() {
    let mut run = Run::delivered(3);
    let before = run.saga.content.clone();
    let trigger = edit(&run, 1, "x");
    run.apply(&trigger).overdue().overdue().overdue().overdue();
    assert_eq!(run.saga.state, SagaState::Delivered);
    assert_eq!(run.saga.content, before);
    assert_eq!(run.saga.revision, 3);
    assert!(run.saga.is_drawn());
    assert_eq!(run.quota(), [], "the first carousel was used");
    assert!(run.text().contains("did not work"));
    let trigger = edit(&run, 1, "y");
    run.apply(&trigger);
    let trigger = run.rendered(1);
    run.apply(&trigger);
    assert_eq!(edited_photos(&run.effects), 1);
}

#[test]
fn cancelled_change_restores_what_the_chat_shows_and_ignores_late_slides() {
    let mut run = Run::delivered(3);
    let before = run.saga.content.clone();
    let trigger = edit(&run, 1, "x");
    run.apply(&trigger);
    let late = run.rendered(1);
    run.apply(&SagaTrigger::Cancel);
    assert_eq!(run.saga.content, before);
    assert_eq!(run.events(), ["carousel.cancelled"]);
    run.ignores(&late);
    assert_eq!(new_messages(&run.all), 0);
}

#[test]
fn change_on_its_way_into_the_chat_cannot_be_cancelled() {
    let mut run = Run::delivered(3);
    let trigger = edit(&run, 1, "x");
    run.apply(&trigger).draw();
    assert_eq!(
        run.refusal(&SagaTrigger::Cancel),
        Some(Refusal::TooLateToCancel)
    );
}

#[test]
fn again_asks_with_the_old_titles_and_replaces_in_place() {
    let mut run = Run::delivered(2);
    run.apply(&SagaTrigger::WriteAgain {
        revision: 1,
        number: None,
    });
    let titles = vec!["s1".to_owned(), "s2".to_owned()];
    assert_eq!(
        run.write_jobs()[0].task,
        WriteTask::Deck { not_these: titles }
    );
    let mut other = draft(2);
    other.slides = vec![slide("t1"), slide("t2")];
    run.written(WriteResult::Deck {
        draft: other,
        composed: None,
    });
    assert_eq!(run.render_jobs(), [1, 2]);
    run.draw().done(is_photo).done(is_photo);
    assert_eq!(run.saga.state, SagaState::Delivered);
    assert_eq!(new_messages(&run.all), 0);
}

#[test]
fn again_with_another_number_of_slides_sends_an_album() {
    for count in [2, 5] {
        let mut run = Run::delivered(3);
        run.apply(&SagaTrigger::WriteAgain {
            revision: 1,
            number: None,
        });
        let mut other = draft(count);
        other.slides[0].title = "t1".into();
        run.written(WriteResult::Deck {
            draft: other,
            composed: None,
        });
        run.draw().done(is_album);
        assert_eq!(run.saga.state, SagaState::Delivered);
        assert_eq!((new_messages(&run.all), edited_photos(&run.all)), (1, 0));
    }
}

#[test]
fn one_slide_again_asks_for_that_slide_and_draws_it_alone() {
    let mut run = Run::delivered(3);
    run.apply(&SagaTrigger::WriteAgain {
        revision: 1,
        number: Some(2),
    });
    let job = run.write_jobs()[0];
    let task = WriteTask::Slide {
        number: 2,
        not_these: vec!["s2".into()],
    };
    assert_eq!(job.task, task);
    assert_eq!(job.draft.as_ref().map(|draft| draft.slides.len()), Some(3));
    run.written(WriteResult::Slide {
        slide: slide("t2"),
        composed: None,
    });
    assert_eq!(run.render_jobs(), [2]);
}

#[test]
fn model_is_asked_again_twenty_times_at_most() {
    let mut run = Run::delivered(1);
    for _ in 0..20 {
        let revision = run.saga.revision;
        run.apply(&SagaTrigger::WriteAgain {
            revision,
            number: None,
        });
        run.apply(&SagaTrigger::Cancel);
    }
    let trigger = SagaTrigger::WriteAgain {
        revision: run.saga.revision,
        number: None,
    };
    assert_eq!(run.refusal(&trigger), Some(Refusal::TooManyRewrites));
}

#[test]
fn deleted_photo_is_sent_anew() {
    let mut run = Run::delivered(3);
    let trigger = edit(&run, 2, "x");
    run.apply(&trigger).draw().settle(is_photo, REFUSED);
    let [Call::SendPhotos { photos, .. }] = run.calls()[..] else {
        panic!("one photo: {:?}", run.effects);
    };
    assert_eq!(photos.len(), 1);
    run.done(is_album);
    assert_eq!(run.saga.state, SagaState::Delivered);
    let hash = run.saga.hashes[1].clone();
    assert_eq!(run.saga.posted_slide(2).unwrap().hash, hash);
}

#[test]
fn unknown_edits_are_repeated_and_then_given_up() {
    let mut run = Run::delivered(2);
    let trigger = edit(&run, 2, "x");
    run.apply(&trigger).draw();
    for _ in 0..3 {
        run.settle(is_photo, SendOutcome::Unknown);
        assert_eq!(edited_photos(&run.effects), 1);
    }
    run.settle(is_photo, SendOutcome::Unknown);
    assert_eq!(run.saga.state, SagaState::Delivered);
    assert!(run.text().contains("did not work"));
}

#[test]
fn lost_receipts_of_edits_lead_to_the_edits_again() {
    let mut run = Run::delivered(2);
    let trigger = restyle(&run, Restyle::Format(Format::Square));
    run.apply(&trigger).draw().done(is_photo);
    run.overdue();
    assert_eq!(edited_photos(&run.effects), 1);
    run.done(is_photo);
    assert_eq!(run.saga.state, SagaState::Delivered);
}

#[test]
fn edit_after_a_confirmed_album_sends_the_changed_slide_alone() {
    let mut run = Run::new(3);
    run.done(is_board).write().draw();
    run.settle(is_album, SendOutcome::Unknown);
    run.apply(&SagaTrigger::ConfirmArrival { revision: 1 });
    run.done(is_final).wait(5);
    let trigger = edit(&run, 3, "x");
    run.apply(&trigger).draw();
    let [Call::SendPhotos { photos, .. }] = run.calls()[..] else {
        panic!("one photo: {:?}", run.effects);
    };
    assert_eq!(photos.len(), 1);
}

#[test]
fn block_during_a_change_ends_it_without_a_call() {
    for is_drawn in [false, true] {
        let mut run = Run::delivered(2);
        let trigger = edit(&run, 1, "x");
        run.apply(&trigger);
        if is_drawn {
            run.draw();
        }
        run.apply(&SagaTrigger::Unreachable);
        assert_eq!(run.saga.state, SagaState::Delivered);
        assert_eq!(run.calls(), [] as [&Call; 0]);
        assert_eq!(run.events(), ["carousel.cancelled"]);
        assert_eq!(run.saga.cancellation, None::<CancelReason>);
        let trigger = edit(&run, 2, "y");
        run.apply(&trigger);
        assert_eq!(run.saga.state, SagaState::Rendering);
    }
}

#[test]
fn carousel_remembers_a_bounded_number_of_files() {
    let mut run = Run::delivered(15);
    for template in Template::ALL.into_iter().cycle().take(14).skip(1) {
        let trigger = restyle(&run, Restyle::Template(template));
        run.apply(&trigger).draw();
        while run.saga.state == SagaState::Delivering {
            run.done(is_photo);
        }
        assert!(run.saga.files.len() <= 60);
    }
}
