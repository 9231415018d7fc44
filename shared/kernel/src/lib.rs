//! What every product means by an id, an amount, a moment, an error and an event.
//!
//! Architecture invariant: this crate does no I/O and knows no AWS type. Time, ids and randomness come in.

#[doc(hidden)]
pub mod contract;
mod env;
mod error;
mod event;
mod id;
pub mod messaging;
mod money;
pub mod payments;
mod price;
mod private;
mod sealed;
mod text;
mod time;
pub mod worker;

pub use env::{Env, EnvError};
pub use error::{Error, Kind, Result};
pub use event::{
    CleanupDue, CleanupFinished, Contract, Event, ImageProcessed, PackImagesUpdated, TuneCreated, UserMessageReceived,
};
pub use id::{
    CorrelationId, EffectId, Entropy, EventId, MessageId, OrderId, PhotoId, RowId, SpendId, TenantId, TicketId, UserId,
};
pub use money::{Currency, Money, MoneyError};
pub use price::{Item, PriceList, PriceListError};
pub use private::{Phone, Private};
pub use sealed::{Sealed, seal, unseal};
pub use text::{clip, hex, length};
pub use time::{Clock, Timestamp, after, before};
