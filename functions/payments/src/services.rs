pub(crate) mod booking_store;
pub(crate) mod checkout;
pub(crate) mod event_publisher;
pub(crate) mod provider_snapshot;
pub(crate) mod stripe_retry;
