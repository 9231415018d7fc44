//! The rules of rooms: who may do what, what a message is, and what goes over a socket.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; time and ids come in.

mod broadcast;
mod code;
mod frame;
mod message;
mod name;
mod pace;
mod paid;
mod person;
mod photo;
mod room;
mod ticket;

pub use broadcast::{BroadcastJob, News, Reason, RoomClosed};
pub use code::RoomCode;
pub use frame::{ClientFrame, LARGEST_FRAME, ServerFrame, chunks};
pub use message::{
    ClientMessageId, Draft, MOST_EMOJI, MOST_OF_ONE_EMOJI, Message, Quote, Reaction, Text, emoji,
    reactions,
};
pub use name::{RoomName, Username, suggestions};
pub use pace::Pace;
pub use paid::{Goods, NotGiven, PRODUCT, PaidJob, PaidPin, TIPS, Tier};
pub use person::{Person, Place};
pub use photo::{
    Analysis, Caption, Found, Meaning, NotShown, PhotoJob, STEPS, State, Suggestion, Traits, Why,
    similar,
};
pub use room::{
    AccessCode, BackRoom, Change, HostView, Live, PhotoView, Pin, Role, Room, RoomPhoto, RoomView,
    Standing, You, description,
};
pub use ticket::{Session, Ticket};
