//! Tests of all simulators over HTTP, as the app and the pages use them.

#[cfg(test)]
mod astria;
#[cfg(test)]
mod astria_callbacks;
#[cfg(test)]
mod astria_client;
#[cfg(test)]
mod astria_photos;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod meta;
#[cfg(test)]
mod model;
#[cfg(test)]
mod model_carousel;
#[cfg(test)]
mod model_client;
#[cfg(test)]
mod phone;
#[cfg(test)]
mod stripe;
#[cfg(test)]
mod stripe_balance;
#[cfg(test)]
mod stripe_disputes;
#[cfg(test)]
mod stripe_events;
#[cfg(test)]
mod stripe_refunds;
#[cfg(test)]
mod stripe_versions;
#[cfg(test)]
mod telegram;
#[cfg(test)]
mod telegram_bot;
#[cfg(test)]
mod telegram_faults;
#[cfg(test)]
mod telegram_webhook;
#[cfg(test)]
mod twilio;
