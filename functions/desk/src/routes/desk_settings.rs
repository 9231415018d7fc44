//! `/canned`, `/tags`, `/views` and `/hours`: settings of the inbox.

pub(crate) mod canned;
pub(crate) mod hours;
pub(crate) mod tags;
pub(crate) mod views;

use confab_lambda::Router;

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::DynamoDbConnection,
];

pub fn routes() -> Router<State> {
    Router::new()
        .page_origin(State::console_origin)
        .route("GET /canned", canned::list_canned)
        .route("POST /canned", canned::create_canned)
        .route("PUT /canned/{shortcut}", canned::update_canned)
        .route("DELETE /canned/{shortcut}", canned::delete_canned)
        .route("GET /tags", tags::list_tags)
        .route("POST /tags", tags::create_tag)
        .route("PUT /tags/{id}", tags::update_tag)
        .route("DELETE /tags/{id}", tags::delete_tag)
        .route("GET /views", views::list_views)
        .route("POST /views", views::create_view)
        .route("PUT /views/{id}", views::update_view)
        .route("DELETE /views/{id}", views::delete_view)
        .route("GET /hours", hours::show_hours)
        .route("PUT /hours", hours::update_hours)
}
