//! SES as `local` runs it: mails are kept, and functions need permission to send.

use anyhow::{Context, Result};
use confab_e2e::Place;
use serde_json::{Value, json};

/// Lets the probe send a mail. Returns why it was not sent; null when it was.
async fn send(place: &Place, from: &str, to: &str) -> Result<Value> {
    let order = json!({
        "do": "send_mail", "from": from, "to": to,
        "subject": "שלום", "text": "Hello\nhttps://desk.example/", "html": "<p>Hello</p>",
    });
    let answer = place.post("/api/functions/probe/invoke", &order).await?;
    Ok(answer["payload"]["problem"].clone())
}

async fn mails(place: &Place) -> Result<Vec<Value>> {
    let mails = place.get("/api/mails").await?;
    mails.as_array().cloned().context("a list")
}

#[tokio::test]
async fn mails_are_kept_over_a_power_cut_and_can_be_deleted() -> Result<()> {
    let mut place = Place::running("tests/mail.yaml").await?;
    let from = "Desk <hello@desk.example>";
    assert_eq!(send(&place, from, "dana@shop.example").await?, Value::Null);
    place.power_cut().await?;
    assert_eq!(send(&place, from, "noa@shop.example").await?, Value::Null);
    let all = mails(&place).await?;
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[0]["to"], json!(["noa@shop.example"]));
    assert_eq!(
        (&all[1]["sender"], &all[1]["from"]),
        (&json!("probe"), &json!(from))
    );
    let path = format!("/api/mails/{}", all[1]["id"].as_str().context("an id")?);
    let mail = place.get(&path).await?;
    assert_eq!(mail["subject"], "שלום");
    assert_eq!(mail["text"], "Hello\nhttps://desk.example/");
    assert_eq!(mail["html"], "<p>Hello</p>");
    let state = place.get("/api/state").await?;
    assert_eq!(state["mails"], json!({ "count": 2, "latest": 2 }));
    let delete = async |path: &str| {
        let url = format!("{}{path}", place.outside);
        let status = place.http.delete(url).send().await?.status();
        Ok::<_, reqwest::Error>(status.as_u16())
    };
    assert_eq!((delete(&path).await?, delete(&path).await?), (200, 404));
    assert_eq!(mails(&place).await?.len(), 1);
    assert_eq!(delete("/api/mails").await?, 200);
    assert_eq!(mails(&place).await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn senders_need_permission_and_a_verified_identity() -> Result<()> {
    let place = Place::running("tests/mail.yaml").await?;
    let cases = [
        ("hello@desk.example", "dana@shop.example", ""),
        ("hello@desk.example", "dana", "Missing final '@domain'"),
        ("hello@desk.example", "דנה@shop.example", "Local address"),
        (
            "hello@unverified.example",
            "dana@shop.example",
            "is not verified",
        ),
        (
            "alerts@other.example",
            "dana@shop.example",
            "is not authorized to perform: ses:SendEmail",
        ),
    ];
    for (from, to, problem) in cases {
        let found = send(&place, from, to).await?;
        let found = found.as_str().unwrap_or_default();
        assert_eq!(found.is_empty(), problem.is_empty(), "{from} {to}: {found}");
        assert!(found.contains(problem), "{from} {to}: {found}");
    }
    assert_eq!(mails(&place).await?.len(), 1);
    let state = place.get("/api/state").await?;
    let calls = state["aws_calls"].as_array().context("calls")?;
    let is_ses = |call: &&Value| call["service"] == "ses" && call["caller"] == "probe";
    let call = calls.iter().find(is_ses).context("a call of SES")?;
    assert_eq!((&call["count"], &call["errors"]), (&json!(5), &json!(4)));
    Ok(())
}

#[tokio::test]
async fn unsigned_and_unknown_calls_are_refused() -> Result<()> {
    let place = Place::running("tests/mail.yaml").await?;
    let unsigned = place
        .http
        .post(format!("{}/v2/email/outbound-emails", place.aws));
    let unsigned = unsigned.json(&json!({})).send().await?;
    assert_eq!(unsigned.status(), 403);
    let kind = &unsigned.headers()["x-amzn-errortype"];
    assert_eq!(kind, "MissingAuthenticationTokenException");
    let unknown = place.http.get(format!("{}/v2/email/identities", place.aws));
    assert_eq!(unknown.send().await?.status(), 501);
    Ok(())
}
