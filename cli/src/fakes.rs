//! A place that is told what it holds, and remembers what was done to it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use anyhow::{Context, Result, bail};

use crate::{
    doctor::Finding,
    ports::{
        Ask, Caller, Checkup, Functions, Letter, Letters, Meter, Move, Moves, OperatorKey, Outcome,
        Queue, Queues, Step, Traces, Usage, Webhooks,
    },
};

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) queues: Vec<Queue>,
    pub(crate) oldest: BTreeMap<String, i64>,
    /// In batches, as SQS would give them out.
    pub(crate) letters: RefCell<Vec<Vec<Letter>>>,
    /// The ids that are taken and neither released nor deleted.
    pub(crate) in_hand: RefCell<Vec<String>>,
    /// `send a to q`, `delete a`, `start q`..
    pub(crate) done: RefCell<Vec<String>>,
    /// What cannot be done, in the same words.
    pub(crate) broken: Option<&'static str>,
    /// What is told of a redrive, one after the other.
    pub(crate) moves: RefCell<Vec<Move>>,
    pub(crate) steps: Vec<Step>,
    pub(crate) reasons: BTreeMap<String, String>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) usage: Usage,
    pub(crate) findings: Vec<Finding>,
}

impl World {
    fn does(&self, what: String) -> Result<()> {
        if self.broken == Some(what.as_str()) {
            bail!("{what} failed");
        }
        self.done.borrow_mut().push(what);
        Ok(())
    }

    fn lets_go(&self, letters: &[Letter]) {
        self.in_hand
            .borrow_mut()
            .retain(|id| letters.iter().all(|letter| letter.id != *id));
    }
}

impl Queues for World {
    async fn queues(&self) -> Result<Vec<Queue>> {
        Ok(self.queues.clone())
    }

    async fn oldest(&self, _: &[Queue]) -> Result<BTreeMap<String, i64>> {
        Ok(self.oldest.clone())
    }
}

impl Letters for World {
    async fn take(&self, _: &Queue) -> Result<Vec<Letter>> {
        let mut in_hand = self.in_hand.borrow_mut();
        let batches = self.letters.borrow();
        let is_free = |letter: &&Letter| !in_hand.contains(&letter.id);
        let batch = batches
            .iter()
            .find(|batch| batch.iter().any(|letter| is_free(&letter)));
        let taken: Vec<Letter> = batch
            .into_iter()
            .flatten()
            .filter(is_free)
            .cloned()
            .collect();
        in_hand.extend(taken.iter().map(|letter| letter.id.clone()));
        Ok(taken)
    }

    async fn release(&self, _: &Queue, letters: &[Letter]) -> Result<()> {
        self.lets_go(letters);
        Ok(())
    }

    async fn send(&self, to: &Queue, letter: &Letter) -> Result<()> {
        self.does(format!("send {} to {}", letter.id, to.name))
    }

    async fn delete(&self, _: &Queue, letter: &Letter) -> Result<()> {
        self.does(format!("delete {}", letter.id))?;
        self.lets_go(std::slice::from_ref(letter));
        for batch in self.letters.borrow_mut().iter_mut() {
            batch.retain(|known| known.id != letter.id);
        }
        Ok(())
    }
}

impl Moves for World {
    async fn start(&self, dlq: &Queue, destination: Option<&Queue>) -> Result<()> {
        let to = destination
            .map(|queue| format!(" to {}", queue.name))
            .unwrap_or_default();
        self.does(format!("start {}{to}", dlq.name))
    }

    async fn latest(&self, _: &Queue) -> Result<Option<Move>> {
        let mut moves = self.moves.borrow_mut();
        Ok(if moves.is_empty() {
            None
        } else {
            Some(moves.remove(0))
        })
    }
}

impl Traces for World {
    async fn steps(&self, _: &str, _: u16) -> Result<Vec<Step>> {
        Ok(self.steps.clone())
    }

    async fn reasons(&self, _: &[String]) -> Result<BTreeMap<String, String>> {
        Ok(self.reasons.clone())
    }
}

impl Functions for World {
    async fn functions(&self) -> Result<Vec<String>> {
        Ok(vec!["sms-received".to_owned()])
    }

    async fn invoke(&self, function: &str, event: String) -> Result<Outcome> {
        self.does(format!("invoke {function} {event}"))?;
        self.outcome.clone().context("no outcome")
    }
}

impl OperatorKey for World {
    async fn operator_key(&self) -> Result<String> {
        Ok("operator-key".to_owned())
    }
}

impl Caller for World {
    async fn caller(&self) -> Result<String> {
        Ok("olga".to_owned())
    }
}

impl Webhooks for World {
    async fn telegram_webhook(&self) -> Result<String> {
        Ok("https://carousel.example/telegram".to_owned())
    }
}

impl Meter for World {
    async fn usage(&self, _: u16) -> Result<Usage> {
        Ok(self.usage.clone())
    }
}

impl Checkup for World {
    async fn findings(&self) -> Result<Vec<Finding>> {
        Ok(self.findings.clone())
    }
}

/// An operator who gives one answer to every question, and counts them.
#[derive(Debug, Default)]
pub(crate) struct Person {
    pub(crate) says: bool,
    pub(crate) asked: Cell<usize>,
}

impl Person {
    pub(crate) fn who_says(says: bool) -> Self {
        Self {
            says,
            ..Self::default()
        }
    }
}

impl Ask for Person {
    fn confirm(&self, _: &str) -> Result<bool> {
        self.asked.set(self.asked.get() + 1);
        Ok(self.says)
    }
}
