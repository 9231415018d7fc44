//! What the end-to-end suites stand on: a place where Confab runs, people with phones, and patience.
//!
//! Without `CONFAB_GATEWAY` a suite starts a `local` of its own, on free ports and in a folder of its own.

mod carousel;
mod cloud;
mod desk;
mod local;
mod people;
mod place;
pub mod repository;
mod rooms;
mod shop;
mod studio;
mod traffic;

pub use carousel::{Reader, count_photos};
pub use cloud::{Cloud, MiniStack, refused, sqs_of};
pub use desk::{DeskCaller, DeskOwner};
pub use local::{Local, binary, peak_memory, processor_micros};
pub use people::Person;
pub use place::{PATIENCE, Place, eventually, sign_meta};
pub use rooms::{Guest, Live, Taken};
pub use shop::{PRODUCT, SEAL_SECRET, Shop, state_of};
pub use studio::{ENGLISH, HEBREW, TRAINING, Visit, Words, text_of};
pub use traffic::Traffic;
