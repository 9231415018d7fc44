//! `carousel-write` without a model: texts are the same for the same job.

use carousel::workers::carousel_conversation::ConversationJob;
use carousel_domain::{ComposedReason, WriteResult};
use serde_json::json;

use crate::{
    model::{job, written},
    world::{CONVERSATION_QUEUE, World},
};

#[tokio::test]
async fn a_topic_becomes_as_many_slides_as_asked_for() {
    let world = World::open().await;
    let source = json!({ "source": "topic", "text": "small habits" });
    world
        .write_texts(job("a:1", source, json!({ "task": "deck" })))
        .await
        .unwrap();
    let WriteResult::Deck { draft, composed } = written(&world).0 else {
        panic!()
    };
    assert_eq!(composed, Some(ComposedReason::NoModel));
    assert_eq!(draft.slides.len(), 5);
}

#[tokio::test]
async fn the_same_job_has_the_same_texts_and_is_told_once() {
    let world = World::open().await;
    let source = json!({ "source": "topic", "text": "small habits" });
    let job = job("a:1", source, json!({ "task": "deck" }));
    world.write_texts(job.clone()).await.unwrap();
    let first = written(&world);
    world.write_texts(job).await.unwrap();
    assert_eq!(world.jobs::<ConversationJob>(CONVERSATION_QUEUE).len(), 1);
    assert_eq!(written(&world), first);
}

#[tokio::test]
async fn wisdom_is_one_slide_with_a_verse_of_the_books() {
    let world = World::open().await;
    let source = json!({ "source": "wisdom", "text": "patience" });
    world
        .write_texts(job("a:1", source, json!({ "task": "deck" })))
        .await
        .unwrap();
    let WriteResult::Deck { draft, composed } = written(&world).0 else {
        panic!()
    };
    assert_eq!(composed, Some(ComposedReason::NotNeeded));
    assert!(
        draft.slides.iter().any(|slide| slide.source.is_some()),
        "{draft:?}"
    );
}

#[tokio::test]
async fn texts_that_cannot_be_used_fail() {
    let world = World::open().await;
    let source = json!({ "source": "topic", "text": "\u{200b}" });
    world
        .write_texts(job("a:1", source, json!({ "task": "deck" })))
        .await
        .unwrap();
    assert_eq!(written(&world).0, WriteResult::Failed);
}
