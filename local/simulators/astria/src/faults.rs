//! Injected faults in answers to the app.

use confab_simulator_base::Fault;
use serde::{Deserialize, Serialize};

/// Start of the paths of pictures.
pub(crate) const MEDIA: &str = "media/";

pub(crate) type CallFaults = confab_simulator_base::CallFaults<CallFault>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CallFault {
    pub(crate) times: u32,
    /// Restricts the fault to paths with this start, such as `p/`. Faults of pictures need one:
    /// `media/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    /// The status of the answer. Nothing else happens, unless `after` is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http: Option<u16>,
    /// The work is done before the error is answered.
    pub(crate) after: bool,
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

impl CallFault {
    pub(crate) fn fits(&self, path: &str) -> bool {
        match &self.path {
            Some(start) => path.starts_with(start.as_str()),
            None => !path.starts_with(MEDIA),
        }
    }
}
