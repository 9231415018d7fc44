//! Simulates the API of Stripe, as much of it as Checkout, refunds and disputes need, the page on
//! which people pay, and the events that report payments.

mod account;
mod api;
mod api_error;
mod balance;
mod control;
mod disputes;
mod due_work;
mod events;
mod external_payments;
mod faults;
mod form;
mod ids;
mod list;
mod objects;
mod page;
mod pay;
mod refunds;
mod routes;
mod sender;
mod sessions;
mod settings;
mod settings_api;
mod stripe;
mod tables;
mod unit_of_work;
mod version;
mod webhook;

pub use account::StripeAccount;
pub use routes::routes;
pub use stripe::Stripe;
