//! `carousel-render`: slides are drawn under the hash of their content, and copies change nothing.

use carousel::workers::{carousel_conversation::ConversationJob, carousel_render::RenderTask};

use crate::world::{CONVERSATION_QUEUE, RENDER_QUEUE, World};

#[tokio::test]
async fn copies_of_a_job_write_the_same_bytes_and_one_message() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 1: small habits").await;
    let task = world.jobs::<RenderTask>(RENDER_QUEUE).remove(0);
    let RenderTask::Slide(job) = task.clone() else {
        panic!("{task:?}")
    };
    let key = format!("carousel/tg:{}/{}.png", dana.id, job.hash);
    let before = world.objects().get(&key).await.unwrap().unwrap();
    let queued = world.jobs::<ConversationJob>(CONVERSATION_QUEUE).len();
    world.render(task).await.unwrap();
    assert_eq!(world.objects().get(&key).await.unwrap().unwrap(), before);
    assert_eq!(
        world.jobs::<ConversationJob>(CONVERSATION_QUEUE).len(),
        queued
    );
    assert_eq!(&before[1..4], b"PNG");
}

#[tokio::test]
async fn documents_are_vectors_of_all_slides() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 2: small habits").await;
    let prefix = format!("carousel/tg:{}/", dana.id);
    let keys = world.objects().list(&prefix, None).await.unwrap();
    let document = keys.iter().find(|key| key.ends_with(".pdf")).unwrap();
    let bytes = world.objects().get(document).await.unwrap().unwrap();
    assert_eq!(&bytes[..5], b"%PDF-");
}
