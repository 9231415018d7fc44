//! AWS on one machine: DynamoDB, S3, SQS, EventBridge, Scheduler, API Gateway, SES, SSM and Lambda for any SAM
//! template.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use std::{collections::BTreeMap, path::Path, sync::Arc};
//! use confab_emulator::{Clock, CodeFolders, Emulator, EmulatorConfig, template::{Places, Template}};
//!
//! let data = Path::new(".confab");
//! let places = Places::default();
//! let emulator = Emulator::open(EmulatorConfig {
//!     template: Template::load(Path::new("template.yaml"), &places)?,
//!     places,
//!     data: data.to_owned(),
//!     code: CodeFolders { binaries: "target/debug".into(), tools: ".tools/lambda".into() },
//!     parameters: BTreeMap::new(),
//!     clock: Arc::new(Clock::open(data)?),
//! })
//! .await?;
//! emulator.start_loops();
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:7072").await?;
//! axum::serve(listener, emulator.aws_router()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Modules import downwards only: `clock`, `recorder` and `template` know no service; services know those and the
//! services that they send to; `endpoint` dispatches to services; `emulator` wires all of them.

mod account;
mod caller;
mod clock;
mod cors;
mod dynamodb;
mod emulator;
mod endpoint;
mod eventbridge;
mod http_api;
pub mod lambda;
mod latency;
pub mod loopback;
pub mod recorder;
mod s3;
mod scheduler;
mod ses;
pub mod sqs;
mod ssm;
pub mod template;
mod tenants;
mod websocket;

pub use clock::Clock;
pub use dynamodb::Tables;
pub use emulator::{Emulator, EmulatorConfig};
pub use eventbridge::EventBuses;
pub use http_api::match_path;
pub use lambda::CodeFolders;
pub use latency::Latency;
pub use s3::Objects;
pub use scheduler::{Due, Scheduler};
pub use ses::{MailSummary, Mailbox, MailboxStats, StoredMail};
pub use tenants::{TenantIsolation, TenantViolation};
pub use websocket::{AttachedConnection, WebSocketGateway};
