//! Injected faults of messages that the app sends.

use confab_simulator_base::{Fault, check_statuses, take_fault};
use serde::{Deserialize, Serialize};

/// Faults of the next sends, used up in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SendFaults {
    pub send: Vec<SendFault>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SendFault {
    pub times: u32,
    /// Restricts the fault to sends to this person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The status of the refusal. Its body is the provider's error when `code` is set, and HTML
    /// otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Delay of the answer. An accepted message is accepted before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hang_ms: Option<u64>,
    /// The connection is lost before anything was done.
    pub drop_before_accept: bool,
    /// The message goes out, and the connection is lost before the answer.
    pub drop_after_accept: bool,
    /// The message is accepted, and a later status reports that it failed with this code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails_later: Option<i64>,
}

impl Default for SendFault {
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

impl Fault for SendFault {
    fn times(&mut self) -> &mut u32 {
        &mut self.times
    }

    fn status(&self) -> Option<u16> {
        self.http
    }
}

impl SendFaults {
    pub fn check(&self) -> Result<(), String> {
        check_statuses(&self.send)
    }

    pub(crate) fn next(&mut self, person: Option<&str>) -> Option<SendFault> {
        take_fault(&mut self.send, |fault| {
            fault.person.is_none() || fault.person.as_deref() == person
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_used_in_order_by_the_people_they_name() {
        let json = r#"{"send":[{"person":"per_1","code":1,"http":500},{"http":503,"times":2}]}"#;
        let mut faults: SendFaults = serde_json::from_str(json).unwrap();
        let status = |fault: Option<SendFault>| fault.and_then(|fault| fault.http);
        assert_eq!(status(faults.next(Some("per_2"))), Some(503));
        assert_eq!(status(faults.next(Some("per_1"))), Some(500));
        assert_eq!(status(faults.next(Some("per_1"))), Some(503));
        assert_eq!(faults.next(None), None);
    }
}
