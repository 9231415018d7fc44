//! `carousel-write` with jobs that are delivered more than once, and calls that fail one by one: paid and told once.

use std::time::Duration;

use carousel_domain::WriteJob;
use confab_core::Error;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use serde_json::{Value, json};

use crate::{
    invariants,
    model::{all_written, budgets, topic_job, written},
    world::{CONVERSATION_QUEUE, Person, WRITE_QUEUE, World},
};

#[tokio::test]
async fn jobs_that_are_delivered_again_do_not_pay_again() {
    let world = World::open_with_model().await;
    let job = topic_job("a:1", "small habits");
    world.write_texts(job.clone()).await.unwrap();
    let first = written(&world);
    let spent = world.spent().await;
    // Beyond the time in which the queue drops copies.
    world.clock().advance(Duration::from_secs(3600));
    world.write_texts(job).await.unwrap();
    assert_eq!(all_written(&world).len(), 2);
    assert_eq!(written(&world), first);
    assert_eq!((world.completions().await, world.spent().await), (1, spent));
}

#[tokio::test]
async fn copies_at_the_same_time_make_one_call() {
    let world = World::open_with_model().await;
    let job = topic_job("a:1", "small habits");
    let (first, second) = tokio::join!(
        world.write_texts(job.clone()),
        world.write_texts(job.clone())
    );
    let errors: Vec<_> = [first, second]
        .into_iter()
        .filter_map(Result::err)
        .collect();
    assert!(errors.len() <= 1 && errors.iter().all(|error| error.code() == "job_taken"));
    assert_eq!(world.completions().await, 1);
    world.clock().advance(Duration::from_secs(360));
    world.write_texts(job).await.unwrap();
    assert_eq!(world.completions().await, 1);
}

/// The job of a carousel of one slide, with the given faults of the model.
struct Writing {
    world: World,
    dana: Person,
    job: WriteJob,
}

impl Writing {
    async fn arrange_with(model_faults: Value) -> Self {
        let world = World::open_with_budgets(&budgets(LIMIT, LIMIT, LIMIT)).await;
        let dana = world.person("en").await;
        let update = world.write(&dana, "/carousel 1: small habits").await;
        world.receive(&update).await;
        let request = world.jobs(CONVERSATION_QUEUE).pop().unwrap();
        world.conversation(request).await.unwrap();
        let job = world.jobs(WRITE_QUEUE).pop().unwrap();
        world.skip(CONVERSATION_QUEUE, 1);
        world.skip(WRITE_QUEUE, 1);
        world.state("carousel-write").await;
        world.model_faults(model_faults).await;
        Self { world, dana, job }
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.begin_delivery();
        self.world.write_texts(self.job.clone()).await
    }

    async fn check(&self, story: &str) {
        let world = &self.world;
        let completions = world.completions().await;
        assert!(completions <= 2, "{story}: {completions} calls");
        for (budget, spent) in world.spent().await {
            assert!(spent <= LIMIT, "{story}: {budget} {spent}");
        }
        world.run().await;
        let results = all_written(world);
        let first = &results[0];
        assert!(
            results.iter().all(|result| result == first),
            "{story}: {results:?}"
        );
        let mut decided: Vec<_> = world
            .cloud
            .events()
            .iter()
            .filter(|event| event["type"] == "ai.analysis.completed")
            .map(|event| event["id"].to_string())
            .collect();
        decided.dedup();
        assert_eq!(decided.len(), 1, "{story}");
        let spent = world.spent_in_month().await;
        let (_, input, output) = world.model_calls("chat/completions").await;
        assert!(
            spent >= input + 2 * output,
            "{story}: {spent} of {input} and {output}"
        );
        invariants::check(world, &self.dana, 1, story).await;
    }
}

/// Fits two calls and a repair.
const LIMIT: u64 = 60_000;

struct Answered(Writing);

impl Scenario for Answered {
    async fn arrange() -> Self {
        Self(Writing::arrange_with(json!([])).await)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.0.act().await
    }

    async fn check(&self, story: &str) {
        self.0.check(story).await;
    }
}

#[tokio::test]
async fn texts_are_written_and_paid_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Answered>().await;
    assert_eq!(
        calls, 7,
        "row, topic, reservation, answer, its verdict, settlement, result"
    );
}

struct Repaired(Writing);

impl Scenario for Repaired {
    async fn arrange() -> Self {
        let defect = json!([{ "path": "chat", "answer": "wrong_language" }]);
        Self(Writing::arrange_with(defect).await)
    }

    fn faults(&self) -> &Faults {
        self.0.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.0.act().await
    }

    async fn check(&self, story: &str) {
        self.0.check(story).await;
    }
}

#[tokio::test]
async fn repairs_are_paid_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Repaired>().await;
    assert_eq!(calls, 10);
}
