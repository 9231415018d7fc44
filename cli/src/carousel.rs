//! `confab carousel`: carousels, by the routes that the page uses. The function is invoked with a request of the
//! API, so that neither an address nor a domain has to be known.

use anyhow::{Context, Result, bail};
use confab_core::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Misused},
    ports::{Ask, Functions, OperatorKey},
};

const FUNCTION: &str = "carousels";

/// What is listed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) state: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) limit: u8,
}

#[derive(Debug, Deserialize)]
struct List {
    carousels: Vec<Card>,
    #[serde(default)]
    unreadable: Vec<String>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    id: String,
    state: String,
    origin: String,
    title: Option<String>,
    revision: u32,
    slides: Slides,
    requested_at: Timestamp,
    failure: Option<String>,
    cost_micros: u64,
}

#[derive(Debug, Deserialize)]
struct Slides {
    done: u8,
    total: u8,
}

/// A response of the function, as API Gateway reads it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    status_code: u16,
    #[serde(default)]
    body: String,
}

pub(crate) async fn list(
    place: &(impl Functions + OperatorKey),
    filter: &Filter,
) -> Result<Answer> {
    let mut query = vec![format!("limit={}", filter.limit)];
    query.extend(filter.state.iter().map(|state| format!("state={state}")));
    query.extend(
        filter
            .origin
            .iter()
            .map(|origin| format!("origin={origin}")),
    );
    let request = Request::get("/carousels", "/carousels").query(query.join("&"));
    let json = call(place, request).await?;
    let list: List = serde_json::from_value(json.clone())?;
    let mut text: String = list.carousels.iter().map(line).collect();
    match (list.carousels.is_empty(), &list.next) {
        (true, None) => text.push_str("There is no such carousel.\n"),
        (true, Some(_)) => text.push_str("There is none among the latest.\n"),
        (false, Some(_)) => text.push_str("There may be more: see --limit.\n"),
        (false, None) => {}
    }
    for key in &list.unreadable {
        text.push_str(&format!("{key} cannot be read.\n"));
    }
    Ok(Answer {
        text,
        json,
        is_fine: list.unreadable.is_empty(),
    })
}

fn line(card: &Card) -> String {
    let Slides { done, total } = card.slides;
    let title = card.title.as_deref().unwrap_or("-");
    let failure = card.failure.as_ref().map(|reason| format!(" ({reason})"));
    format!(
        "{}  {}  {}{}  {}  {done}/{total}  r{}  ${}  {title}\n",
        card.id,
        card.requested_at.strftime("%Y-%m-%d %H:%M"),
        card.state,
        failure.unwrap_or_default(),
        card.origin,
        card.revision,
        dollars(card.cost_micros),
    )
}

/// Micro-dollars as dollars, exactly.
fn dollars(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

pub(crate) async fn show(place: &(impl Functions + OperatorKey), id: &str) -> Result<Answer> {
    let path = format!("/carousels/{id}");
    let request = Request::get(&path, "/carousels/{id}").id(id);
    let json = call(place, request).await?;
    let text = format!("{}\n", serde_json::to_string_pretty(&json)?);
    Ok(Answer::fine(text, json))
}

pub(crate) async fn cancel(
    place: &(impl Functions + OperatorKey),
    id: &str,
    ask: &impl Ask,
) -> Result<Answer> {
    if !ask.confirm(&format!("Cancel the carousel {id}?"))? {
        return Ok(Answer::fine(
            "Nothing was cancelled.\n",
            json!({ "cancelled": false }),
        ));
    }
    let path = format!("/carousels/{id}/cancel");
    let request = Request::post(&path, "/carousels/{id}/cancel").id(id);
    let json = call(place, request).await?;
    Ok(Answer::fine(format!("{id} is being cancelled.\n"), json))
}

/// A request of the API.
#[derive(Debug)]
struct Request {
    method: &'static str,
    path: String,
    route: &'static str,
    query: String,
    id: Option<String>,
}

impl Request {
    fn get(path: &str, route: &'static str) -> Self {
        Self {
            method: "GET",
            path: path.to_owned(),
            route,
            query: String::new(),
            id: None,
        }
    }

    fn post(path: &str, route: &'static str) -> Self {
        Self {
            method: "POST",
            ..Self::get(path, route)
        }
    }

    fn query(mut self, query: String) -> Self {
        self.query = query;
        self
    }

    fn id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// Returns the event of API Gateway's HTTP API, format 2.0.
    fn event(&self, key: &str) -> Value {
        let route = format!("{} {}", self.method, self.route);
        json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": { "authorization": format!("Bearer {key}"), "content-type": "application/json" },
            "pathParameters": self.id.as_ref().map(|id| json!({ "id": id })),
            "requestContext": {
                "accountId": "confab",
                "apiId": "confab",
                "domainName": "confab",
                "http": { "method": self.method, "path": self.path, "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1", "userAgent": "confab" },
                "requestId": "confab",
                "routeKey": route,
                "stage": "$default",
                "timeEpoch": 0,
            },
            "body": "{}",
            "isBase64Encoded": false,
        })
    }
}

async fn call(place: &(impl Functions + OperatorKey), request: Request) -> Result<Value> {
    let is_id = |id: &String| id.chars().all(|c| c.is_ascii_alphanumeric());
    if !request.id.iter().all(is_id) {
        return Err(Misused("A carousel's id has letters and digits.".to_owned()).into());
    }
    let key = place.operator_key().await?;
    let event = request.event(&key).to_string();
    let outcome = place.invoke(FUNCTION, event).await?;
    if outcome.has_failed {
        bail!("{FUNCTION} failed: {}", outcome.payload);
    }
    let response: Response =
        serde_json::from_str(&outcome.payload).context("The function's answer is no response")?;
    let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
    if response.status_code >= 400 {
        let message = body["title"].as_str().unwrap_or(&response.body);
        bail!("{}: {message}", response.status_code);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::World;

    struct Answers(bool);

    impl Ask for Answers {
        fn confirm(&self, _: &str) -> Result<bool> {
            Ok(self.0)
        }
    }

    fn world(status: u16, body: &Value) -> World {
        let payload = json!({ "statusCode": status, "body": body.to_string() });
        let outcome = crate::ports::Outcome {
            has_failed: false,
            payload: payload.to_string(),
        };
        World {
            outcome: Some(outcome),
            ..World::default()
        }
    }

    #[tokio::test]
    async fn list_shows_a_line_for_each_carousel_and_asks_with_the_key() {
        let card = json!({
            "id": "01m7ym613fe0yvvhrd4bj8893d", "state": "failed", "origin": "page", "title": "Habits",
            "revision": 2, "slides": { "done": 1, "total": 3 }, "requestedAt": "2026-11-21T09:00:00Z",
            "failure": "rendering", "costMicros": 1_000_234,
        });
        let world = world(200, &json!({ "carousels": [card], "next": null }));
        let filter = Filter {
            state: Some("failed".to_owned()),
            origin: None,
            limit: 5,
        };
        let answer = list(&world, &filter).await.unwrap();
        assert_eq!(
            answer.text,
            "01m7ym613fe0yvvhrd4bj8893d  2026-11-21 09:00  failed (rendering)  page  1/3  r2  $1.000234  Habits\n"
        );
        let done = world.done.borrow();
        assert!(
            done[0].contains("limit=5&state=failed") && done[0].contains("Bearer operator-key")
        );
    }

    #[tokio::test]
    async fn refusals_are_shown_in_the_services_words() {
        let world = world(
            409,
            &json!({ "title": "It is too late to cancel this.", "code": "too_late" }),
        );
        let error = cancel(&world, "01m7", &Answers(true)).await.unwrap_err();
        assert_eq!(error.to_string(), "409: It is too late to cancel this.");
    }

    #[tokio::test]
    async fn nothing_is_asked_for_without_a_yes_or_with_a_strange_id() {
        let world = world(202, &json!({}));
        cancel(&world, "01m7", &Answers(false)).await.unwrap();
        show(&world, "../payments").await.unwrap_err();
        assert_eq!(world.done.borrow().len(), 0);
    }
}
