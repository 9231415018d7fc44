//! Versions of replies and of events.

use reqwest::Response;
use serde_json::{Value, json};

use crate::fixture::Fixture;

const OLD: &str = "2025-03-31.basil";
const NEW: &str = "2026-10-28.endive";

impl Fixture {
    async fn in_version(&self, version: Option<&str>, path: &str, form: Option<&str>) -> Response {
        let url = format!("{}/stripe/v1/{path}", self.base_url);
        let request = match form {
            Some(form) => self.http.post(url).body(form.to_owned()),
            None => self.http.get(url),
        };
        let request = request.bearer_auth("sk_test_1");
        match version {
            Some(version) => request.header("stripe-version", version),
            None => request,
        }
        .send()
        .await
        .unwrap()
    }
}

async fn answer(response: Response) -> (u16, Option<String>, Value) {
    let version = response
        .headers()
        .get("stripe-version")
        .map(|version| version.to_str().unwrap().to_owned());
    (
        response.status().as_u16(),
        version,
        response.json().await.unwrap(),
    )
}

#[tokio::test]
async fn replies_are_in_the_version_of_the_request() {
    let fixture = Fixture::start().await;
    let path = format!("checkout/sessions/{}", fixture.checkout("ord_1").await.id);
    for (version, answered, ui_mode) in [
        (Some(OLD), OLD, "hosted"),
        (Some("2026-02-25.clover"), "2026-02-25.clover", "hosted"),
        (
            Some("2026-03-25.dahlia"),
            "2026-03-25.dahlia",
            "hosted_page",
        ),
        (Some(NEW), NEW, "hosted_page"),
        (None, NEW, "hosted_page"),
    ] {
        let (status, told, session) = answer(fixture.in_version(version, &path, None).await).await;
        assert_eq!(
            (status, told.as_deref(), &session["ui_mode"]),
            (200, Some(answered), &json!(ui_mode)),
            "{version:?}"
        );
    }
    let form = "mode=payment&success_url=https://a.example/&line_items[0][quantity]=1&payment_method_types[]=card\
        &line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=500\
        &line_items[0][price_data][product_data][name]=x";
    for (version, expected) in [(OLD, 200), ("2026-08-26.dahlia", 200), (NEW, 400)] {
        let (status, _, body) = answer(
            fixture
                .in_version(Some(version), "checkout/sessions", Some(form))
                .await,
        )
        .await;
        assert_eq!(
            (status, body["error"]["param"] == "payment_method_types"),
            (expected, expected == 400),
            "{body}"
        );
    }
}

#[tokio::test]
async fn unknown_versions_are_refused() {
    let fixture = Fixture::start().await;
    let path = format!("checkout/sessions/{}", fixture.checkout("ord_1").await.id);
    for version in [
        "2025-3-31.basil",
        "2025-03-31",
        "2025-03-31.fern",
        "latest",
        "",
    ] {
        for (path, form) in [
            (path.as_str(), None),
            ("refunds", Some("payment_intent=pi_1")),
        ] {
            let (status, _, body) =
                answer(fixture.in_version(Some(version), path, form).await).await;
            let error = json!({"type": "invalid_request_error", "message": format!("Invalid Stripe API version: {version}")});
            assert_eq!((status, &body), (400, &json!({"error": error})));
        }
    }
}

#[tokio::test]
async fn events_are_in_the_version_of_the_endpoint() {
    let fixture = Fixture::start().await;
    fixture.paid("ord_1").await;
    fixture.settled().await;
    fixture
        .api("PUT", "stripe/settings", json!({"api_version": OLD}))
        .await;
    fixture.paid("ord_2").await;
    fixture.settled().await;
    for (notice, event) in fixture.app.notices() {
        let (version, ui_mode) = match notice.order_id.as_deref() {
            Some("ord_1") => (NEW, "hosted_page"),
            _ => (OLD, "hosted"),
        };
        assert_eq!(event["api_version"], version);
        if notice.kind == "checkout.session.completed" {
            assert_eq!(event["data"]["object"]["ui_mode"], ui_mode);
        }
        let listed = fixture.read(&format!("events/{}", notice.id)).await;
        assert_eq!(
            (&listed["api_version"], &listed["data"]),
            (&event["api_version"], &event["data"])
        );
    }
    let (_, told, _) = answer(fixture.in_version(None, "events", None).await).await;
    assert_eq!(
        told.as_deref(),
        Some(OLD),
        "the same where nothing is asked"
    );
}
