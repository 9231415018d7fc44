//! The services of the carousel, by the names that its first clients know.

use std::time::Duration;

use carousel_domain::analytics::HealthState;
use confab_core::{Timestamp, after};
use serde::Serialize;

/// The sweep looks each minute. What is older than this says nothing about now.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// Services with the parts that the sweep checks for them.
const SERVICES: [(&str, &[&str]); 7] = [
    ("Carousel Generator", &["render"]),
    ("AI Content", &["write"]),
    ("Telegram Gateway", &["inbound"]),
    ("Data Persistence", &["table"]),
    ("Analytics", &["journal"]),
    ("Event Orchestrator", &["inbound", "table"]),
    ("API Gateway", &[]),
];

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceList {
    services: Vec<ServiceView>,
    checked_at: Option<Timestamp>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct ServiceView {
    name: &'static str,
    health: ServiceHealth,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum ServiceHealth {
    Healthy,
    Unhealthy,
    /// The last check is too old.
    Unknown,
}

pub(super) fn list(health: Option<&HealthState>, now: Timestamp) -> ServiceList {
    let service = |(name, parts): (_, &[&str])| ServiceView {
        name,
        health: health_of(parts, health, now),
    };
    ServiceList {
        services: SERVICES.into_iter().map(service).collect(),
        checked_at: health.map(|health| health.checked_at),
    }
}

fn health_of(parts: &[&str], health: Option<&HealthState>, now: Timestamp) -> ServiceHealth {
    // This answer is the proof.
    if parts.is_empty() {
        return ServiceHealth::Healthy;
    }
    let Some(health) = health.filter(|health| after(health.checked_at, MAX_AGE) >= now) else {
        return ServiceHealth::Unknown;
    };
    let answers = |part: &&str| health.parts.get(*part).copied().unwrap_or(false);
    if parts.iter().all(answers) {
        ServiceHealth::Healthy
    } else {
        ServiceHealth::Unhealthy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health_at(checked_at: i64, write: bool) -> HealthState {
        let parts = [
            ("render", true),
            ("write", write),
            ("inbound", true),
            ("table", true),
            ("journal", true),
        ];
        HealthState {
            parts: parts
                .map(|(part, answers)| (part.to_owned(), answers))
                .into(),
            checked_at: Timestamp::from_second(checked_at).unwrap(),
        }
    }

    fn of(name: &str, list: &ServiceList) -> ServiceHealth {
        let mut services = list.services.iter();
        services
            .find(|service| service.name == name)
            .unwrap()
            .health
    }

    #[test]
    fn services_are_as_healthy_as_their_parts() {
        let now = Timestamp::from_second(300).unwrap();
        let list = list(Some(&health_at(0, false)), now);
        assert_eq!(list.services.len(), 7);
        assert_eq!(of("AI Content", &list), ServiceHealth::Unhealthy);
        assert_eq!(of("Carousel Generator", &list), ServiceHealth::Healthy);
    }

    #[test]
    fn old_checks_say_nothing() {
        let now = Timestamp::from_second(301).unwrap();
        for health in [Some(health_at(0, true)), None] {
            let list = list(health.as_ref(), now);
            assert_eq!(of("AI Content", &list), ServiceHealth::Unknown);
            assert_eq!(of("API Gateway", &list), ServiceHealth::Healthy);
        }
    }
}
