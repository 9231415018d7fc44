//! State of the simulator.

use std::sync::Arc;

use confab_simulator_base::SimulatorContext;
use confab_simulator_chat::Chat;
use confab_simulator_meta::Meta;
use confab_simulator_twilio::Twilio;

#[derive(Debug)]
pub struct Phone {
    pub(crate) context: Arc<SimulatorContext>,
    pub(crate) chat: Arc<Chat>,
    pub(crate) meta: Arc<Meta>,
    pub(crate) twilio: Arc<Twilio>,
}

impl Phone {
    pub fn new(chat: Arc<Chat>, meta: Arc<Meta>, twilio: Arc<Twilio>) -> Arc<Self> {
        let context = Arc::clone(&chat.context);
        Arc::new(Self {
            context,
            chat,
            meta,
            twilio,
        })
    }
}
