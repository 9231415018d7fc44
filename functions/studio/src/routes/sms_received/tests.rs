use confab_testkit::{request, sample};

use super::*;

fn call(name: &str) -> ApiRequest {
    ApiRequest::new(
        request(&sample("studio", name)),
        CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]),
    )
}

fn meta_of(name: &str) -> Result<Parsed> {
    parse_meta(&call(name), &["app-secret".into()], Timestamp::UNIX_EPOCH)
}

#[test]
fn every_sample_of_meta_is_verified_and_parsed() {
    for name in [
        "text",
        "image",
        "button",
        "list",
        "status",
        "username",
        "reaction",
        "unsupported",
        "number-changed",
    ] {
        let parsed =
            meta_of(&format!("sms-received.{name}")).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!parsed.updates.is_empty(), "{name}");
        let WebhookEntries { messages, statuses } = entries_of(parsed).unwrap();
        assert_eq!(
            (messages.is_empty(), statuses.is_empty()),
            (name == "status", name != "status"),
            "{name}"
        );
    }
}

#[test]
fn meta_without_an_account_refuses_every_request() {
    assert!(parse_meta(&call("sms-received.text"), &[], Timestamp::UNIX_EPOCH).is_err());
}

#[test]
fn forged_signature_of_meta_is_refused() {
    let error = meta_of("sms-received.bad-signature").unwrap_err();
    assert_eq!(error.kind(), confab_core::Kind::Unauthenticated);
}

#[test]
fn every_sample_of_twilio_is_verified_and_bound_to_its_url() {
    for name in [
        "twilio-text",
        "twilio-media",
        "twilio-button",
        "twilio-status",
    ] {
        let call = call(&format!("sms-received.{name}"));
        let tokens = ["12345".into()];
        let parsed = parse_twilio(
            &call,
            &tokens,
            Some("http://127.0.0.1:7071"),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(
            parsed
                .unwrap_or_else(|e| panic!("{name}: {e}"))
                .updates
                .len(),
            1,
            "{name}"
        );
        let elsewhere = parse_twilio(
            &call,
            &tokens,
            Some("https://example.org"),
            Timestamp::UNIX_EPOCH,
        );
        assert!(elsewhere.is_err(), "{name}: a signature is for one address");
    }
}

#[test]
fn copies_of_a_message_share_a_correlation_id() {
    let messages = |name| entries_of(meta_of(name).unwrap()).unwrap().messages;
    let copies = [(); 2].map(|()| messages("sms-received.text"));
    let [first, second] = copies.each_ref().map(|entries| entries[0].correlation_id());
    assert_eq!(first, second);
    let other = messages("sms-received.image");
    assert_ne!(first, other[0].correlation_id());
    let answer = with_trace(response::empty(StatusCode::OK), &copies[0]);
    assert_eq!(answer.headers()[CORRELATION_HEADER], first.to_string());
}
