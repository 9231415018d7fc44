//! EventBridge Scheduler: cron, rate and at, in their time zones, on the emulator's clock.

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

use crate::{
    account::Account,
    clock::Clock,
    lambda::{AsyncInvoker, Functions},
    recorder::{EntryKind, Recorder},
    template,
};

const POLL_INTERVAL: Duration = Duration::from_millis(250);

#[derive(Debug)]
enum Expression {
    Cron(Box<cron::Schedule>),
    Rate(SignedDuration),
    At(civil::DateTime),
}

#[derive(Debug)]
struct Schedule {
    spec: template::Schedule,
    expression: Expression,
    zone: TimeZone,
}

impl Schedule {
    fn new(spec: template::Schedule) -> Result<Self> {
        let expression = spec.expression.trim();
        let inside = |name: &str| {
            expression
                .strip_prefix(name)?
                .strip_prefix('(')?
                .strip_suffix(')')
        };
        let parsed = if let Some(fields) = inside("cron") {
            if fields.split_whitespace().count() != 6 {
                bail!("{expression}: six fields are expected");
            }
            // AWS begins with minutes, the library with seconds.
            Expression::Cron(Box::new(
                cron::Schedule::from_str(&format!("0 {fields}"))
                    .with_context(|| expression.to_owned())?,
            ))
        } else if let Some(rate) = inside("rate") {
            Expression::Rate(rate_of(rate).with_context(|| expression.to_owned())?)
        } else if let Some(at) = inside("at") {
            Expression::At(at.parse().with_context(|| expression.to_owned())?)
        } else {
            bail!("{expression}: cron(..), rate(..) or at(..) is expected");
        };
        let zone = TimeZone::get(&spec.timezone).with_context(|| spec.timezone.clone())?;
        Ok(Self {
            spec,
            expression: parsed,
            zone,
        })
    }

    /// Returns the next time after `after`.
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.expression {
            Expression::Rate(every) => after.checked_add(*every).ok(),
            Expression::At(at) => self.instant(*at).filter(|at| *at > after),
            Expression::Cron(cron) => {
                // The library knows no zones: it gets the wall clock of this one.
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

/// All schedules and their next times, kept so that one that falls due while the emulator is down fires late, not never.
#[derive(Debug)]
pub struct Scheduler {
    schedules: Vec<Schedule>,
    due: Mutex<BTreeMap<String, Due>>,
    file: PathBuf,
    account: Account,
    clock: Arc<Clock>,
    functions: Arc<Functions>,
    invoker: Arc<AsyncInvoker>,
    recorder: Arc<Recorder>,
}

#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Due {
    pub next_at: Option<i64>,
    pub last_at: Option<i64>,
}

impl Scheduler {
    pub(crate) fn open(
        data: &Path,
        specs: &[template::Schedule],
        account: Account,
        clock: Arc<Clock>,
        functions: Arc<Functions>,
        invoker: Arc<AsyncInvoker>,
        recorder: Arc<Recorder>,
    ) -> Result<Self> {
        let now = clock.timestamp();
        let file = data.join("schedules.json");
        let kept: BTreeMap<String, Due> = match std::fs::read(&file) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).context("Failed to read the kept schedules")?
            }
            Err(_) => BTreeMap::new(),
        };
        let schedules = specs
            .iter()
            .cloned()
            .map(Schedule::new)
            .collect::<Result<Vec<_>>>()?;
        let due = schedules.iter().map(|schedule| {
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
            schedules,
            file,
            account,
            clock,
            functions,
            invoker,
            recorder,
        })
    }

    /// Returns when a schedule fires next and when it fired last.
    pub fn due(&self, name: &str) -> Option<Due> {
        self.lock().get(name).copied()
    }

    /// Fires a schedule now; false when there is none of this name.
    pub fn fire(&self, name: &str) -> Result<bool> {
        let schedule = self
            .schedules
            .iter()
            .find(|schedule| schedule.spec.name == name);
        match schedule {
            Some(schedule) => self.fire_one(schedule).map(|()| true),
            None => Ok(false),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Due>> {
        self.due
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Puts the event on the function's internal queue, on disk, before the schedule counts as fired.
    fn fire_one(&self, schedule: &Schedule) -> Result<()> {
        let now = self.clock.timestamp();
        let function = self
            .functions
            .get(&schedule.spec.target_arn)
            .context("the target is gone")?;
        let event = match &schedule.spec.input {
            Some(input) => input.clone(),
            None => self.default_event(&schedule.spec, now),
        };
        self.invoker.invoke(function, &event)?;
        self.recorder
            .entry(
                EntryKind::Schedule,
                &schedule.spec.name,
                "schedules",
                format!("fired {}", function.spec.name),
            )
            .add();
        self.save_fired(schedule, now)
    }

    fn default_event(&self, spec: &template::Schedule, now: Timestamp) -> String {
        let (source, detail) = if spec.is_rule {
            ("aws.events", json!({}))
        } else {
            ("aws.scheduler", json!("{}"))
        };
        json!({
            "version": "0",
            "id": uuid::Uuid::new_v4().to_string(),
            "detail-type": "Scheduled Event",
            "source": source,
            "account": self.account.id,
            "time": now.to_string(),
            "region": self.account.region,
            "resources": [],
            "detail": detail,
        })
        .to_string()
    }

    fn save_fired(&self, schedule: &Schedule, now: Timestamp) -> Result<()> {
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

    /// Fires schedules when they are due, until the runtime stops.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            for schedule in &self.schedules {
                let next_at = self.due(&schedule.spec.name).and_then(|due| due.next_at);
                if next_at.is_some_and(|at| at <= self.clock.now())
                    && let Err(error) = self.fire_one(schedule)
                {
                    self.recorder.log(
                        "schedules",
                        &format!("{} did not fire: {error:#}", schedule.spec.name),
                    );
                }
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
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
    fn cron_fires_weekly_on_the_named_or_numbered_day() {
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
    fn cron_follows_the_zone_and_its_summer_time() {
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
    fn rate_and_at_give_the_next_time() {
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
    fn invalid_expressions_are_refused() {
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
