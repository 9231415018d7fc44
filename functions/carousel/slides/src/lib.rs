//! Draws slides: the texts of a carousel and its look become PNG, JPEG, PDF and HTML.
//!
//! Architecture invariant: pure computation. No AWS, network, clock or files; the same input gives the same bytes.

mod color;
mod draw;
mod element;
mod error;
mod fit;
mod fonts;
mod logo;
mod page;
mod palette;
mod pdf;
mod plan;
mod renderer;
mod scale;
mod script;
mod style;
mod templates;
mod text;

pub use color::{LARGE_TEXT_CONTRAST, TEXT_CONTRAST, contrast};
pub use element::Direction;
pub use error::Error;
pub use logo::{Logo, MAX_LOGO_SIDE};
pub use palette::Palette;
pub use plan::{PlannedSlide, RENDERER_VERSION, Sizes, SlideRequest, TextSizes, version};
pub use renderer::{RenderedSlide, Renderer, html};
pub use text::{Cut, Field};
