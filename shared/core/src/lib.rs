//! What every product means by an id, an amount, a moment and an error.
//!
//! Architecture invariant: this crate does no I/O and knows no AWS type. Time, ids and randomness come in.

#[doc(hidden)]
#[cfg(feature = "contract")]
pub mod contract;
mod env;
mod error;
#[doc(hidden)]
pub mod id;
mod money;
mod private;
mod sealed;
mod text;
mod time;

pub use env::{Env, EnvError};
pub use error::{Error, Kind, Result};
pub use id::{
    CorrelationId, EffectId, Entropy, EventId, MessageId, OrderId, PhotoId, RowId, SpendId,
    TenantId, TicketId, UserId,
};
pub use money::{Currency, Money, MoneyError};
pub use private::{Phone, Private};
pub use sealed::{Sealed, seal, unseal};
pub use text::{clip, hex, length};
pub use time::{Clock, Timestamp, after, before};
