//! Events of the maintenance service.

use serde::{Deserialize, Serialize};

use crate::Contract;

/// Asks every service to delete expired data, or to count it in a dry run. The event's id is the id of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupDue {
    pub dry_run: bool,
}

impl Contract for CleanupDue {
    const TYPE: &'static str = "cleanup_due";
    const VERSION: u16 = 1;
}
