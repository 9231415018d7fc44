//! A carousel from its update to its album, while one call after the other fails, or its process dies at it.

use std::time::Duration;

use carousel::workers::carousel_render::RenderTask;
use confab_core::Error;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate, is_exhaustive};
use serde_json::{Value, json};

use crate::{
    invariants,
    world::{CONVERSATION_QUEUE, Person, RENDER_QUEUE, World},
};

/// With `CONFAB_FAULTS` the carousel has eight slides.
fn slides() -> usize {
    if is_exhaustive() { 8 } else { 1 }
}

/// An update, and all jobs that follow from it. A job that fails is delivered again, and so is the update.
struct Carousel {
    world: World,
    dana: Person,
    update: Value,
}

impl Scenario for Carousel {
    // Most of a run is drawing.
    const STRIDE: usize = 3;

    async fn arrange() -> Self {
        let world = World::open().await;
        let dana = world.person("en").await;
        let topic = format!("/carousel {}: small habits", slides());
        let update = world.write(&dana, &topic).await;
        for function in [
            "telegram-received",
            "carousel-conversation",
            "carousel-write",
            "carousel-render",
        ] {
            world.state(function).await;
        }
        Self {
            world,
            dana,
            update,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery();
        let received = self.world.receive(&self.update).await;
        if received.status != 200 {
            return Err(Error::unavailable("update", received.status.to_string()));
        }
        self.world.work().await
    }

    async fn check(&self, story: &str) {
        self.world.clock().advance(Duration::from_secs(3600));
        self.world.sweep().await.unwrap();
        self.world.run().await;
        invariants::check(&self.world, &self.dana, slides(), story).await;
        let events = self.world.cloud.events();
        let mut requests: Vec<_> = events
            .iter()
            .filter(|event| event["type"] == "carousel.generate.requested")
            .map(|event| event["id"].to_string())
            .collect();
        // Copies of an event have its id.
        requests.dedup();
        assert_eq!(requests.len(), 1, "{story}");
    }
}

#[tokio::test]
async fn carousels_are_sent_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Carousel>().await;
    assert!(calls >= 30, "{calls}");
}

/// A slide that is drawn, and a document of it.
struct Drawing {
    world: World,
    tasks: Vec<RenderTask>,
}

impl Scenario for Drawing {
    async fn arrange() -> Self {
        static TASKS: tokio::sync::OnceCell<Vec<RenderTask>> = tokio::sync::OnceCell::const_new();
        let tasks = TASKS.get_or_init(async || {
            let world = World::open().await;
            let dana = world.person("en").await;
            world.say(&dana, "/carousel 1: small habits").await;
            world.jobs(RENDER_QUEUE)
        });
        let tasks = tasks.await.clone();
        let world = World::open().await;
        world.state("carousel-render").await;
        Self { world, tasks }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery();
        for task in &self.tasks {
            self.world.render(task.clone()).await?;
        }
        Ok(())
    }

    async fn check(&self, story: &str) {
        let keys = self.world.objects().list("carousel/", None).await.unwrap();
        let has = |extension: &str| keys.iter().any(|key| key.ends_with(extension));
        assert!(
            has(".png") && has(".jpg") && has(".pdf"),
            "{story}: {keys:?}"
        );
        assert_eq!(keys.len(), 3, "{story}: {keys:?}");
        let news: Vec<Value> = self.world.jobs(CONVERSATION_QUEUE);
        assert!(news.len() >= self.tasks.len(), "{story}: {}", json!(news));
    }
}

#[tokio::test]
async fn slides_and_documents_are_stored_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Drawing>().await;
    assert!(calls >= 5, "{calls}");
}
