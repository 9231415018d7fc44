//! Injected faults in answers to the app.

use confab_simulator_base::Fault;
use serde::{Deserialize, Serialize};

pub(crate) type CallFaults = confab_simulator_base::CallFaults<CallFault>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CallFault {
    pub(crate) times: u32,
    /// Restricts the fault to paths with this start, such as `refunds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    /// The status of the refusal. Nothing else happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<u16>,
    /// The refusal is stored under the idempotency key, like Stripe's own failures.
    pub(crate) kept: bool,
    /// Delay of the answer, after the work is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hang_ms: Option<u64>,
    /// The connection is lost before anything was done.
    pub(crate) drop_before: bool,
    /// The connection is lost before the answer.
    pub(crate) drop_after: bool,
}

impl Default for CallFault {
    fn default() -> Self {
        Self {
            times: 1,
            path: None,
            http: None,
            kept: false,
            hang_ms: None,
            drop_before: false,
            drop_after: false,
        }
    }
}

impl Fault for CallFault {
    fn times(&mut self) -> &mut u32 {
        &mut self.times
    }

    fn status(&self) -> Option<u16> {
        self.http
    }
}

impl CallFault {
    pub(crate) fn fits(&self, path: &str) -> bool {
        let start = self.path.as_deref();
        start.is_none_or(|start| path.starts_with(start))
    }
}
