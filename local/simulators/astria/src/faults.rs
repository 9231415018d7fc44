//! Injected faults in answers to the app.

use confab_simulator_base::{Fault, check_statuses, take_fault};
use serde::{Deserialize, Serialize};

/// Start of the paths of pictures.
pub(crate) const MEDIA: &str = "media/";

/// What goes wrong with the next calls of the app, used up in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CallFaults {
    pub(crate) calls: Vec<CallFault>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CallFault {
    pub(crate) times: u32,
    /// Only calls of paths that begin so, such as `p/`. Pictures have only such faults: `media/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    /// Answered with this status, and nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<u16>,
    /// It is done all the same.
    pub(crate) after: bool,
    /// The answer takes this long. What is done is done before that.
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
            after: false,
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

impl CallFaults {
    pub(crate) fn check(&self) -> Result<(), String> {
        check_statuses(&self.calls)
    }

    pub(crate) fn next(&mut self, path: &str) -> Option<CallFault> {
        let fits = |fault: &CallFault| match &fault.path {
            Some(start) => path.starts_with(start.as_str()),
            None => !path.starts_with(MEDIA),
        };
        take_fault(&mut self.calls, fits)
    }
}
