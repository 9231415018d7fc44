//! How the providers behave: the delivery of webhooks, and faults in answering the app.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// How often each webhook is delivered.
    pub(crate) copies: u32,
    pub(crate) reorder: bool,
    pub(crate) delay_ms: i64,
    pub(crate) signature: Signature,
    /// Do statuses of the app's messages go out?
    pub(crate) statuses: bool,
    /// How many updates Meta may put into one webhook.
    pub(crate) batch: usize,
    /// How many webhooks may be on their way at once.
    pub(crate) concurrency: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Signature {
    Good,
    Bad,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            copies: 1,
            reorder: false,
            delay_ms: 0,
            signature: Signature::Good,
            statuses: true,
            batch: 1,
            concurrency: 20,
        }
    }
}

/// How the webhooks of one line go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) copies: u32,
    pub(crate) reorder: bool,
    pub(crate) delay_ms: i64,
    pub(crate) signature: Signature,
    pub(crate) batch: usize,
    pub(crate) concurrency: usize,
}

impl Settings {
    pub(crate) fn pace(&self) -> Pace {
        let Self {
            copies,
            reorder,
            delay_ms,
            signature,
            batch,
            concurrency,
            ..
        } = *self;
        Pace {
            copies,
            reorder,
            delay_ms,
            signature,
            batch,
            concurrency,
        }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        self.pace().check()
    }
}

impl Pace {
    pub(crate) fn check(&self) -> Result<(), String> {
        in_range("copies", (1..=5).contains(&self.copies), "1 to 5")?;
        in_range(
            "delay_ms",
            (0..=3_600_000).contains(&self.delay_ms),
            "0 to 3600000",
        )?;
        in_range("batch", (1..=100).contains(&self.batch), "1 to 100")?;
        in_range(
            "concurrency",
            (1..=200).contains(&self.concurrency),
            "1 to 200",
        )
    }
}

pub(crate) fn in_range(name: &str, ok: bool, range: &str) -> Result<(), String> {
    match ok {
        true => Ok(()),
        false => Err(format!("{name} must be {range}.")),
    }
}

/// What goes wrong with the next messages that the app sends, used up in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Faults {
    pub(crate) send: Vec<Fault>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) times: u32,
    /// Only sends to this person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) person: Option<String>,
    /// Refused with this status; with `code`, in the provider's words, and without, in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<i64>,
    /// The answer takes this long. An accepted message is accepted before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hang_ms: Option<u64>,
    /// The connection is lost before anything was done.
    pub(crate) drop_before_accept: bool,
    /// The message goes out, and the connection is lost before the answer.
    pub(crate) drop_after_accept: bool,
    /// The message is accepted, and a status tells later that it failed with this code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fails_later: Option<i64>,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            times: 1,
            person: None,
            http: None,
            code: None,
            hang_ms: None,
            drop_before_accept: false,
            drop_after_accept: false,
            fails_later: None,
        }
    }
}

impl Faults {
    pub(crate) fn check(&self) -> Result<(), String> {
        let status = |fault: &&Fault| fault.http.is_some_and(|http| !(400..=599).contains(&http));
        match self.send.iter().find(status) {
            Some(_) => Err("http must be 400 to 599.".into()),
            None => Ok(()),
        }
    }

    pub(crate) fn next(&mut self, person: Option<&str>) -> Option<Fault> {
        let fits = |fault: &Fault| fault.person.is_none() || fault.person.as_deref() == person;
        let at = self
            .send
            .iter()
            .position(|fault| fault.times > 0 && fits(fault))?;
        let fault = self.send[at].clone();
        self.send[at].times -= 1;
        self.send.retain(|fault| fault.times > 0);
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_used_up_in_order_by_those_whom_they_are_for() {
        let json = r#"{"send":[{"person":"per_1","code":1,"http":500},{"http":503,"times":2}]}"#;
        let mut faults: Faults = serde_json::from_str(json).unwrap();
        let status = |fault: Option<Fault>| fault.and_then(|fault| fault.http);
        assert_eq!(status(faults.next(Some("per_2"))), Some(503));
        assert_eq!(status(faults.next(Some("per_1"))), Some(500));
        assert_eq!(status(faults.next(Some("per_1"))), Some(503));
        assert_eq!(faults.next(None), None);
    }
}
