//! API of the ledger page: an operator's view of the ledger, and offers sealed as a product seals
//! them. No other route of the gateway can be reached through it.

mod config;
mod gateway;
mod ledger;
mod offers;
mod routes;
mod shop;
mod shop_error;

pub use config::ShopConfig;
pub use routes::routes;
pub use shop::Shop;
