//! Registration of the app's webhook address.

use confab_simulator_base::Call;
use secrecy::ExposeSecret;

use crate::meta::Meta;

/// Asks the app for its challenge, as Meta does when an address is registered. Returns whether the
/// answer was right, and its status, which is 0 without an answer.
pub async fn verify_webhook(meta: &Meta) -> (bool, u16) {
    let call = Call::new("meta");
    let challenge = fastrand::u32(100_000_000..).to_string();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair(
            "hub.verify_token",
            meta.account.verify_token.expose_secret(),
        )
        .finish();
    let url = format!("{}?{query}", meta.account.webhook_url);
    let (status, body) = match meta.context.http.get(url).send().await {
        Ok(response) => (
            response.status().as_u16(),
            response.text().await.unwrap_or_default(),
        ),
        Err(_) => (0, String::new()),
    };
    let ok = status == 200 && body == challenge;
    meta.context
        .record(call, format!("verify the webhook: {status}"), ok);
    (ok, status)
}
