//! The carousel as people have it: a topic in Telegram, and slides in the chat. The same on local and on a deployed stack.

use anyhow::{Context, Result, ensure};
use confab_e2e::{Place, Reader, eventually};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_topic_becomes_slides_and_a_pdf() -> Result<()> {
    let place = Place::any().await?;
    let dana = Reader::new(&place, "en").await?;
    dana.writes("/carousel small habits").await?;
    let last = dana.has_slides(7).await?;
    dana.taps(&last, "PDF").await?;
    eventually(|| async {
        let messages = dana.messages().await?;
        let mut documents = messages
            .iter()
            .filter(|message| message["document"].is_object());
        let document = documents.next().context("no document")?;
        let mime_type = &document["document"]["mime_type"];
        ensure!(mime_type == "application/pdf", "{document}");
        Ok(())
    })
    .await?;
    let violations = place.get("/api/telegram/violations").await?;
    ensure!(violations == json!([]), "{violations}");
    Ok(())
}

#[tokio::test]
async fn slides_are_made_in_five_languages() -> Result<()> {
    let place = Place::any().await?;
    for (language, topic) in [
        ("ru", "/carousel 2: маленькие привычки"),
        ("he", "/carousel 2: הרגלים קטנים"),
        ("hi", "/carousel 2: छोटी आदतें"),
        ("ar", "/carousel 2: عادات صغيرة"),
    ] {
        let reader = Reader::new(&place, language).await?;
        reader.writes(topic).await?;
        reader.has_slides(2).await?;
    }
    Ok(())
}

/// Asks a route of the carousel with the operator's key.
async fn operate(place: &Place, path: &str) -> Result<Value> {
    let request = place.http.get(format!("{}{path}", place.gateway));
    let response = request.bearer_auth("operator-key").send().await?;
    Ok(response.error_for_status()?.json().await?)
}

/// The calls that earlier programs make: a request, its status, the counts, and the chain of its events.
#[tokio::test]
async fn test_carousel_runs_the_whole_pipeline_and_its_events_are_listed_in_order() -> Result<()> {
    let place = Place::any().await?;
    let body = json!({ "topic": "small habits", "slidesCount": 5, "userId": "test-user" });
    let request = place.http.post(format!("{}/test-carousel", place.gateway));
    let accepted = request.json(&body).send().await?;
    ensure!(accepted.status() == 202, "{}", accepted.status());
    let accepted: Value = accepted.json().await?;
    let status_url = accepted["statusUrl"].as_str().context("a status")?;
    let carousel = eventually(|| async {
        let carousel = operate(&place, status_url).await?;
        ensure!(carousel["state"] == "delivered", "{}", carousel["state"]);
        Ok(carousel)
    })
    .await?;
    let pages = carousel["pages"].as_array().context("pages")?;
    assert_eq!(pages.len(), 5);
    for page in pages {
        let link = page["png"].as_str().context("a link")?;
        let png = place.http.get(link).send().await?.bytes().await?;
        assert!(png.starts_with(b"\x89PNG"));
    }
    let correlation_id = accepted["requestId"].as_str().context("an id")?;
    let path = format!("/events?correlationId={correlation_id}");
    let types = eventually(|| async {
        let events = operate(&place, &path).await?;
        let events = events["events"].as_array().context("events")?.clone();
        let types = events.iter().filter_map(|event| event["type"].as_str());
        let types: Vec<_> = types.map(str::to_owned).collect();
        ensure!(
            types.iter().any(|kind| kind == "carousel.completed"),
            "{types:?}"
        );
        Ok(types)
    })
    .await?;
    let chain = [
        "carousel.generate.requested",
        "ai.content.requested",
        "ai.analysis.completed",
        "carousel.content.analyzed",
        "carousel.slides.generated",
        "carousel.images.rendered",
        "carousel.completed",
    ];
    let told: Vec<_> = types
        .iter()
        .filter(|kind| chain.contains(&kind.as_str()))
        .collect();
    assert_eq!(told, chain.iter().collect::<Vec<_>>());
    let stats = operate(&place, "/stats").await?;
    let bus = &stats["eventBus"];
    assert_eq!(bus["isRunning"], true);
    for key in ["totalSubscriptions", "totalEventsProcessed"] {
        assert!(bus[key].as_u64().is_some_and(|count| count > 0), "{bus}");
    }
    Ok(())
}

/// Asks the carousel for something with the operator's key.
async fn order(place: &Place, method: Method, path: &str, body: &Value) -> Result<Value> {
    let url = format!("{}{path}", place.gateway);
    let request = place.http.request(method, url).bearer_auth("operator-key");
    let response = request.json(body).send().await?;
    let (status, text) = (response.status(), response.text().await?);
    ensure!(status == 202, "{path}: {status} {text}");
    Ok(serde_json::from_str(&text)?)
}

/// Waits until a revision is finished.
async fn wait_for_revision(place: &Place, path: &str, revision: u32) -> Result<Value> {
    eventually(|| async {
        let carousel = operate(place, path).await?;
        let (state, current) = (&carousel["state"], &carousel["revision"]);
        let is_finished = state == "delivered" && *current == revision;
        ensure!(is_finished, "{state}, revision {current}");
        Ok(carousel)
    })
    .await
}

#[tokio::test]
async fn operator_edits_a_slide_and_their_server_is_told_of_each_revision() -> Result<()> {
    let place = Place::any().await?;
    let new = json!({ "topic": "small habits", "slidesCount": 2, "language": "en" });
    let accepted = order(&place, Method::POST, "/carousels", &new).await?;
    let id = accepted["carousel"].as_str().context("an id")?;
    let path = format!("/carousels/{id}");
    wait_for_revision(&place, &path, 1).await?;

    let words = json!({ "title": "Begin small", "body": "One minute a day is enough." });
    let preview = format!("{path}/slides/1/preview");
    let preview = order(&place, Method::POST, &preview, &words).await?;
    let link = preview["png"].as_str().context("a link")?;
    eventually(|| async {
        let answer = place.http.get(link).send().await?.error_for_status()?;
        ensure!(answer.bytes().await?.starts_with(b"\x89PNG"), "no picture");
        Ok(())
    })
    .await?;

    let mut edit = words.clone();
    edit["revision"] = json!(1);
    order(&place, Method::PUT, &format!("{path}/slides/1"), &edit).await?;
    let edited = wait_for_revision(&place, &path, 2).await?;
    ensure!(edited.to_string().contains("Begin small"), "{edited}");

    let Some(hooks) = &place.hooks else {
        return Ok(());
    };
    eventually(|| async {
        let received: Vec<Value> = place.http.get(hooks).send().await?.json().await?;
        let own = received
            .iter()
            .filter(|hook| hook["body"]["data"]["id"] == *id);
        let mut revisions = Vec::new();
        for hook in own {
            let header = |name: &str| hook["headers"][name].as_str().unwrap_or_default();
            ensure!(header("webhook-id").starts_with("evt_"), "{hook}");
            ensure!(header("webhook-signature").starts_with("v1,"), "{hook}");
            revisions.push(hook["body"]["data"]["revision"].as_u64());
        }
        for revision in [1, 2] {
            ensure!(revisions.contains(&Some(revision)), "{revisions:?}");
        }
        Ok(())
    })
    .await
}
