//! Shared parts of the provider simulators. They know no provider: each provider brings its tables,
//! settings, routes and the way in which it signs its webhooks.

mod api_key;
mod call_record;
mod connection;
mod context;
mod delivery;
mod delivery_settings;
mod faults;
pub mod fetch;
pub mod form_names;
pub mod ids;
pub mod json_column;
mod page_update;
pub mod photo;
mod problem;
mod store;
mod stored_settings;
mod webhook;
mod webhook_backlog;
mod webhook_queue;
mod webhook_table;

pub use api_key::{bearer_token, check_built_in_key, unknown_setting};
pub use call_record::{Call, CallRecord, correlation_id_of};
pub use connection::{hang, lost_connection};
pub use context::{ContextOptions, SimulatorContext};
pub use delivery::{Attempt, WebhookSender, run_delivery};
pub use delivery_settings::{DeliverySettings, SignatureMode, check_range};
pub use faults::{CallFaults, Fault, check_statuses, take_fault};
pub use page_update::{PageUpdate, stream_updates};
pub use problem::{Answer, Problem};
pub use store::{Store, Transaction};
pub use stored_settings::{Settings, StoredSettings};
pub use webhook::{NewWebhook, OrderingKey, Provider, Webhook, WebhookKind};
pub use webhook_queue::WebhookQueue;
