//! Injected faults in answers to the app.

use confab_simulator_base::Fault;
use serde::{Deserialize, Serialize};

use crate::settings::AnswerMode;

pub(crate) type CallFaults = confab_simulator_base::CallFaults<CallFault>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CallFault {
    pub(crate) times: u32,
    /// Restricts the fault to paths with this start, such as `embeddings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    /// The status of the answer. Nothing else happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<u16>,
    /// The code in the answer, such as `insufficient_quota`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Delay of the answer, after it was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hang_ms: Option<u64>,
    /// The quality of the completion, whatever the settings say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<AnswerMode>,
    /// The connection is lost before anything was done.
    pub(crate) drop_before: bool,
    /// The connection is lost before the answer, which costs tokens all the same.
    pub(crate) drop_after: bool,
}

impl Default for CallFault {
    fn default() -> Self {
        Self {
            times: 1,
            path: None,
            http: None,
            code: None,
            hang_ms: None,
            answer: None,
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
