//! Which webhooks may go out next. The order within one lane is kept unless it is to be shuffled.

use std::collections::{BTreeMap, HashMap};

use confab_messaging::Channel;
use serde_json::Value;

use crate::settings::Pace;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Provider {
    Meta,
    Twilio,
    Stripe,
    Astria,
}

impl Provider {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Twilio => "twilio",
            Self::Stripe => "stripe",
            Self::Astria => "astria",
        }
    }

    pub(crate) fn of(word: &str) -> Self {
        [Self::Twilio, Self::Stripe, Self::Astria]
            .into_iter()
            .find(|provider| provider.name() == word)
            .unwrap_or(Self::Meta)
    }
}

/// Messages, payments and portraits go out independently of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Messages,
    Payments,
    Tunes,
}

impl Provider {
    pub(crate) fn line(self) -> Line {
        match self {
            Self::Meta | Self::Twilio => Line::Messages,
            Self::Stripe => Line::Payments,
            Self::Astria => Line::Tunes,
        }
    }
}

impl From<Channel> for Provider {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Meta => Self::Meta,
            Channel::Twilio => Self::Twilio,
        }
    }
}

/// One webhook owed to the app, or one of its copies.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: i64,
    /// The same for all copies.
    pub(crate) group: i64,
    pub(crate) lane: Lane,
    pub(crate) provider: Provider,
    pub(crate) message_id: String,
    pub(crate) payload: Value,
    pub(crate) made_at: i64,
    pub(crate) due_at: i64,
    pub(crate) attempts: u32,
}

/// What must stay in order: the messages of a person, and the statuses of the messages to a person. Stripe and Astria
/// promise no order: each event and each callback has a lane of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    /// A person's id, or an event's, or a callback's.
    pub(crate) person: String,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Message,
    Status,
    Event,
    Callback,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: BTreeMap<i64, Job>,
    /// Ids of jobs that are on their way.
    out: std::collections::HashSet<i64>,
}

impl Queue {
    pub(crate) fn push(&mut self, job: Job) {
        self.waiting.insert(job.id, job);
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The next webhook: several jobs only when Meta batches. They count as out until `done` or `again`.
    pub(crate) fn take(&mut self, now: i64, pace: &Pace) -> Vec<Job> {
        let ids = if pace.reorder {
            self.shuffled(now, pace)
        } else {
            self.fifo(now, pace)
        };
        self.out.extend(&ids);
        ids.iter()
            .filter_map(|id| self.waiting.get(id))
            .cloned()
            .collect()
    }

    pub(crate) fn done(&mut self, id: i64) {
        self.out.remove(&id);
        self.waiting.remove(&id);
    }

    pub(crate) fn again(&mut self, id: i64, due_at: i64) {
        self.out.remove(&id);
        if let Some(job) = self.waiting.get_mut(&id) {
            job.attempts += 1;
            job.due_at = due_at;
        }
    }

    /// What is due already waits for something else than time.
    pub(crate) fn next_due(&self, now: i64) -> Option<i64> {
        self.waiting
            .values()
            .map(|job| job.due_at)
            .filter(|due_at| *due_at > now)
            .min()
    }

    fn ready(&self, job: &Job, now: i64) -> bool {
        job.due_at <= now && !self.out.contains(&job.id)
    }

    fn fifo(&self, now: i64, pace: &Pace) -> Vec<i64> {
        let mut batch = Batch::new(pace.batch);
        let mut heads: HashMap<&Lane, Head> = HashMap::new();
        for job in self.waiting.values() {
            let head = heads.entry(&job.lane).or_insert(Head {
                group: job.group,
                left: false,
                blocked: false,
                taken: false,
            });
            if head.group != job.group {
                *head = Head {
                    group: job.group,
                    left: false,
                    blocked: head.blocked || head.left,
                    taken: false,
                };
            }
            if !head.blocked && !head.taken && self.ready(job, now) && batch.add(job) {
                head.taken = true;
                if batch.is_full() {
                    break;
                }
            } else {
                head.left = true;
            }
        }
        batch.ids
    }

    fn shuffled(&self, now: i64, pace: &Pace) -> Vec<i64> {
        let mut ready: Vec<&Job> = self
            .waiting
            .values()
            .filter(|job| self.ready(job, now))
            .collect();
        fastrand::shuffle(&mut ready);
        let mut batch = Batch::new(pace.batch);
        for job in ready {
            if batch.is_full() {
                break;
            }
            batch.add(job);
        }
        batch.ids
    }
}

/// How far a lane has been walked.
struct Head {
    group: i64,
    /// Something of this group stays behind.
    left: bool,
    /// Something of an earlier group stays behind.
    blocked: bool,
    /// A copy of this group is in the batch: the others go separately.
    taken: bool,
}

struct Batch {
    ids: Vec<i64>,
    limit: usize,
    like: Option<(Provider, Kind)>,
}

impl Batch {
    fn new(limit: usize) -> Self {
        Self {
            ids: Vec::new(),
            limit,
            like: None,
        }
    }

    fn is_full(&self) -> bool {
        let limit = if self
            .like
            .is_some_and(|(provider, _)| provider == Provider::Meta)
        {
            self.limit
        } else {
            1
        };
        self.ids.len() >= limit && !self.ids.is_empty()
    }

    fn add(&mut self, job: &Job) -> bool {
        let like = (job.provider, job.lane.kind);
        let fits = self.like.is_none_or(|first| first == like) && !self.is_full();
        if fits {
            self.like = Some(like);
            self.ids.push(job.id);
        }
        fits
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
