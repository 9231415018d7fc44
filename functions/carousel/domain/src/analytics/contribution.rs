//! What one event adds to the rollups.

use std::collections::{BTreeMap, BTreeSet};

use confab_contracts::{
    Contract, Event,
    carousel::{
        AnalysisCompleted, CallFailed, Cancelled, Completed, ContentAnalyzed, ContentRequested,
        Delivered, Edited, Failed, GenerateRequested, ImagesRendered, InteractionTracked,
        MessageReceived, SlidesGenerated, Spent,
    },
    operations::{AlertTriggered, ErrorOccurred},
};
use confab_core::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Fields, bucket_of};

/// Minutes of a slot. Counts of an hour are kept by slot, so that alerts see the last minutes.
pub const SLOT_MINUTES: u32 = 5;

/// A tap that exports a carousel: the PDF, or the slides as files.
const EXPORTS: [&str; 2] = ["pd", "fi"];

/// How far a person has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunnelStep {
    Start,
    Topic,
    Delivered,
    Edited,
    Exported,
}

impl FunnelStep {
    pub const ALL: [Self; 5] = [
        Self::Start,
        Self::Topic,
        Self::Delivered,
        Self::Edited,
        Self::Exported,
    ];
}

/// What a person did in a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonSteps {
    pub day: String,
    /// A hash of the person's id.
    pub person: String,
    pub steps: BTreeSet<FunnelStep>,
}

/// What an event adds to the rollups of its hour and to the people of its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    pub hour: String,
    /// Fields to add by metric.
    pub metrics: BTreeMap<&'static str, Fields>,
    pub person: Option<PersonSteps>,
    /// Why the event counts among `events` alone.
    pub unread: Option<AnalyticsError>,
}

/// Why the data of an event cannot be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnalyticsError {
    UnknownVersion(u16),
    Unreadable(String),
}

impl std::fmt::Display for AnalyticsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownVersion(version) => write!(f, "version {version} is unknown"),
            Self::Unreadable(event_type) => write!(f, "the data is not that of {event_type}"),
        }
    }
}

impl std::error::Error for AnalyticsError {}

/// Returns the UTC hour, such as `2026-11-29T12`.
pub fn hour_of(at: Timestamp) -> String {
    text_of(at).chars().take(13).collect()
}

/// Returns the UTC day, such as `2026-11-29`.
pub fn day_of(at: Timestamp) -> String {
    text_of(at).chars().take(10).collect()
}

/// Returns the slot of the hour, such as `07` for minutes 35 to 39.
pub(super) fn slot_of(at: Timestamp) -> String {
    let minute: String = text_of(at).chars().skip(14).take(2).collect();
    let minute: u32 = minute.parse().unwrap_or(0);
    format!("{:02}", minute / SLOT_MINUTES)
}

/// Times before 1970 count as 1970, so that every text has the same length.
fn text_of(at: Timestamp) -> String {
    at.max(Timestamp::UNIX_EPOCH).to_string()
}

/// Returns the place of an event among those of one decision, which all have the same time.
///
/// It is part of the key of an event, so that the rank of a type never changes. A new type may share one.
pub fn event_rank(event_type: &str) -> u8 {
    match event_type {
        MessageReceived::TYPE => 0,
        InteractionTracked::TYPE => 1,
        GenerateRequested::TYPE => 2,
        Edited::TYPE => 3,
        ContentRequested::TYPE => 4,
        AnalysisCompleted::TYPE => 5,
        ContentAnalyzed::TYPE => 6,
        SlidesGenerated::TYPE => 7,
        ImagesRendered::TYPE => 8,
        CallFailed::TYPE => 9,
        Delivered::TYPE => 10,
        Completed::TYPE => 11,
        Failed::TYPE => 12,
        Cancelled::TYPE => 13,
        _ => 99,
    }
}

/// Returns what an event adds. Events that cannot be read or have an unknown type count as events alone.
pub fn contribution(event: &Event<Value>) -> Contribution {
    let mut adding = Adding::new(event);
    adding.count("events", &event.event_type, 1);
    // Data is read before anything of it is counted.
    adding.done.unread = adding.add(event).err();
    adding.done
}

fn data<D: Contract + DeserializeOwned>(event: &Event<Value>) -> Result<D, AnalyticsError> {
    if event.version != D::VERSION {
        return Err(AnalyticsError::UnknownVersion(event.version));
    }
    // The decoder's error is dropped, because it quotes the data.
    D::deserialize(&event.data).map_err(|_| AnalyticsError::Unreadable(event.event_type.clone()))
}

/// Returns the name that a unit variant has in JSON.
fn name(variant: &impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

struct Adding {
    at: Timestamp,
    slot: String,
    done: Contribution,
}

impl Adding {
    fn new(event: &Event<Value>) -> Self {
        Self {
            at: event.occurred_at,
            slot: slot_of(event.occurred_at),
            done: Contribution {
                hour: hour_of(event.occurred_at),
                metrics: BTreeMap::new(),
                person: None,
                unread: None,
            },
        }
    }

    fn add(&mut self, event: &Event<Value>) -> Result<(), AnalyticsError> {
        match event.event_type.as_str() {
            MessageReceived::TYPE => self.message_received(&data(event)?),
            InteractionTracked::TYPE => self.interaction_tracked(&data(event)?),
            GenerateRequested::TYPE => self.requested(&data(event)?),
            AnalysisCompleted::TYPE => self.written(&data(event)?),
            ImagesRendered::TYPE => self.rendered(&data(event)?),
            Delivered::TYPE => self.delivered(&data(event)?),
            Completed::TYPE => self.completed(&data(event)?),
            Edited::TYPE => self.edited(&data(event)?),
            Failed::TYPE => self.failed(&data(event)?),
            Cancelled::TYPE => self.cancelled(&data(event)?),
            CallFailed::TYPE => {
                let CallFailed { failure } = data(event)?;
                self.count("telegram", &name(&failure), 1);
            }
            AlertTriggered::TYPE => {
                let alert: AlertTriggered = data(event)?;
                let field = if alert.is_resolved {
                    "resolved"
                } else {
                    "triggered"
                };
                self.count("alerts", field, 1);
            }
            ErrorOccurred::TYPE => {
                let _: ErrorOccurred = data(event)?;
                self.count("errors", "all", 1);
            }
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, metric: &'static str, field: &str, by: u64) {
        if by == 0 {
            return;
        }
        let fields = self.done.metrics.entry(metric).or_default();
        let count = fields.entry(format!("{field}@{}", self.slot)).or_default();
        *count = count.saturating_add(by);
    }

    fn took(&mut self, metric: &'static str, millis: u64) {
        self.count(metric, &bucket_of(millis).to_string(), 1);
    }

    fn came_to(&mut self, owner: &str, step: FunnelStep) {
        let digest = Sha256::digest(owner.as_bytes());
        let person = digest.iter().take(12).map(|byte| format!("{byte:02x}"));
        self.done.person = Some(PersonSteps {
            day: day_of(self.at),
            person: person.collect(),
            steps: BTreeSet::from([step]),
        });
    }

    fn message_received(&mut self, data: &MessageReceived) {
        self.count("messages", "all", 1);
        self.came_to(&data.owner, FunnelStep::Start);
    }

    fn interaction_tracked(&mut self, data: &InteractionTracked) {
        self.count("taps", "all", 1);
        if EXPORTS.contains(&data.action.as_str()) {
            self.count("exports", "all", 1);
            self.came_to(&data.owner, FunnelStep::Exported);
        }
    }

    fn requested(&mut self, data: &GenerateRequested) {
        self.count("requested", "all", 1);
        for (kind, value) in [
            ("origin", name(&data.origin).as_str()),
            ("source", &data.source),
            ("language", &data.language),
            ("template", &data.template),
            ("format", &data.format),
        ] {
            self.count("requested", &format!("{kind}.{value}"), 1);
        }
        self.came_to(&data.subject.owner, FunnelStep::Topic);
    }

    fn written(&mut self, data: &AnalysisCompleted) {
        let writer = if data.is_composed {
            "composer"
        } else {
            "model"
        };
        self.count("written", writer, 1);
        self.took("stage.write", data.millis);
    }

    fn rendered(&mut self, data: &ImagesRendered) {
        self.count("slides", "rendered", data.rendered.into());
        self.count("slides", "reused", data.reused.into());
        // A change that draws nothing has no first slide.
        if data.rendered > 0 {
            self.took("stage.first_slide", data.first_millis);
        }
        self.took("stage.slides", data.millis);
    }

    fn delivered(&mut self, data: &Delivered) {
        self.took("stage.delivery", data.millis);
        self.came_to(&data.subject.owner, FunnelStep::Delivered);
    }

    fn completed(&mut self, data: &Completed) {
        self.count("completed", "all", 1);
        for (kind, value) in [
            ("origin", name(&data.origin).as_str()),
            ("language", &data.language),
            ("template", &data.template),
        ] {
            self.count("completed", &format!("{kind}.{value}"), 1);
        }
        self.spent(data.spent);
        self.took("stage.total", data.millis);
    }

    fn spent(&mut self, spent: Spent) {
        for (kind, tokens) in [
            ("input", spent.input_tokens),
            ("cached", spent.cached_tokens),
            ("output", spent.output_tokens),
        ] {
            self.count("tokens", kind, tokens);
        }
        self.count("cost", "micros", spent.micros);
        self.count("telegram", "calls", spent.telegram_calls);
    }

    fn edited(&mut self, data: &Edited) {
        self.count("edits", "all", 1);
        self.count("edits", &format!("change.{}", name(&data.change)), 1);
        self.came_to(&data.subject.owner, FunnelStep::Edited);
    }

    fn failed(&mut self, data: &Failed) {
        self.count("failed", "all", 1);
        self.spent(data.spent);
        self.count("failed", &format!("reason.{}", name(&data.reason)), 1);
    }

    fn cancelled(&mut self, data: &Cancelled) {
        self.count("cancelled", "all", 1);
        self.spent(data.spent);
        self.count("cancelled", &format!("reason.{}", name(&data.reason)), 1);
    }
}
