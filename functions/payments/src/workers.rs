pub mod payments_book;
pub mod payments_reconcile;
pub mod payments_requests;
