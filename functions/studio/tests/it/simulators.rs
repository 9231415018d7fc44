//! Meta, Twilio and Astria behind one router, with people and the webhooks that the providers owe.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Json, Router, body::Body, http::Request, routing::post};
use confab_contracts::payments::{Offer, OfferStored};
use confab_core::{Clock, Timestamp, unseal};
use confab_simulator_astria::Astria;
use confab_simulator_base::{
    ContextOptions, SignatureMode, SimulatorContext, WebhookQueue, WebhookSender,
};
use confab_simulator_chat::{Chat, StoredMessage, messages};
use confab_simulator_meta::{Meta, MetaAccount};
use confab_simulator_phone::Phone;
use confab_simulator_twilio::{Twilio, TwilioAccount};
use confab_testkit::{TestClock, memory_folder};
use serde_json::{Value, json};
use tower::ServiceExt;

/// The public address of the API, as providers were told it.
pub(crate) const GATEWAY: &str = "https://studio.example";
pub(crate) const PHONE_NUMBER_ID: &str = "106540352242922";
pub(crate) const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
pub(crate) const TWILIO_FROM: &str = "whatsapp:+14155238886";

/// Pictures arrive as base64 in JSON.
const MAX_RESPONSE_BYTES: usize = 16 * 1024 * 1024;

/// A signed request of a provider.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) method: &'static str,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Webhook {
    /// Replaces or adds a header.
    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }
}

pub(crate) struct Simulators {
    chat: Arc<Chat>,
    meta: Arc<Meta>,
    twilio: Arc<Twilio>,
    astria: Arc<Astria>,
    router: Router,
    /// Offers that the payments service was given.
    offers: Arc<Mutex<Vec<Offer>>>,
    _data: tempfile::TempDir,
}

impl Simulators {
    /// Opens the providers without people, for the address that they are served at.
    pub(crate) fn open(address: &str, clock: TestClock) -> Self {
        let data = memory_folder();
        let options = ContextOptions {
            base_url: address.to_owned(),
            clock: Arc::new(move || clock.now().as_millisecond()),
            call_records: Arc::new(|_| {}),
        };
        let context = SimulatorContext::open(data.path(), options).unwrap();
        // Nothing here outlives the test.
        let unsynced = context.store().db.pragma_update(None, "synchronous", "off");
        unsynced.unwrap();
        let providers = [
            confab_simulator_meta::PROVIDER,
            confab_simulator_twilio::PROVIDER,
        ];
        let chat = Chat::open(Arc::clone(&context), &providers).unwrap();
        let meta = Meta::new(Arc::clone(&chat), meta_account());
        let twilio = Twilio::new(Arc::clone(&chat), twilio_account());
        let phone = Phone::new(Arc::clone(&chat), Arc::clone(&meta), Arc::clone(&twilio));
        let astria = Astria::open(Arc::clone(&context)).unwrap();
        let offers = Arc::default();
        let router = Router::new()
            .merge(confab_simulator_meta::routes(Arc::clone(&meta)))
            .merge(confab_simulator_twilio::routes(Arc::clone(&twilio)))
            .merge(confab_simulator_phone::routes(phone))
            .merge(confab_simulator_astria::routes(Arc::clone(&astria)))
            .merge(payments(Arc::clone(&offers)))
            .layer(axum::extract::DefaultBodyLimit::max(MAX_RESPONSE_BYTES));
        Self {
            chat,
            meta,
            twilio,
            astria,
            router,
            offers,
            _data: data,
        }
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Calls a control API, without the network and without faults.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let bytes = self.bytes(method, path, body).await;
        serde_json::from_slice(&bytes).unwrap()
    }

    pub(crate) async fn bytes(&self, method: &str, path: &str, body: &Value) -> Vec<u8> {
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), MAX_RESPONSE_BYTES);
        let body = body.await.unwrap();
        let text = String::from_utf8_lossy(&body);
        assert_eq!(status, 200, "{method} {path}: {text}");
        body.to_vec()
    }

    /// Takes the webhooks that the providers owe, signed.
    pub(crate) fn take_webhooks(&self) -> Vec<Webhook> {
        self.take_webhooks_signed(SignatureMode::Valid)
    }

    pub(crate) fn take_webhooks_signed(&self, signature: SignatureMode) -> Vec<Webhook> {
        self.astria.run_due_work();
        let messengers: [&dyn WebhookSender; 2] = [&*self.meta, &*self.twilio];
        let mut webhooks = self.take(&self.chat.webhooks, &messengers, signature);
        webhooks.extend(self.take(self.astria.webhooks(), &[&*self.astria], signature));
        webhooks
    }

    fn take(
        &self,
        queue: &WebhookQueue,
        senders: &[&dyn WebhookSender],
        signature: SignatureMode,
    ) -> Vec<Webhook> {
        let mut taken = Vec::new();
        while let Some(webhooks) = queue.take(self.chat.context.now(), 0) {
            let provider = webhooks[0].provider;
            let sender = senders
                .iter()
                .find(|sender| sender.provider() == provider)
                .unwrap();
            let request = sender.request(&webhooks, signature).unwrap();
            let request = request.build().unwrap();
            let url = request.url();
            let query = url.query().map(|query| format!("?{query}"));
            let headers = request.headers().iter();
            taken.push(Webhook {
                method: "POST",
                path: format!("{}{}", url.path(), query.unwrap_or_default()),
                headers: headers
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                    .collect(),
                body: request.body().unwrap().as_bytes().unwrap().to_vec(),
            });
            for webhook in webhooks {
                queue.remove(webhook.id);
            }
        }
        taken
    }

    /// Drops the webhooks that are owed.
    pub(crate) fn lose_webhooks(&self) {
        drop(self.take_webhooks());
    }

    /// Returns all messages that the providers accepted from the studio, oldest first.
    pub(crate) fn sent(&self) -> Vec<StoredMessage> {
        messages::sent_by_app(&self.chat.context.store().db, None).unwrap()
    }

    /// Returns all tunes of Astria, newest first.
    pub(crate) async fn tunes(&self) -> Vec<Value> {
        let tunes = self.call("GET", "/api/astria/tunes", &Value::Null).await;
        tunes.as_array().cloned().unwrap_or_default()
    }

    /// Lets the next calls of Astria fail, such as `{"path":"p/","http":422}`.
    pub(crate) async fn fail_astria(&self, faults: Value) {
        let faults = json!({ "calls": faults });
        self.call("PUT", "/api/astria/faults", &faults).await;
    }

    /// Lets the next sends of messages fail, such as `{"code":131047}`.
    pub(crate) async fn fail_sends(&self, faults: Value) {
        let faults = json!({ "send": faults });
        self.call("PUT", "/api/phone/faults", &faults).await;
    }

    pub(crate) fn offers(&self) -> Vec<Offer> {
        let offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.clone()
    }
}

fn meta_account() -> MetaAccount {
    MetaAccount {
        webhook_url: format!("{GATEWAY}/SmsReceived"),
        phone_number_id: PHONE_NUMBER_ID.to_owned(),
        app_secret: "app-secret".to_owned().into(),
        verify_token: "verify-token".to_owned().into(),
        access_token: "access-token".to_owned().into(),
    }
}

fn twilio_account() -> TwilioAccount {
    TwilioAccount {
        webhook_url: format!("{GATEWAY}/SmsReceived"),
        account_sid: ACCOUNT_SID.to_owned(),
        auth_token: "12345".to_owned().into(),
        from: TWILIO_FROM.to_owned(),
    }
}

/// The payments service, as far as it stores offers. One order is one offer.
fn payments(offers: Arc<Mutex<Vec<Offer>>>) -> Router {
    let store = move |Json(body): Json<Value>| async move {
        let token = body["offer"].as_str().unwrap_or_default();
        let offer: Offer = unseal(&[b"seal-secret"], token, Timestamp::UNIX_EPOCH).unwrap();
        let order_id = offer.order_id;
        let mut offers = offers.lock().unwrap_or_else(PoisonError::into_inner);
        if !offers.iter().any(|known| known.order_id == order_id) {
            offers.push(offer);
        }
        Json(OfferStored {
            order_id,
            expires_at: Timestamp::MAX,
        })
    };
    Router::new().route("/api/payments/offers/", post(store))
}
