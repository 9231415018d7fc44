//! Astria: learns a person from photos and makes pictures of them. It calls back once, unsigned: what it then says is a
//! hint, and what is true is asked of the API.

mod callback;
mod client;
mod error;
mod inspection;
mod objects;
mod wire;

pub use callback::{Callback, parse_callback};
pub use client::{Astria, AstriaConfig};
pub use error::AstriaError;
pub use inspection::Inspection;
pub use objects::{Cost, Pack, Prompt, Tune};
pub use wire::NewTune;
