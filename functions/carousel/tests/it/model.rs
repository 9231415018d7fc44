//! A world with the simulated model, what it was asked, and what it may cost.

use std::{collections::BTreeMap, sync::Arc};

use axum::Router;
use carousel::workers::{carousel_conversation::ConversationJob, carousel_render::RenderTask};
use carousel_domain::{SagaTrigger, Slide, Trigger, Usage, WriteJob, WriteResult};
use confab_core::Clock;
use confab_simulator_base::{ContextOptions, SimulatorContext};
use confab_simulator_openai::OpenAi;
use confab_testkit::TestClock;
use serde_json::{Value, json};

use crate::world::{CONVERSATION_QUEUE, Person, RENDER_QUEUE, World, call_control};

/// Prices that make each token worth a micro-dollar.
pub(crate) const PRICES: &str = r#"{"day": "2026-11-01", "input_tokens": 1000000000, "cached_tokens": 500000000,
    "output_tokens": 2000000000, "render_megabyte_millis": 0, "object_puts": 0}"#;
/// More than any test spends.
pub(crate) const PLENTY: u64 = 1_000_000_000;

pub(crate) fn budgets(person_day: u64, stack_day: u64, stack_month: u64) -> String {
    json!({ "person_day": person_day, "stack_day": stack_day, "stack_month": stack_month })
        .to_string()
}

fn open_model(data: &std::path::Path, address: &str, clock: TestClock) -> Router {
    let options = ContextOptions {
        base_url: address.to_owned(),
        clock: Arc::new(move || clock.now().as_millisecond()),
        call_records: Arc::new(|_| {}),
    };
    let context = SimulatorContext::open(data, options).unwrap();
    let unsynced = context.store().db.pragma_update(None, "synchronous", "off");
    unsynced.unwrap();
    confab_simulator_openai::routes(OpenAi::open(context).unwrap())
}

impl World {
    pub(crate) async fn open_with_model() -> Self {
        Self::open_with_budgets(&budgets(PLENTY, PLENTY, PLENTY)).await
    }

    pub(crate) async fn open_with_budgets(budgets: &str) -> Self {
        let variables = [("MODEL_BUDGETS", budgets), ("CAROUSEL_PRICES", PRICES)];
        let mut world = Self::open_with(&variables).await;
        let data = world.data().join("model");
        std::fs::create_dir_all(&data).unwrap();
        let clock = world.clock();
        let mut model = None;
        let address = world
            .cloud
            .serve(|address| {
                let router = open_model(&data, address, clock);
                model = Some(router.clone());
                router
            })
            .await;
        world.model = model;
        let address = format!("{address}/model/v1");
        world.cloud.set_variable("MODEL_API_URL", address);
        world
    }

    pub(crate) async fn model_control(&self, method: &str, path: &str, body: &Value) -> Value {
        call_control(self.model.as_ref().unwrap(), method, path, body).await
    }

    /// Lets the next calls of the model meet faults.
    pub(crate) async fn model_faults(&self, calls: Value) {
        let faults = json!({ "calls": calls });
        self.model_control("PUT", "/api/model/faults", &faults)
            .await;
    }

    /// Sets the quality of all completions.
    pub(crate) async fn model_answers(&self, mode: &str) {
        let settings = json!({ "answer": mode });
        self.model_control("PUT", "/api/model/settings", &settings)
            .await;
    }

    /// Returns how often an endpoint was called, and the tokens of its answers.
    pub(crate) async fn model_calls(&self, endpoint: &str) -> (u64, u64, u64) {
        let counts = self
            .model_control("GET", "/api/model/calls", &Value::Null)
            .await;
        let counts = counts.as_array().unwrap().iter();
        let count = counts
            .filter(|count| count["endpoint"] == endpoint)
            .map(|count| {
                ["count", "prompt_tokens", "completion_tokens"]
                    .map(|name| count[name].as_u64().unwrap())
            })
            .next()
            .unwrap_or_default();
        count.into()
    }

    pub(crate) async fn completions(&self) -> u64 {
        self.model_calls("chat/completions").await.0
    }

    /// Returns what the budgets have spent, by their keys.
    pub(crate) async fn spent(&self) -> BTreeMap<String, u64> {
        let rows = self.rows().await;
        let budgets = rows.iter().filter_map(|row| {
            let pk = row["pk"].as_s().unwrap();
            let name = pk.strip_prefix("BUDGET#")?;
            let spent = row["spent_micros"].as_n().unwrap().parse().unwrap();
            Some((format!("{name}/{}", row["sk"].as_s().unwrap()), spent))
        });
        budgets.collect()
    }

    /// Returns what the stack has spent this month.
    pub(crate) async fn spent_in_month(&self) -> u64 {
        let spent = self.spent().await;
        let month = spent
            .iter()
            .find(|(name, _)| name.len() == "stack/2026-11".len());
        month.map_or(0, |(_, spent)| *spent)
    }

    /// Returns the row of a person's only carousel.
    pub(crate) async fn saga(&self, person: &Person) -> Value {
        let pk = format!("CHAT#tg:{}", person.id);
        let rows = self.rows().await.into_iter();
        let mut sagas = rows.filter(|row| {
            row["pk"].as_s().unwrap() == &pk && row["sk"].as_s().unwrap().starts_with("CAR#")
        });
        let row: Value = confab_aws::Table::from_row(sagas.next().unwrap()).unwrap();
        row["saga"].clone()
    }

    /// Returns the slides that were drawn, in the order of their jobs.
    pub(crate) fn drawn_slides(&self) -> Vec<Slide> {
        let tasks = self.jobs::<RenderTask>(RENDER_QUEUE).into_iter();
        let slide = |task| match task {
            RenderTask::Slide(job) => Some(job.page.slide),
            _ => None,
        };
        tasks.filter_map(slide).collect()
    }
}

/// A job of five slides for the owner 5.
pub(crate) fn job(key: &str, source: Value, task: Value) -> WriteJob {
    serde_json::from_value(json!({
        "key": key, "carousel": "01m7ym613fe0yvvhrd4bj8893d", "chat": "tg:5", "owner": "5",
        "revision": 1, "source": source, "language": "en", "count": 5, "task": task,
        "is_composer_only": false,
    }))
    .unwrap()
}

pub(crate) fn topic_job(key: &str, topic: &str) -> WriteJob {
    let source = json!({ "source": "topic", "text": topic });
    job(key, source, json!({ "task": "deck" }))
}

/// Returns all results that were queued, oldest first.
pub(crate) fn all_written(world: &World) -> Vec<(WriteResult, Vec<Usage>)> {
    let jobs = world
        .jobs::<ConversationJob>(CONVERSATION_QUEUE)
        .into_iter();
    let written = jobs.filter_map(|job| {
        let ConversationJob::V1 { trigger, .. } = job;
        match trigger {
            Trigger::Carousel {
                trigger: SagaTrigger::Written { result, usage, .. },
                ..
            } => Some((result, usage)),
            _ => None,
        }
    });
    written.collect()
}

/// Returns the latest result that was queued, with what the model used.
pub(crate) fn written(world: &World) -> (WriteResult, Vec<Usage>) {
    all_written(world).pop().unwrap()
}
