//! The journal in tests: events to record, and what routes and the operator's commands say of them.

use carousel::{
    routes::{carousel_events, carousel_stats},
    workers::{carousel_journal, carousel_operator},
};
use confab_aws::Table;
use confab_core::{CorrelationId, EventId, Result, Timestamp};
use confab_testkit::{TestRequest, TestResponse, send};
use serde_json::{Value, json};

use crate::world::{JOURNAL_QUEUE, World};

pub(crate) const OPERATOR_KEY: &str = "operator-key";
pub(crate) const TODAY: &str = "2026-11-29";

/// Returns an event of the carousel. Its number decides its id.
pub(crate) fn event(number: u64, at: Timestamp, event_type: &str, data: &Value) -> Value {
    let random: [u8; 10] = std::array::from_fn(|index| number.to_be_bytes()[index % 8]);
    json!({
        "id": EventId::new(at, &|| random), "type": event_type, "version": 1, "occurred_at": at,
        "source": "carousel", "correlation_id": CorrelationId::of_event(&format!("chain {}", number % 10)),
        "causation_id": "tg7-1", "data": data,
    })
}

pub(crate) fn requested(number: u64, at: Timestamp) -> Value {
    let subject = json!({ "carousel": "01m7ym613fe0yvvhrd4bj8893d", "revision": 1, "owner": (number % 7).to_string() });
    let data = json!({ "subject": subject, "origin": "message", "source": "topic", "language": "en",
        "template": "essay", "format": "portrait", "slides": 7 });
    event(number, at, "carousel.generate.requested", &data)
}

pub(crate) fn completed(number: u64, at: Timestamp, millis: u64) -> Value {
    let subject = json!({ "carousel": "01m7ym613fe0yvvhrd4bj8893d", "revision": 1, "owner": (number % 7).to_string() });
    let data = json!({ "subject": subject, "origin": "message", "language": "en", "template": "essay",
        "slides": 7, "micros": 150, "millis": millis });
    event(number, at, "carousel.completed", &data)
}

impl World {
    /// The journal's table, with all permissions.
    pub(crate) fn journal_table(&self) -> Table {
        let env = self.cloud.env("carousel-journal");
        let name = env.required("CONFAB_JOURNAL_TABLE").unwrap();
        Table::new(self.cloud.aws("outside").dynamodb(), name)
    }

    /// Delivers an event to the journal, as EventBridge and SQS do.
    pub(crate) async fn journal(&self, event: &Value) -> Result<()> {
        let body = serde_json::from_value(json!({ "detail": event }));
        self.journal_message(body.unwrap()).await
    }

    async fn journal_message(&self, body: carousel_journal::BusMessage) -> Result<()> {
        let state = self.state("carousel-journal").await;
        carousel_journal::handle(state, self.message(body)).await
    }

    /// Journals what the bus has put on the queue. Returns how many events that were.
    pub(crate) async fn run_journal(&self) -> usize {
        let messages: Vec<carousel_journal::BusMessage> = self.take(JOURNAL_QUEUE);
        let count = messages.len();
        for message in messages {
            self.journal_message(message).await.unwrap();
        }
        count
    }

    /// Executes a command of the operator.
    pub(crate) async fn command(&self, command: &Value) -> Result<Value> {
        let state = self.state("carousel-operator").await;
        let command = serde_json::from_value(command.clone()).unwrap();
        let answer = carousel_operator::handle(state, command).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    /// Compares today's rollups with the journal. Returns the number of events in the journal.
    pub(crate) async fn check_rollups(&self, story: &str) -> u64 {
        let compared = self
            .command(&json!({ "step": "compare", "day": TODAY }))
            .await
            .unwrap();
        assert_eq!(compared["count"], 0, "{story}: {compared}");
        compared["events"].as_u64().unwrap()
    }

    /// Counts all days into a new generation, and lets that be read.
    pub(crate) async fn rebuild(&self) -> Result<u64> {
        let begun = self.command(&json!({ "step": "begin" })).await?;
        self.clock().advance(std::time::Duration::from_secs(60));
        let generation = begun["generation"].as_u64().unwrap();
        for day in begun["days"].as_array().unwrap() {
            let count = json!({ "step": "count", "generation": generation, "day": day });
            self.command(&count).await?;
        }
        self.command(&json!({ "step": "finish", "generation": generation }))
            .await?;
        Ok(generation)
    }

    pub(crate) async fn get_events(&self, request: &TestRequest) -> TestResponse {
        let state = self.state("carousel-events").await;
        send(&carousel_events::routes(), &state, &self.clock(), request).await
    }

    pub(crate) async fn get_stats(&self, request: &TestRequest) -> TestResponse {
        let state = self.state("carousel-stats").await;
        send(&carousel_stats::routes(), &state, &self.clock(), request).await
    }

    /// Returns a page of events, for the operator.
    pub(crate) async fn events(&self, query: &str) -> Value {
        let request = TestRequest::get(format!("/events?{query}")).token(OPERATOR_KEY);
        let answer = self.get_events(&request).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        answer.body
    }

    pub(crate) async fn stats(&self) -> Value {
        let request = TestRequest::get("/stats").token(OPERATOR_KEY);
        let answer = self.get_stats(&request).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body
    }
}
