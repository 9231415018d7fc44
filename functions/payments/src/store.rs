//! The DynamoDB table of payments. Only this module knows the key layout:
//!
//! | pk | sk | row |
//! |---|---|---|
//! | `ORDER#ord_..` | `ORDER` | an order with its version; in the index `ByDay`, and in `Open` until it is settled |
//! | `ORDER#ord_..` | `ROW#row_..` | a ledger entry: money |
//! | `ORDER#ord_..` | `TELL#eff_..` | an outbox event, and whether it was published |
//! | `CREDITS#studio#usr_..` | `BALANCE` | the credits of a payer: the sum of the entries beside it |
//! | `CREDITS#studio#usr_..` | `ROW#row_..` | a ledger entry: credits |
//! | `CREDITS#studio#usr_..` | `SPEND#spe_..` | a spend that was made |
//! | `PAYMENT#stripe#pi_..` | `PAYMENT` | the order of a provider's payment |
//! | `PAYER#<hash>#studio.lite` | `PAYER` | the order that a phone number was last offered for an item |
//! | `OFFER#ord_..` | `OFFER` | the offer behind a short link |
//! | `FLAGS#2026-11-21` | `<ms>#<notice>` | a flag for the operator |
//! | `DIFFERENCES` | `ord_..#pi_..` | a payment that differs between Stripe and the ledger |
//! | `RECONCILED` | `RECONCILED` | the cursor of the reconciliation |
//! | `INBOX#stripe#evt_..` | `INBOX` | the inbox, see `confab_aws::Inbox` |

mod booking;
mod credits;
mod flags;
mod ledger;
mod offers;
mod orders;
mod reconciliation;

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Row, Table, store_error, text};
use confab_core::{Clock, Entropy, OrderId, Phone, Result, Timestamp, hex};
use payments_domain::Provider;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

pub(crate) use booking::{
    BookingState, NoticeMatch, NoticeOwner, OutboxMessage, OutboxRow, ReceivedNotice,
};
pub(crate) use credits::SpendOutcome;
pub(crate) use flags::FlagRow;
pub(crate) use ledger::LedgerRow;
pub(crate) use offers::StoredOffer;
pub(crate) use orders::OrderRow;

/// Attempts at a write that conflicts with others. More in a row are a hot spot.
const MAX_CAS_ATTEMPTS: u32 = 20;

#[derive(Clone)]
pub(crate) struct Store {
    table: Table,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

/// A row that names an order.
#[derive(Serialize, Deserialize)]
struct OrderPointer {
    order_id: OrderId,
}

fn order_pk(id: OrderId) -> String {
    format!("ORDER#{id}")
}

fn order_key(id: OrderId) -> Row {
    Table::key(order_pk(id), "ORDER")
}

fn credits_pk(product: &str, payer: &str) -> String {
    format!("CREDITS#{product}#{payer}")
}

fn payment_key(provider: Provider, payment: &str) -> Row {
    let provider = match provider {
        Provider::Stripe => "stripe",
        Provider::Sumit => "sumit",
        Provider::Generic => "generic",
    };
    Table::key(format!("PAYMENT#{provider}#{payment}"), "PAYMENT")
}

/// Returns the hash that replaces a phone number in keys and rows.
pub(crate) fn payer_hash(phone: &Phone) -> String {
    hex(&Sha256::digest(phone.digits())[..16])
}

fn payer_key(payer: &str, item: &str) -> Row {
    Table::key(format!("PAYER#{payer}#{item}"), "PAYER")
}

/// Returns the UTC day, such as `2026-11-21`.
fn day_of(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

impl Store {
    pub(crate) fn new(table: Table, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            table,
            clock,
            entropy,
        }
    }

    /// Checks that the table exists and takes writes.
    pub(crate) async fn check(&self) -> Result<()> {
        self.table.check().await
    }

    pub(crate) fn today(&self) -> String {
        day_of(self.clock.now())
    }

    /// Waits with jitter, longer after each attempt.
    async fn back_off(&self, attempt: u32) {
        let [random, ..] = self.entropy.bytes();
        let max_ms = 10 * (u64::from(attempt) + 1);
        tokio::time::sleep(Duration::from_millis(max_ms * u64::from(random) / 255)).await;
    }

    /// Reads a partition in full, or its rows with a prefix of the sort key.
    async fn partition(&self, pk: &str, prefix: Option<&str>) -> Result<Vec<Row>> {
        let condition = match prefix {
            Some(_) => "pk = :pk AND begins_with(sk, :prefix)",
            None => "pk = :pk",
        };
        let mut rows = Vec::new();
        let mut start = None;
        loop {
            let mut query = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .key_condition_expression(condition)
                .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
                .consistent_read(true)
                .set_exclusive_start_key(start);
            if let Some(prefix) = prefix {
                query = query.expression_attribute_values(":prefix", text(prefix));
            }
            let page = query.send().await.map_err(store_error)?;
            rows.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(rows);
            }
        }
    }
}

fn read_all<T: DeserializeOwned>(rows: Vec<Row>) -> Result<Vec<T>> {
    rows.into_iter().map(Table::from_row).collect()
}
