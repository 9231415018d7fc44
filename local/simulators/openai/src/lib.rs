//! Simulates a model behind the API of OpenAI, as much of it as describing pictures, writing
//! carousels, comparing texts and moderation need. The model does not recognize what a picture shows
//! and knows nothing of a subject: it names colours, light and lines, and has sentences that suit
//! every subject, always the same ones.

mod api;
mod api_error;
mod call_counts;
mod carousel;
mod chat;
mod completion;
mod config;
mod embeddings;
mod faults;
mod features;
mod fields;
mod hash;
mod ids;
mod moderations;
mod names;
mod openai;
mod phrases;
mod pictures;
mod reply;
mod routes;
mod schema;
mod settings;
mod settings_api;
mod vocabulary;

pub use config::check_setting;
pub use openai::OpenAi;
pub use routes::routes;
