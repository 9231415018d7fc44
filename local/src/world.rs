//! The values that tie the template to this laptop: accounts and secrets of the simulated providers.
//! None of them opens anything outside.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use confab_outside::{Options, Secrets, Sighting};

use crate::{
    clock::Clock,
    control::Addresses,
    record::{Kind, Record},
};

const META_PHONE_NUMBER_ID: &str = "106540352242922";
const META_APP_SECRET: &str = "app-secret";
const META_VERIFY_TOKEN: &str = "verify-token";
const META_ACCESS_TOKEN: &str = "access-token";
const TWILIO_ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
const TWILIO_AUTH_TOKEN: &str = "12345";
const TWILIO_FROM: &str = "whatsapp:+14155238886";
const TWILIO_CONTENT_SIDS: &str =
    "studio_news/en=HX00000000000000000000000000000001,studio_news/he=HX00000000000000000000000000000002";
const STRIPE_SECRET_KEY: &str = "sk_test_local";
const STRIPE_WEBHOOK_SECRET: &str = "whsec_local";
const PAYMENT_WEBHOOK_SECRET: &str = "payment-webhook-secret";
const PAYMENT_SECRET_PATH: &str = "payment-secret-path";
pub(crate) const SEAL_SECRET: &str = "seal-secret";
const ROOMS_SEAL_SECRET: &str = "rooms-seal-secret";
pub(crate) const OPERATOR_KEY: &str = "operator-key";

/// The first part of their addresses.
pub(crate) const PROVIDERS: [&str; 5] = ["meta", "twilio", "astria", "stripe", "model"];

/// What the template's parameters are here.
pub(crate) fn parameters(addresses: &Addresses) -> BTreeMap<String, String> {
    let meta = format!("{}/meta", addresses.home);
    let twilio = format!("{}/twilio", addresses.home);
    let stripe = format!("{}/stripe", addresses.home);
    let astria = format!("{}/astria", addresses.home);
    let model = format!("{}/model/v1", addresses.home);
    [
        ("PublicBaseUrl", addresses.gateway.as_str()),
        ("MetaApiUrl", &meta),
        ("MetaPhoneNumberId", META_PHONE_NUMBER_ID),
        ("TwilioApiUrl", &twilio),
        ("TwilioAccountSid", TWILIO_ACCOUNT_SID),
        ("TwilioFrom", TWILIO_FROM),
        ("TwilioContentSids", TWILIO_CONTENT_SIDS),
        ("AstriaApiUrl", &astria),
        ("StripeApiUrl", &stripe),
        ("ModelApiUrl", &model),
        ("PaymentWebhookSecretParam", "/confab/payments/webhook-secret"),
        ("PaymentSecretPathParam", "/confab/payments/secret-path"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// What the parameter store holds here.
pub(crate) fn stored_parameters() -> BTreeMap<String, String> {
    [
        ("/confab/studio/meta-app-secret", META_APP_SECRET),
        ("/confab/studio/meta-verify-token", META_VERIFY_TOKEN),
        ("/confab/studio/meta-access-token", META_ACCESS_TOKEN),
        ("/confab/studio/twilio-auth-token", TWILIO_AUTH_TOKEN),
        ("/confab/studio/astria-api-key", confab_outside::ASTRIA_API_KEY),
        ("/confab/payments/stripe-secret-key", STRIPE_SECRET_KEY),
        ("/confab/payments/stripe-webhook-secret", STRIPE_WEBHOOK_SECRET),
        ("/confab/payments/webhook-secret", PAYMENT_WEBHOOK_SECRET),
        ("/confab/payments/secret-path", PAYMENT_SECRET_PATH),
        ("/confab/payments/seal-secret", SEAL_SECRET),
        ("/confab/rooms/seal-secret", ROOMS_SEAL_SECRET),
        ("/confab/rooms/model-api-key", confab_outside::MODEL_API_KEY),
        ("/confab/operator-key", OPERATOR_KEY),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

pub(crate) fn options(
    data: &Path,
    home: &str,
    webhook: String,
    clock: Arc<Clock>,
    record: Option<Arc<Record>>,
) -> Options {
    let gateway = webhook.strip_suffix("/SmsReceived").unwrap_or(&webhook);
    Options {
        data_dir: data.to_owned(),
        base_url: home.to_owned(),
        stripe_webhook_url: format!("{gateway}/payment-received"),
        webhook_url: webhook,
        secrets: Secrets {
            meta_app_secret: META_APP_SECRET.into(),
            meta_verify_token: META_VERIFY_TOKEN.into(),
            meta_access_token: META_ACCESS_TOKEN.into(),
            meta_phone_number_id: META_PHONE_NUMBER_ID.to_owned(),
            twilio_account_sid: TWILIO_ACCOUNT_SID.to_owned(),
            twilio_auth_token: TWILIO_AUTH_TOKEN.into(),
            twilio_from: TWILIO_FROM.to_owned(),
            stripe_secret_key: STRIPE_SECRET_KEY.into(),
            stripe_webhook_secret: STRIPE_WEBHOOK_SECRET.into(),
        },
        clock: Arc::new(move || clock.now()),
        sightings: Arc::new(move |sighting| {
            if let Some(record) = &record {
                note(record, sighting);
            }
        }),
    }
}

fn note(record: &Record, sighting: Sighting) {
    let Some(correlation_id) = sighting.correlation_id else {
        return;
    };
    record
        .entry(Kind::Provider, sighting.provider, &correlation_id, sighting.text)
        .at(sighting.at)
        .failed_if(!sighting.ok)
        .took(sighting.duration_ms)
        .reference(sighting.reference)
        .add();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_the_parameters_that_are_given_values_here() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        let template: serde_norway::Value = serde_norway::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        for name in parameters(&Addresses { home: at(1), gateway: at(2), aws: at(3), socket: None }).keys() {
            assert!(template["Parameters"].get(name).is_some(), "{name}");
        }
    }
}
