//! The outside world from the outside: what the app and the phone page see of it.

#[cfg(test)]
mod delivery;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod meta;
#[cfg(test)]
mod phone;
#[cfg(test)]
mod stripe;
#[cfg(test)]
mod stripe_events;
#[cfg(test)]
mod twilio;
#[cfg(test)]
mod world;
