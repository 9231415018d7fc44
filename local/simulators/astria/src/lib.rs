//! Simulates the API of Astria, as much of it as portraits from packs need: it inspects photos,
//! trains tunes, and draws portraits.

mod api;
mod api_error;
mod astria;
mod callback;
mod canvas;
mod config;
mod control;
mod due_work;
mod exchange;
mod faults;
mod figure;
mod ids;
mod input;
mod inspect;
mod life;
mod measure;
mod media;
mod objects;
mod packs;
mod pictures;
mod prompts;
mod routes;
mod selfies;
mod sender;
mod settings;
mod settings_api;
mod tables;
mod tunes;
mod unit_of_work;

pub use astria::Astria;
pub use config::check_setting;
pub use routes::routes;
