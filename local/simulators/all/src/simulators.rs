//! All simulators over one store, behind one router.

use std::sync::Arc;

use anyhow::Result;
use axum::{Router, extract::DefaultBodyLimit};
use confab_simulator_astria::Astria;
use confab_simulator_base::{ContextOptions, SimulatorContext, WebhookSender, run_delivery};
use confab_simulator_chat::Chat;
use confab_simulator_meta::Meta;
use confab_simulator_openai::OpenAi;
use confab_simulator_phone::Phone;
use confab_simulator_shop::Shop;
use confab_simulator_stripe::Stripe;
use confab_simulator_telegram::Telegram;
use confab_simulator_twilio::Twilio;
use tokio::sync::watch;

use crate::options::Options;

/// Pictures arrive as base64 in JSON.
const MAX_REQUEST_BYTES: usize = 72 * 1024 * 1024;

#[derive(Debug)]
pub struct Simulators {
    context: Arc<SimulatorContext>,
    chat: Arc<Chat>,
    meta: Arc<Meta>,
    twilio: Arc<Twilio>,
    phone: Arc<Phone>,
    telegram: Arc<Telegram>,
    stripe: Arc<Stripe>,
    astria: Arc<Astria>,
    openai: Arc<OpenAi>,
    shop: Arc<Shop>,
}

impl Simulators {
    pub fn open(options: Options) -> Result<Arc<Self>> {
        let context = SimulatorContext::open(
            &options.data_dir,
            ContextOptions {
                base_url: options.base_url,
                clock: options.clock,
                call_records: options.call_records,
            },
        )?;
        let messaging = [
            confab_simulator_meta::PROVIDER,
            confab_simulator_twilio::PROVIDER,
        ];
        let chat = Chat::open(Arc::clone(&context), &messaging)?;
        let meta = Meta::new(Arc::clone(&chat), options.meta);
        let twilio = Twilio::new(Arc::clone(&chat), options.twilio);
        let phone = Phone::new(Arc::clone(&chat), Arc::clone(&meta), Arc::clone(&twilio));
        Ok(Arc::new(Self {
            phone,
            telegram: Telegram::open(Arc::clone(&context), options.telegram)?,
            stripe: Stripe::open(Arc::clone(&context), options.stripe)?,
            astria: Astria::open(Arc::clone(&context))?,
            openai: OpenAi::open(Arc::clone(&context))?,
            shop: Shop::new(Arc::clone(&context), options.shop),
            context,
            chat,
            meta,
            twilio,
        }))
    }

    /// Routes the APIs of the providers, such as `/meta/..`, and the control APIs under `/api/..`.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(confab_simulator_meta::routes(Arc::clone(&self.meta)))
            .merge(confab_simulator_twilio::routes(Arc::clone(&self.twilio)))
            .merge(confab_simulator_phone::routes(Arc::clone(&self.phone)))
            .merge(confab_simulator_telegram::routes(Arc::clone(
                &self.telegram,
            )))
            .merge(confab_simulator_stripe::routes(Arc::clone(&self.stripe)))
            .merge(confab_simulator_astria::routes(Arc::clone(&self.astria)))
            .merge(confab_simulator_openai::routes(Arc::clone(&self.openai)))
            .merge(confab_simulator_shop::routes(Arc::clone(&self.shop)))
            .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
    }

    /// Delivers webhooks until `shutdown`. Webhooks still owed then go out after the next start.
    pub async fn run(self: Arc<Self>, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(false);
        let stop_delivery = async {
            shutdown.await;
            stop.send_replace(true);
        };
        let messaging: Vec<Arc<dyn WebhookSender>> =
            vec![Arc::clone(&self.meta) as _, Arc::clone(&self.twilio) as _];
        let context = || Arc::clone(&self.context);
        let messages = run_delivery(
            context(),
            Arc::clone(&self.chat.webhooks),
            messaging,
            stopped.clone(),
        );
        let payments = run_delivery(
            context(),
            Arc::clone(self.stripe.webhooks()),
            vec![Arc::clone(&self.stripe) as _],
            stopped.clone(),
        );
        let tunes = run_delivery(
            context(),
            Arc::clone(self.astria.webhooks()),
            vec![Arc::clone(&self.astria) as _],
            stopped.clone(),
        );
        let telegram = confab_simulator_telegram::run_delivery(Arc::clone(&self.telegram), stopped);
        tokio::join!(stop_delivery, messages, payments, tunes, telegram);
        self.context.close();
    }
}
