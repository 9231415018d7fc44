//! State of the simulator.

use std::sync::Arc;

use confab_simulator_base::SimulatorContext;
use confab_simulator_chat::Chat;

use crate::account::MetaAccount;

#[derive(Debug)]
pub struct Meta {
    pub(crate) context: Arc<SimulatorContext>,
    pub(crate) chat: Arc<Chat>,
    pub(crate) account: MetaAccount,
}

impl Meta {
    pub fn new(chat: Arc<Chat>, account: MetaAccount) -> Arc<Self> {
        let context = Arc::clone(&chat.context);
        Arc::new(Self {
            context,
            chat,
            account,
        })
    }
}
