//! What answers over HTTP: health, readiness, and Meta's verification of our webhook.

use secrecy::{ExposeSecret, SecretString};

use super::Finding;

/// What Meta sends is given back when the token is right.
const CHALLENGE: &str = "1158201444";

/// `GET` gives 200: the addresses of the services' health.
pub(crate) async fn answers(http: &reqwest::Client, urls: &[String]) -> Vec<Finding> {
    let mut wrong = Vec::new();
    for url in urls {
        let (told, advice) = match http.get(url).send().await {
            Ok(answer) if answer.status() == 200 => continue,
            Ok(answer) if url.ends_with("/ready") => (
                answer.status().to_string(),
                "A dependency does not respond: its log names it.",
            ),
            Ok(answer) => (
                answer.status().to_string(),
                "Check in its log whether the function starts.",
            ),
            Err(error) => (
                describe(&error.without_url()),
                "The address does not respond. Check this machine's network.",
            ),
        };
        wrong.push(Finding::problem(
            "health",
            format!("GET {url}: {told}"),
            advice,
        ));
    }
    match (wrong.is_empty(), urls.is_empty()) {
        (false, _) => wrong,
        (true, true) => vec![Finding::skipped(
            "health",
            "no service has a health function",
        )],
        (true, false) => vec![Finding::ok("health", format!("{} answer", urls.join(", ")))],
    }
}

/// Asks as Meta does when a webhook is registered.
pub(crate) async fn verify_webhook(
    http: &reqwest::Client,
    url: &str,
    token: &SecretString,
) -> Finding {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", CHALLENGE)
        .append_pair("hub.verify_token", token.expose_secret())
        .finish();
    // The token is in the address, which must not come out in an error.
    let told = match http.get(format!("{url}?{query}")).send().await {
        Ok(answer) => {
            let status = answer.status();
            match answer.text().await {
                Ok(text) if status == 200 && text == CHALLENGE => {
                    return Finding::ok("webhook", format!("{url} returns Meta's challenge"));
                }
                Ok(_) => format!("{status}"),
                Err(error) => describe(&error.without_url()),
            }
        }
        Err(error) => describe(&error.without_url()),
    };
    let advice = "Deploy again if the function started before the token was stored in SSM, and check StudioBaseUrl.";
    Finding::problem(
        "webhook",
        format!("{url} does not return Meta's challenge: {told}"),
        advice,
    )
}

fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
