//! `carousel-conversation`: a topic becomes slides in the chat, once, whatever call fails.

use carousel::workers::carousel_render::RenderTask;
use carousel_domain::{RenderJob, WriteJob};
use serde_json::{Value, json};

use crate::{
    invariants,
    world::{CONVERSATION_QUEUE, Person, RENDER_QUEUE, WRITE_QUEUE, World},
};

/// Slides of a carousel for which no number was named.
const SLIDES: usize = 7;

fn button<'a>(message: &'a Value, label: &str) -> Option<&'a str> {
    let rows = message["reply_markup"]["inline_keyboard"].as_array()?;
    let mut buttons = rows
        .iter()
        .flat_map(|row| row.as_array().into_iter().flatten());
    let found = buttons.find(|button| {
        button["text"]
            .as_str()
            .is_some_and(|text| text.contains(label))
    });
    found?["callback_data"].as_str()
}

#[tokio::test]
async fn a_topic_becomes_an_album_and_a_message_with_buttons() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel small habits").await;
    assert_eq!(world.photos(&dana).await, SLIDES);
    let messages = world.messages(&dana).await;
    let last = messages.last().unwrap();
    assert!(button(last, "Edit").is_some(), "{last}");
    invariants::check(&world, &dana, SLIDES, "delivered").await;
    let types = world.event_types();
    let expected = [
        "user.message.received",
        "carousel.generate.requested",
        "ai.content.requested",
        "ai.analysis.completed",
        "carousel.content.analyzed",
        "carousel.slides.generated",
        "carousel.images.rendered",
        "carousel.delivered",
        "carousel.completed",
    ];
    assert_eq!(types, expected);
}

#[tokio::test]
async fn all_events_of_a_carousel_have_the_correlation_of_its_request() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 3: small habits").await;
    let events = world.cloud.events();
    let of_carousel = |event: &&Value| event["data"]["subject"].is_object();
    let mut ids: Vec<_> = events
        .iter()
        .filter(of_carousel)
        .map(|event| event["correlation_id"].to_string())
        .collect();
    assert!(ids.len() > 5);
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn an_edited_slide_is_drawn_alone_and_replaced_in_place() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 3: small habits").await;
    let before = world.messages(&dana).await;
    let last = before.last().unwrap().clone();
    let drawn = world.cloud.queued(crate::world::RENDER_QUEUE).len();
    let tap = world.tap(&dana, &last, button(&last, "Edit").unwrap());
    world.receive(&tap).await;
    world.run().await;
    let messages = world.messages(&dana).await;
    let choice = messages.last().unwrap().clone();
    let tap = world.tap(&dana, &choice, button(&choice, "2").unwrap());
    world.receive(&tap).await;
    world.run().await;
    world.say(&dana, "Rest is work too\nPlan it first.").await;
    let after = world.messages(&dana).await;
    assert_eq!(
        world.cloud.queued(crate::world::RENDER_QUEUE).len(),
        drawn + 1
    );
    assert_eq!(world.photos(&dana).await, 3);
    let files = |messages: &[Value]| -> Vec<String> {
        let photos = messages
            .iter()
            .filter(|message| message["photo"].is_array());
        photos
            .map(|message| {
                message["photo"].as_array().unwrap().last().unwrap()["file_unique_id"].to_string()
            })
            .collect()
    };
    let (before, after) = (files(&before), files(&after));
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    assert_eq!(before[2], after[2]);
}

#[tokio::test]
async fn an_album_whose_answer_is_lost_is_not_sent_again_without_the_persons_word() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let faults = json!({ "calls": [{ "method": "sendMediaGroup", "drop_after": true }] });
    world.control("PUT", "/api/telegram/faults", &faults).await;
    world.say(&dana, "/carousel 3: small habits").await;
    assert_eq!(world.photos(&dana).await, 3);
    let texts = world.texts(&dana).await;
    assert!(
        texts.iter().any(|text| text.contains("not sure")),
        "{texts:?}"
    );
}

/// Lets a person delete everything.
pub(crate) async fn erase(world: &World, person: &Person) {
    world.say(person, "/privacy").await;
    for label in ["Delete", "Delete"] {
        let messages = world.messages(person).await;
        let last = messages.last().unwrap().clone();
        let tap = world.tap(person, &last, button(&last, label).unwrap());
        world.receive(&tap).await;
        world.run().await;
    }
}

/// Asserts that nothing of a chat is stored but what tells copies of its triggers.
async fn assert_erased(world: &World, person: &Person) {
    for prefix in ["carousel", "logo"] {
        let prefix = format!("{prefix}/tg:{}/", person.id);
        let files = world.objects().list(&prefix, None).await.unwrap();
        assert_eq!(files, Vec::<String>::new());
    }
    let rows = world.rows().await;
    let chat = format!("CHAT#tg:{}", person.id);
    let of_chat = rows.iter().filter(|row| *row["pk"].as_s().unwrap() == chat);
    let keys = of_chat.map(|row| row["sk"].as_s().unwrap().clone());
    let left: Vec<_> = keys.filter(|key| !key.starts_with("DECIDED#")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn erased_chats_leave_no_rows_and_no_files() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 2: small habits").await;
    erase(&world, &dana).await;
    assert_erased(&world, &dana).await;
}

#[tokio::test]
async fn work_that_is_under_way_while_a_chat_is_erased_leaves_nothing() {
    let world = World::open_with_model().await;
    let (dana, other) = (world.person("en").await, world.person("en").await);
    world.say(&other, "/carousel 1: rest").await;
    let update = world.write(&dana, "/carousel 2: small habits").await;
    world.receive(&update).await;
    let job = world.jobs(CONVERSATION_QUEUE).pop().unwrap();
    world.conversation(job).await.unwrap();
    let texts: WriteJob = world.jobs(WRITE_QUEUE).pop().unwrap();
    world.skip(WRITE_QUEUE, 1);
    erase(&world, &dana).await;
    world.write_texts(texts).await.unwrap();
    let Some(RenderTask::Slide(slide)) = world.jobs(RENDER_QUEUE).into_iter().next() else {
        panic!("no slide was drawn");
    };
    let chat = format!("tg:{}", dana.id);
    let preview = RenderJob {
        chat,
        revision: 0,
        ..slide
    };
    let preview = RenderTask::Slide(preview);
    world.render(preview).await.unwrap();
    world.run().await;
    assert_erased(&world, &dana).await;
}
