//! `carousel-sweep`: deadlines that have passed are queued, once a minute.

use std::time::Duration;

use carousel::workers::carousel_conversation::ConversationJob;

use crate::world::{CONVERSATION_QUEUE, World};

fn due(world: &World) -> Vec<String> {
    let jobs = world
        .jobs::<ConversationJob>(CONVERSATION_QUEUE)
        .into_iter();
    jobs.filter_map(|job| {
        let ConversationJob::V1 { id, .. } = job;
        id.starts_with("due#").then_some(id)
    })
    .collect()
}

#[tokio::test]
async fn passed_deadlines_are_queued_once_a_minute() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let update = world.write(&dana, "/carousel small habits").await;
    world.receive(&update).await;
    let job = world.jobs(CONVERSATION_QUEUE).pop().unwrap();
    // The texts are never written.
    world.conversation(job).await.unwrap();
    world.sweep().await.unwrap();
    assert_eq!(due(&world).len(), 0, "nothing is due yet");
    world.clock().advance(Duration::from_secs(60));
    for _ in 0..2 {
        world.sweep().await.unwrap();
    }
    assert_eq!(
        due(&world).len(),
        1,
        "a schedule that fires twice is one run"
    );
    world.clock().advance(Duration::from_secs(60));
    world.sweep().await.unwrap();
    assert_eq!(due(&world).len(), 2, "what stays due is queued again");
}

#[tokio::test]
async fn texts_that_were_never_written_are_asked_for_again() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let update = world.write(&dana, "/carousel 2: small habits").await;
    world.receive(&update).await;
    let job = world.jobs(CONVERSATION_QUEUE).pop().unwrap();
    world.conversation(job).await.unwrap();
    let lost = world.cloud.queued(crate::world::WRITE_QUEUE).len();
    world.skip(crate::world::WRITE_QUEUE, lost);
    world.clock().advance(Duration::from_secs(60));
    world.sweep().await.unwrap();
    world.run().await;
    assert_eq!(world.photos(&dana).await, 2);
}
