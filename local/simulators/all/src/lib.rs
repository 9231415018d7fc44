//! All provider simulators behind one router: Meta, Twilio, Telegram, Stripe, Astria and a model
//! over their wire formats, people with phones, and a shop. Replies survive a `kill -9`, and webhooks owed to
//! the app are delivered after the next start.

mod options;
mod simulators;

pub use confab_simulator_base::CallRecord;
pub use confab_simulator_meta::MetaAccount;
pub use confab_simulator_shop::ShopConfig;
pub use confab_simulator_stripe::StripeAccount;
pub use confab_simulator_telegram::TelegramAccount;
pub use confab_simulator_twilio::TwilioAccount;
pub use options::{Options, SimulatorSettings};
pub use simulators::Simulators;
