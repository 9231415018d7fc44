//! State of the simulator.

use std::sync::Arc;

use confab_simulator_base::SimulatorContext;
use confab_simulator_chat::Chat;

use crate::account::TwilioAccount;

#[derive(Debug)]
pub struct Twilio {
    pub(crate) context: Arc<SimulatorContext>,
    pub(crate) chat: Arc<Chat>,
    pub(crate) account: TwilioAccount,
}

impl Twilio {
    pub fn new(chat: Arc<Chat>, account: TwilioAccount) -> Arc<Self> {
        let context = Arc::clone(&chat.context);
        Arc::new(Self {
            context,
            chat,
            account,
        })
    }
}
