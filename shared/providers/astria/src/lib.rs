//! Astria: trains a model of a person on photos and generates pictures with it.
//! Its callbacks are unsigned hints whose bodies are not read; the API supplies the actual state.

mod client;
mod error;
mod inspection;
mod objects;
mod wire;

pub use client::{Astria, AstriaConfig};
pub use error::AstriaError;
pub use inspection::Inspection;
pub use objects::{Cost, Pack, Prompt, Tune};
pub use wire::NewTune;
