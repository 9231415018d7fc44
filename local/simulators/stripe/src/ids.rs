//! Ids in the format of Stripe's: `cs_test_..`, `pi_..`, `evt_..`.

use confab_simulator_base::ids;

pub(crate) fn new_id(prefix: &str, length: usize) -> String {
    format!("{prefix}_{}", ids::alphanumeric(length))
}
