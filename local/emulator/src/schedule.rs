//! EventBridge Scheduler: cron, rate and at, in their time zones, on local's clock.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use serde_json::json;

use crate::{cloud::Cloud, record::Kind, template};

#[derive(Debug)]
enum When {
    Cron(Box<cron::Schedule>),
    Rate(SignedDuration),
    At(civil::DateTime),
}

#[derive(Debug)]
pub struct Schedule {
    pub spec: template::Schedule,
    when: When,
    zone: TimeZone,
}

impl Schedule {
    pub fn new(spec: template::Schedule) -> Result<Self> {
        let expression = spec.expression.trim();
        let inside = |name: &str| {
            expression
                .strip_prefix(name)?
                .strip_prefix('(')?
                .strip_suffix(')')
        };
        let when = if let Some(fields) = inside("cron") {
            if fields.split_whitespace().count() != 6 {
                bail!("{expression}: six fields are expected");
            }
            // AWS begins with minutes, the library with seconds.
            When::Cron(Box::new(
                cron::Schedule::from_str(&format!("0 {fields}"))
                    .with_context(|| expression.to_owned())?,
            ))
        } else if let Some(rate) = inside("rate") {
            When::Rate(rate_of(rate).with_context(|| expression.to_owned())?)
        } else if let Some(at) = inside("at") {
            When::At(at.parse().with_context(|| expression.to_owned())?)
        } else {
            bail!("{expression}: cron(..), rate(..) or at(..) is expected");
        };
        let zone = TimeZone::get(&spec.timezone).with_context(|| spec.timezone.clone())?;
        Ok(Self { spec, when, zone })
    }

    /// The next time after `after`.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.when {
            When::Rate(every) => after.checked_add(*every).ok(),
            When::At(at) => self.instant(*at).filter(|at| *at > after),
            When::Cron(cron) => {
                // The library counts on a calendar without a zone: it is given the wall clock of this one.
                let wall = after.to_zoned(self.zone.clone()).datetime();
                let wall = chrono_of(wall)?;
                cron.after(&wall)
                    .take(4)
                    .filter_map(|next| self.instant(civil_of(next)?))
                    .find(|next| *next > after)
            }
        }
    }

    fn instant(&self, wall: civil::DateTime) -> Option<Timestamp> {
        Some(
            self.zone
                .to_ambiguous_zoned(wall)
                .compatible()
                .ok()?
                .timestamp(),
        )
    }
}

fn rate_of(text: &str) -> Result<SignedDuration> {
    let (number, unit) = text
        .trim()
        .split_once(' ')
        .context("a number and a unit are expected")?;
    let number: i64 = number.parse()?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        other => bail!("{other} is not minutes, hours or days"),
    };
    Ok(SignedDuration::from_secs(number * seconds))
}

fn chrono_of(wall: civil::DateTime) -> Option<chrono::DateTime<chrono::Utc>> {
    let seconds = wall.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    chrono::DateTime::from_timestamp(seconds, 0)
}

fn civil_of(wall: chrono::DateTime<chrono::Utc>) -> Option<civil::DateTime> {
    Some(
        Timestamp::from_second(wall.timestamp())
            .ok()?
            .to_zoned(TimeZone::UTC)
            .datetime(),
    )
}

/// All schedules, and when each fires next: kept, so that one that falls due while local is down fires late, not never.
#[derive(Debug)]
pub struct Schedules {
    pub all: Vec<Schedule>,
    due: Mutex<BTreeMap<String, Due>>,
    file: PathBuf,
}

#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Due {
    pub next_at: Option<i64>,
    pub last_at: Option<i64>,
}

impl Schedules {
    pub fn open(data: &Path, specs: &[template::Schedule], now: Timestamp) -> Result<Self> {
        let file = data.join("schedules.json");
        let kept: BTreeMap<String, Due> = match std::fs::read(&file) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).context("Failed to read the kept schedules")?
            }
            Err(_) => BTreeMap::new(),
        };
        let all = specs
            .iter()
            .cloned()
            .map(Schedule::new)
            .collect::<Result<Vec<_>>>()?;
        let due = all.iter().map(|schedule| {
            let fresh = Due {
                next_at: schedule.next(now).map(Timestamp::as_millisecond),
                last_at: None,
            };
            (
                schedule.spec.name.clone(),
                kept.get(&schedule.spec.name).copied().unwrap_or(fresh),
            )
        });
        Ok(Self {
            due: Mutex::new(due.collect()),
            all,
            file,
        })
    }

    pub fn due(&self, name: &str) -> Option<Due> {
        self.lock().get(name).copied()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Due>> {
        self.due
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn fired(&self, schedule: &Schedule, now: Timestamp) -> Result<()> {
        let mut due = self.lock();
        let next_at = schedule.next(now).map(Timestamp::as_millisecond);
        due.insert(
            schedule.spec.name.clone(),
            Due {
                next_at,
                last_at: Some(now.as_millisecond()),
            },
        );
        let text = serde_json::to_vec_pretty(&*due)?;
        let fresh = self.file.with_extension("new");
        std::fs::write(&fresh, text)?;
        std::fs::rename(&fresh, &self.file).context("Failed to keep the schedules")
    }
}

/// Puts the event on the function's waiting line, on disk, before the schedule counts as fired.
pub fn fire(cloud: &Cloud, schedule: &Schedule) -> Result<()> {
    let now = cloud.clock.timestamp();
    let function = cloud
        .functions
        .get(&schedule.spec.target_arn)
        .context("the target is gone")?;
    let event = schedule.spec.input.clone().unwrap_or_else(|| {
        let (source, detail) = if schedule.spec.is_rule { ("aws.events", json!({})) } else { ("aws.scheduler", json!("{}")) };
        json!({ "version": "0", "id": uuid::Uuid::new_v4().to_string(), "detail-type": "Scheduled Event", "source": source,
                "account": cloud.account, "time": now.to_string(), "region": cloud.region, "resources": [], "detail": detail })
        .to_string()
    });
    cloud.invoke_later(function, &event)?;
    cloud
        .record
        .entry(
            Kind::Schedule,
            &schedule.spec.name,
            "schedules",
            format!("fired {}", function.spec.name),
        )
        .add();
    cloud.schedules.fired(schedule, now)
}

pub async fn run(cloud: Arc<Cloud>) {
    loop {
        for schedule in &cloud.schedules.all {
            let due = cloud
                .schedules
                .due(&schedule.spec.name)
                .and_then(|due| due.next_at);
            if due.is_some_and(|at| at <= cloud.clock.now())
                && let Err(error) = fire(&cloud, schedule)
            {
                cloud.record.line(
                    "schedules",
                    &format!("{} did not fire: {error:#}", schedule.spec.name),
                );
            }
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, timezone: &str, after: &str) -> String {
        let spec = template::Schedule {
            name: "s".into(),
            place: "template.yaml:1".into(),
            expression: expression.into(),
            timezone: timezone.into(),
            target_arn: String::new(),
            input: None,
            is_rule: false,
        };
        let schedule = Schedule::new(spec).unwrap();
        schedule.next(after.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn the_weekly_cleanup_runs_on_wednesdays_at_four() {
        // 2026-11-21 is a Saturday.
        assert_eq!(
            next("cron(0 4 ? * WED *)", "UTC", "2026-11-21T10:00:00Z"),
            "2026-11-25T04:00:00Z"
        );
        assert_eq!(
            next("cron(0 4 ? * WED *)", "UTC", "2026-11-25T04:00:00Z"),
            "2026-12-02T04:00:00Z"
        );
        assert_eq!(
            next("cron(0 4 ? * 4 *)", "UTC", "2026-11-21T10:00:00Z"),
            "2026-11-25T04:00:00Z"
        );
    }

    #[test]
    fn a_zone_moves_the_wall_clock_and_summer_time_with_it() {
        assert_eq!(
            next(
                "cron(30 9 * * ? *)",
                "Asia/Jerusalem",
                "2026-11-21T10:00:00Z"
            ),
            "2026-11-22T07:30:00Z"
        );
        assert_eq!(
            next(
                "cron(30 9 * * ? *)",
                "Asia/Jerusalem",
                "2026-07-01T10:00:00Z"
            ),
            "2026-07-02T06:30:00Z"
        );
    }

    #[test]
    fn rates_and_single_times() {
        assert_eq!(
            next("rate(5 minutes)", "UTC", "2026-11-21T10:00:00Z"),
            "2026-11-21T10:05:00Z"
        );
        assert_eq!(
            next("at(2026-12-01T08:00:00)", "UTC", "2026-11-21T10:00:00Z"),
            "2026-12-01T08:00:00Z"
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for expression in [
            "cron(0 4 * * *)",
            "rate(5 fortnights)",
            "every day",
            "at(tomorrow)",
        ] {
            let spec = template::Schedule {
                name: "s".into(),
                place: "template.yaml:1".into(),
                expression: expression.into(),
                timezone: "UTC".into(),
                target_arn: String::new(),
                input: None,
                is_rule: false,
            };
            assert!(Schedule::new(spec).is_err(), "{expression}");
        }
    }
}
