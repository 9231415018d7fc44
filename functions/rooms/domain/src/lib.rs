//! The rules of rooms: access levels, messages, purchases and socket frames.
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

pub use broadcast::{RemovalReason, RoomClosed, RoomUpdate};
pub use code::RoomCode;
pub use frame::{ClientFrame, MAX_FRAME_BYTES, ServerFrame, split_into_frames};
pub use message::{
    ClientMessageId, Draft, MAX_EMOJI_PER_MESSAGE, MAX_USERS_PER_EMOJI, Message, MessageText,
    Quote, Reaction, parse_emoji, summarize_reactions,
};
pub use name::{RoomName, Username, suggest_usernames};
pub use pace::Pace;
pub use paid::{Goods, PRODUCT, PaidPin, PurchaseJob, RefundReason, TIP_AMOUNTS, Tier};
pub use person::{Membership, Person};
pub use photo::{
    AnalysisState, Caption, Embedding, PhotoAnalysis, PhotoFeatures, PhotoFindings, PhotoJob,
    PhotoRefusal, STEPS, Similarity, Suggestion, find_similar_rooms,
};
pub use room::{
    AccessCode, AccessLevel, BackRoom, HostView, PhotoView, Pin, Role, Room, RoomActivity,
    RoomChange, RoomPhoto, RoomView, Viewer, parse_description,
};
pub use ticket::{Session, Ticket};
