//! Names of Astria's files.

use confab_simulator_base::ids;

pub(crate) fn file_name() -> String {
    ids::in_base(36, 28)
}
