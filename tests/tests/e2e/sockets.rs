//! The WebSocket API and `@connections` as `local` runs them, with a client that is not ours.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use confab_e2e::{PATIENCE, Place, eventually};
use futures::{SinkExt, StreamExt, future::join_all};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::Instant};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderValue, Response},
        protocol::{
            CloseFrame,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const FRAME: usize = 32 * 1024;
/// A `local` with the API of `tests/sockets.yaml`.
struct Api {
    place: Place,
    url: String,
}

/// `local` looks at who signed, and not at how.
const SIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=other/20261101/us-east-1/execute-api/aws4_request, Signature=0";

impl Api {
    async fn start() -> Result<Self> {
        Self::of("tests/sockets.yaml").await
    }

    async fn of(template: &'static str) -> Result<Self> {
        let place = Place::running(template).await?;
        let state = place.get("/api/state").await?;
        let url = state["addresses"]["socket"]
            .as_str()
            .context("no socket address")?
            .to_owned();
        Ok(Self { place, url })
    }

    async fn try_open(
        &self,
        query: &str,
    ) -> std::result::Result<(Socket, Response<Option<Vec<u8>>>), Error> {
        connect_async(format!("{}?ticket=good{query}", self.url)).await
    }

    async fn open(&self) -> Result<Client> {
        self.open_with("").await
    }

    async fn open_with(&self, query: &str) -> Result<Client> {
        let (socket, _) = self.try_open(query).await?;
        let mut client = Client {
            socket,
            id: String::new(),
        };
        let event = client.ask(&json!({ "do": "tell" })).await?;
        client.id = text_at(&event, "/requestContext/connectionId")?;
        Ok(client)
    }

    async fn refused(&self, query: &str) -> Result<u16> {
        refusal(self.try_open(query).await)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<reqwest::Response> {
        self.call_at(
            &self.url.replace("ws://", "http://"),
            SIGNED,
            method,
            path,
            body,
        )
        .await
    }

    async fn call_at(
        &self,
        endpoint: &str,
        authorization: &str,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<reqwest::Response> {
        let request = self.place.http.request(method, format!("{endpoint}{path}"));
        Ok(request
            .header("authorization", authorization)
            .body(body)
            .send()
            .await?)
    }

    async fn post(&self, id: &str, body: impl Into<reqwest::Body>) -> Result<u16> {
        Ok(self
            .call(Method::POST, &connection(id), body)
            .await?
            .status()
            .as_u16())
    }

    /// What the probe wrote into its log. A line may come a moment after what it tells of.
    async fn lines(&self, message: &str) -> Result<Vec<Value>> {
        let lines = self
            .place
            .get("/api/logs?function=probe&limit=5000")
            .await?;
        let lines = lines.as_array().context("lines")?;
        Ok(lines
            .iter()
            .filter(|line| line["text"] == message)
            .map(|line| line["fields"].clone())
            .collect())
    }

    async fn events(&self, id: &str, kind: &str) -> Result<Vec<Value>> {
        let events = self
            .lines("event")
            .await?
            .into_iter()
            .map(|line| line["event"].clone());
        let wanted = |event: &Value| {
            event["requestContext"]["connectionId"] == id
                && event["requestContext"]["eventType"] == kind
        };
        Ok(events.filter(wanted).collect())
    }

    async fn connected(&self, id: &str) -> Result<Value> {
        eventually(|| async { self.events(id, "CONNECT").await?.pop().context("not yet") }).await
    }

    /// As many lines as there should be.
    async fn written(&self, message: &str, count: usize) -> Result<Vec<Value>> {
        eventually(|| async {
            let lines = self.lines(message).await?;
            ensure!(lines.len() >= count, "{} lines", lines.len());
            Ok(lines)
        })
        .await
    }

    /// The one event that tells of the end.
    async fn told_of_the_end(&self, id: &str) -> Result<(u64, String)> {
        let event = eventually(|| async {
            let told = self.events(id, "DISCONNECT").await?;
            ensure!(told.len() == 1, "{} events tell of the end", told.len());
            told.into_iter().next().context("an event")
        })
        .await?;
        let context = &event["requestContext"];
        let code = context["disconnectStatusCode"].as_u64().context("a code")?;
        Ok((
            code,
            context["disconnectReason"]
                .as_str()
                .context("a reason")?
                .to_owned(),
        ))
    }

    async fn counts(&self) -> Result<Value> {
        let state = self.place.get("/api/state").await?;
        state["sockets"]
            .get(0)
            .cloned()
            .context("no WebSocket API in the snapshot")
    }

    async fn minutes(&self, minutes: u64) -> Result<()> {
        self.place.advance(Duration::from_secs(minutes * 60)).await
    }
}

fn connection(id: &str) -> String {
    format!("/@connections/{}", id.replace('=', "%3D"))
}

fn refusal<T>(opened: std::result::Result<T, Error>) -> Result<u16> {
    match opened {
        Err(Error::Http(answer)) => Ok(answer.status().as_u16()),
        Err(other) => Err(other.into()),
        Ok(_) => bail!("it was let in"),
    }
}

fn text_at(value: &Value, pointer: &str) -> Result<String> {
    Ok(value
        .pointer(pointer)
        .and_then(Value::as_str)
        .with_context(|| format!("no {pointer} in {value}"))?
        .to_owned())
}

struct Client {
    socket: Socket,
    id: String,
}

impl Client {
    async fn say(&mut self, message: &Value) -> Result<()> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }

    async fn ask(&mut self, message: &Value) -> Result<Value> {
        self.say(message).await?;
        self.json().await
    }

    async fn next(&mut self) -> Result<Message> {
        let next = tokio::time::timeout(PATIENCE, self.socket.next())
            .await
            .context("nothing came")?;
        Ok(next.context("the connection ended")??)
    }

    async fn text(&mut self) -> Result<String> {
        match self.next().await? {
            Message::Text(text) => Ok(text.to_string()),
            other => bail!("{other:?} is no text"),
        }
    }

    async fn json(&mut self) -> Result<Value> {
        Ok(serde_json::from_str(&self.text().await?)?)
    }

    async fn closed(&mut self) -> Result<(u16, String)> {
        match self.next().await? {
            Message::Close(Some(frame)) => Ok((frame.code.into(), frame.reason.to_string())),
            other => bail!("{other:?} is no close frame"),
        }
    }

    /// RST: no close frame, and an error.
    async fn is_reset(&mut self) -> Result<()> {
        let next = tokio::time::timeout(PATIENCE, self.socket.next())
            .await
            .context("nothing came")?;
        ensure!(matches!(next, Some(Err(_))), "{next:?} is no reset");
        Ok(())
    }

    /// A message in several frames, as AWS wants large ones.
    async fn say_in_frames(&mut self, size: usize) -> Result<()> {
        let body = padded(size);
        let count = body.len().div_ceil(FRAME);
        for (n, part) in body.as_bytes().chunks(FRAME).enumerate() {
            let kind = OpCode::Data(if n == 0 { Data::Text } else { Data::Continue });
            let frame = Frame::message(part.to_vec(), kind, n + 1 == count);
            self.socket.send(Message::Frame(frame)).await?;
        }
        Ok(())
    }
}

/// An order of exactly this size, which is answered with one word.
fn padded(size: usize) -> String {
    let order = json!({ "do": "tell", "text": "read", "padding": "" }).to_string();
    order.replace(
        "\"padding\":\"\"",
        &format!("\"padding\":\"{}\"", "x".repeat(size - order.len())),
    )
}

#[tokio::test]
async fn connect_events_carry_the_api_and_the_request() -> Result<()> {
    let api = Api::start().await?;
    let mut request = format!("{}?ticket=good&a=1&a=2", api.url).into_client_request()?;
    request
        .headers_mut()
        .insert("user-agent", HeaderValue::from_static("tests"));
    request
        .headers_mut()
        .insert("x-own", HeaderValue::from_static("yes"));
    let (socket, _) = connect_async(request).await?;
    let mut client = Client {
        socket,
        id: String::new(),
    };
    // The probe posts by the endpoint in its environment: that this comes back shows that it leads here.
    let message = client.ask(&json!({ "do": "tell" })).await?;
    let id = text_at(&message, "/requestContext/connectionId")?;
    let event = api.connected(&id).await?;
    let context = &event["requestContext"];
    assert_eq!(context["routeKey"], "$connect");
    assert_eq!(
        (&context["stage"], &context["apiId"]),
        (&json!("live"), &json!("sockets"))
    );
    assert_eq!(
        context["identity"],
        json!({ "sourceIp": "127.0.0.1", "userAgent": "tests" })
    );
    assert_eq!(context["messageDirection"], "IN");
    assert!(context["connectedAt"].as_i64() <= context["requestTimeEpoch"].as_i64());
    assert!(
        api.url
            .contains(context["domainName"].as_str().context("a domain")?)
    );
    assert_eq!(event["headers"]["X-Own"], "yes");
    assert_eq!(
        event["multiValueHeaders"]["Sec-WebSocket-Version"],
        json!(["13"])
    );
    assert_eq!(event["queryStringParameters"]["a"], "2");
    assert_eq!(
        event["multiValueQueryStringParameters"]["a"],
        json!(["1", "2"])
    );
    assert_eq!((event.get("httpMethod"), event.get("path")), (None, None));
    assert_eq!(id.len(), 16);
    Ok(())
}

#[tokio::test]
async fn message_events_carry_the_authorizer_context_only() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    let event = client
        .ask(&json!({ "do": "tell", "action": "say" }))
        .await?;
    let context = &event["requestContext"];
    assert_eq!(
        (&context["routeKey"], &context["eventType"]),
        (&json!("say"), &json!("MESSAGE"))
    );
    assert_eq!(
        context["authorizer"],
        json!({ "principalId": "usr_1", "room": "room_1", "seat": "7" })
    );
    assert!(context["messageId"].is_string());
    assert_eq!(event["isBase64Encoded"], false);
    assert!(
        event["body"]
            .as_str()
            .is_some_and(|body| body.contains("\"action\":\"say\""))
    );
    for absent in ["headers", "multiValueHeaders", "queryStringParameters"] {
        assert_eq!(event.get(absent), None, "{absent}");
    }
    Ok(())
}

#[tokio::test]
async fn connect_statuses_refuse_the_handshake() -> Result<()> {
    let api = Api::start().await?;
    let cases = [
        ("&do=status&status=403", 403),
        ("&do=status&status=401", 401),
        ("&do=status&status=503", 503),
        ("&do=fail", 502),
        ("&do=exit", 502),
        ("&do=answer_nothing", 502),
        ("&do=sleep&ms=10000", 504),
    ];
    for (query, expected) in cases {
        assert_eq!(api.refused(query).await?, expected, "{query}");
    }
    assert_eq!(api.counts().await?["opened"], 0);
    assert_eq!(api.counts().await?["refused"], cases.len());
    // Had one of these been told of an end, it would have been so before this one.
    let client = api.open().await?;
    drop(client.socket);
    api.told_of_the_end(&client.id).await?;
    let told = api
        .lines("event")
        .await?
        .into_iter()
        .filter(|line| line["event"]["requestContext"]["eventType"] == "DISCONNECT");
    assert_eq!(told.count(), 1);
    Ok(())
}

#[tokio::test]
async fn unauthorized_clients_do_not_reach_connect() -> Result<()> {
    let api = Api::start().await?;
    let cases = [
        ("", 401),
        ("?ticket=", 401),
        ("?ticket=bad", 403),
        ("?ticket=broken", 500),
        ("?ticket=unknown", 401),
    ];
    for (query, expected) in cases {
        assert_eq!(
            refusal(connect_async(format!("{}{query}", api.url)).await)?,
            expected,
            "{query}"
        );
    }
    let asked = api.written("asked", 3).await?;
    assert_eq!(
        asked.len(),
        3,
        "who brings nothing is not asked for: {asked:?}"
    );
    assert_eq!(api.lines("event").await?.len(), 0);
    let arn = "arn:aws:execute-api:us-east-1:000000000000:sockets/live/$connect";
    assert_eq!(asked[0]["event"]["methodArn"], arn);
    assert_eq!(asked[0]["event"]["requestContext"]["eventType"], "CONNECT");
    Ok(())
}

#[tokio::test]
async fn requests_outside_of_the_stage_are_refused() -> Result<()> {
    let api = Api::start().await?;
    let http = api.url.replace("ws://", "http://");
    assert_eq!(
        api.place.http.get(&http).send().await?.status().as_u16(),
        426
    );
    assert_eq!(
        refusal(connect_async(api.url.replace("/live", "/other?ticket=good")).await)?,
        403
    );
    assert_eq!(
        refusal(connect_async(format!("{}/more?ticket=good", api.url)).await)?,
        403
    );
    let path = "/live?ticket=good&x=";
    let longest = "x".repeat(4_096 - path.len());
    api.try_open(&format!("&x={longest}")).await?;
    assert_eq!(api.refused(&format!("&x={longest}x")).await?, 414);
    Ok(())
}

#[tokio::test]
async fn functions_choose_the_subprotocol() -> Result<()> {
    let api = Api::start().await?;
    let mut request = format!("{}?ticket=good&protocol=chat.2", api.url).into_client_request()?;
    request.headers_mut().insert(
        "sec-websocket-protocol",
        HeaderValue::from_static("chat.1, chat.2"),
    );
    let (_, answer) = connect_async(request).await?;
    assert_eq!(
        answer
            .headers()
            .get("sec-websocket-protocol")
            .context("no protocol")?,
        "chat.2"
    );
    let (_, answer) = api.try_open("").await?;
    assert_eq!(answer.headers().get("sec-websocket-protocol"), None);
    Ok(())
}

#[tokio::test]
async fn messages_go_to_their_route_or_to_default() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    for (action, key) in [
        ("say", "say"),
        ("unknown", "$default"),
        ("$connect", "$default"),
    ] {
        let event = client
            .ask(&json!({ "do": "tell", "action": action }))
            .await?;
        assert_eq!(event["requestContext"]["routeKey"], key);
    }
    client
        .socket
        .send(Message::text("this is not JSON"))
        .await?;
    eventually(|| async {
        let events = api.events(&client.id, "MESSAGE").await?;
        let event = events
            .iter()
            .find(|event| event["body"] == "this is not JSON")
            .context("not yet")?;
        assert_eq!(event["requestContext"]["routeKey"], "$default");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn messages_without_a_route_are_forbidden_without_default() -> Result<()> {
    let api = Api::of("tests/sockets-bare.yaml").await?;
    assert!(api.url.ends_with("/default"), "{}", api.url);
    let (socket, _) = connect_async(api.url.as_str()).await?;
    let mut client = Client {
        socket,
        id: String::new(),
    };
    let told = client.ask(&json!({ "action": "else" })).await?;
    assert_eq!(told["message"], "Forbidden");
    assert!(
        told["connectionId"].is_string() && told["requestId"].is_string(),
        "{told}"
    );
    // The probe only echoes here, which is no answer to a route.
    let told = client.ask(&json!({ "action": "say" })).await?;
    assert_eq!(told["message"], "Internal server error");
    Ok(())
}

#[tokio::test]
async fn clients_see_failures_and_not_statuses() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    for order in ["fail", "exit", "answer_nothing"] {
        let told = client.ask(&json!({ "do": order })).await?;
        assert_eq!(
            (&told["message"], &told["connectionId"]),
            (&json!("Internal server error"), &json!(client.id))
        );
    }
    let told = client
        .ask(&json!({ "do": "sleep", "ms": 5_000, "action": "hasty" }))
        .await?;
    assert_eq!(told["message"], "Endpoint request timed out");
    // Whatever came of this one would come before what is posted half a second later.
    client
        .say(&json!({ "do": "status", "status": "500", "text": "a" }))
        .await?;
    eventually(|| async {
        let seen = api.events(&client.id, "MESSAGE").await?.len();
        ensure!(seen == 6, "{seen} messages");
        Ok(())
    })
    .await?;
    assert_eq!(
        client
            .ask(&json!({ "do": "tell_late", "ms": 500, "text": "\"next\"" }))
            .await?,
        "next"
    );
    Ok(())
}

#[tokio::test]
async fn killed_functions_are_errors_for_the_client() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    client.say(&json!({ "do": "sleep", "ms": 15_000 })).await?;
    eventually(|| async {
        ensure!(
            api.events(&client.id, "MESSAGE").await?.len() == 2,
            "it has not begun"
        );
        Ok(())
    })
    .await?;
    api.place
        .post("/api/functions/probe/kill", &json!({}))
        .await?;
    assert_eq!(client.json().await?["message"], "Internal server error");
    assert_eq!(
        client
            .ask(&json!({ "do": "tell", "text": "\"again\"" }))
            .await?,
        "again"
    );
    Ok(())
}

#[tokio::test]
async fn slow_messages_do_not_block_later_ones() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    client
        .say(&json!({ "do": "tell_late", "ms": 15_000, "text": "slow" }))
        .await?;
    client
        .say(&json!({ "do": "tell", "text": "quick" }))
        .await?;
    assert_eq!(client.text().await?, "quick");
    Ok(())
}

#[tokio::test]
async fn frames_have_32_kb_and_messages_128() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    client.socket.send(Message::text(padded(FRAME))).await?;
    assert_eq!(client.text().await?, "read");
    client.say_in_frames(4 * FRAME).await?;
    assert_eq!(client.text().await?, "read");
    client.socket.send(Message::text(padded(FRAME + 1))).await?;
    assert_eq!(client.closed().await?.0, 1009);
    assert_eq!(api.told_of_the_end(&client.id).await?.0, 1009);
    let mut client = api.open().await?;
    client.say_in_frames(4 * FRAME + 1).await?;
    assert_eq!(client.closed().await?.0, 1009);
    assert_eq!(api.told_of_the_end(&client.id).await?.0, 1009);
    Ok(())
}

#[tokio::test]
async fn binary_messages_close_the_connection() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    client
        .socket
        .send(Message::binary(vec![0, 159, 146, 150]))
        .await?;
    assert_eq!(client.closed().await?.0, 1003);
    assert_eq!(api.told_of_the_end(&client.id).await?.0, 1003);
    Ok(())
}

#[tokio::test]
async fn connections_can_be_posted_to_inspected_and_closed() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    let path = connection(&client.id);
    assert_eq!(api.post(&client.id, "hello").await?, 200);
    assert_eq!(client.text().await?, "hello");
    assert_eq!(api.post(&client.id, "").await?, 200);
    assert_eq!(client.text().await?, "");
    let at_aws = format!("{}/live", api.place.aws);
    let posted = api
        .call_at(
            &at_aws,
            SIGNED,
            Method::POST,
            &path,
            "by the address of AWS",
        )
        .await?;
    assert_eq!(posted.status(), 200);
    assert_eq!(client.text().await?, "by the address of AWS");
    assert_eq!(api.post(&client.id, "x".repeat(4 * FRAME)).await?, 200);
    assert_eq!(client.text().await?.len(), 4 * FRAME);
    let too_large = api
        .call(Method::POST, &path, "x".repeat(4 * FRAME + 1))
        .await?;
    assert_eq!(too_large.status(), 413);
    assert_eq!(
        too_large.headers()["x-amzn-errortype"],
        "PayloadTooLargeException"
    );

    let about: Value = api.call(Method::GET, &path, "").await?.json().await?;
    assert_eq!(about["identity"]["sourceIp"], "127.0.0.1");
    let connected = about["connectedAt"].as_str().context("a time")?;
    assert!(
        connected <= about["lastActiveAt"].as_str().context("a time")? && connected.ends_with('Z'),
        "{about}"
    );

    assert_eq!(api.post(&client.id, "the last word").await?, 200);
    assert_eq!(api.call(Method::DELETE, &path, "").await?.status(), 204);
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let gone = api.call(method, &path, "").await?;
        assert_eq!(
            (gone.status(), &gone.headers()["x-amzn-errortype"]),
            (StatusCode::GONE, &HeaderValue::from_static("GoneException"))
        );
    }
    assert_eq!(client.text().await?, "the last word");
    assert_eq!(client.closed().await?.0, 1000);
    assert_eq!(
        api.told_of_the_end(&client.id).await?,
        (1000, "Connection Closed Normally".to_owned())
    );
    Ok(())
}

#[tokio::test]
async fn callers_without_permission_cannot_reach_connections() -> Result<()> {
    let api = Api::start().await?;
    let client = api.open().await?;
    let (endpoint, path) = (api.url.replace("ws://", "http://"), connection(&client.id));
    let status = async |authorization: &str, method: Method, path: &str| -> Result<u16> {
        Ok(api
            .call_at(&endpoint, authorization, method, path, "")
            .await?
            .status()
            .as_u16())
    };
    let unsigned = api.call_at(&endpoint, "", Method::POST, &path, "").await?;
    assert_eq!(unsigned.status(), 403);
    assert_eq!(
        unsigned.json::<Value>().await?["message"],
        "Missing Authentication Token"
    );
    assert_eq!(status(SIGNED, Method::PUT, &path).await?, 403);
    assert_eq!(status(SIGNED, Method::POST, "/@connections/").await?, 403);
    assert_eq!(
        status(SIGNED, Method::POST, &format!("{path}/more")).await?,
        403
    );
    let other_stage = api
        .call_at(
            &endpoint.replace("/live", "/other"),
            SIGNED,
            Method::POST,
            &path,
            "",
        )
        .await?;
    assert_eq!(other_stage.status(), 403);
    let as_probe = SIGNED.replace("other", "probe");
    assert_eq!(status(&as_probe, Method::GET, &path).await?, 403);
    assert_eq!(status(&as_probe, Method::POST, &path).await?, 200);
    Ok(())
}

#[tokio::test]
async fn connections_cannot_be_posted_to_during_connect() -> Result<()> {
    let api = Api::start().await?;
    let (_socket, _) = api.try_open("&do=tell").await?;
    assert_eq!(api.written("posted", 1).await?[0]["gone"], true);
    Ok(())
}

#[tokio::test]
async fn clients_that_do_not_read_are_cut_off_and_block_no_others() -> Result<()> {
    let api = Api::start().await?;
    let slow = api.open().await?;
    let mut other = api.open().await?;
    let large = "x".repeat(2 * FRAME);
    let mut taken = 0;
    // What the kernel keeps for a connection is a few megabytes.
    while api.post(&slow.id, large.clone()).await? == 200 {
        taken += 1;
        ensure!(taken < 500, "32 MB wait for a client that does not read");
    }
    assert!(taken > 0);
    assert_eq!(api.post(&other.id, "still here").await?, 200);
    assert_eq!(other.text().await?, "still here");
    assert_eq!(
        api.told_of_the_end(&slow.id).await?,
        (1006, "Connection Closed Abnormally".to_owned())
    );
    Ok(())
}

#[tokio::test]
async fn connections_can_be_lost_with_and_without_a_close_frame() -> Result<()> {
    let api = Api::start().await?;
    let (mut told, mut silent) = (api.open().await?, api.open().await?);
    let drop = async |id: &str, body: Value| {
        api.place
            .post(&format!("/api/sockets/{id}/drop"), &body)
            .await
    };
    drop(&silent.id, json!({ "silently": true })).await?;
    drop(&told.id, json!({})).await?;
    silent.is_reset().await?;
    told.is_reset().await?;
    assert_eq!(api.told_of_the_end(&told.id).await?.0, 1006);
    assert_eq!(api.events(&silent.id, "DISCONNECT").await?.len(), 0);
    assert_eq!(api.post(&silent.id, "x").await?, 410);
    assert!(
        drop(&told.id, json!({})).await.is_err(),
        "it is gone already"
    );
    Ok(())
}

#[tokio::test]
async fn disconnect_events_carry_the_clients_close_code() -> Result<()> {
    let api = Api::start().await?;
    let mut polite = api.open().await?;
    polite
        .socket
        .close(Some(CloseFrame {
            code: CloseCode::Library(4_001),
            reason: "bye".into(),
        }))
        .await?;
    assert_eq!(
        api.told_of_the_end(&polite.id).await?,
        (4_001, "bye".to_owned())
    );
    let mut brief = api.open().await?;
    brief.socket.close(None).await?;
    assert_eq!(
        api.told_of_the_end(&brief.id).await?,
        (1005, "Client-side close frame status not set".to_owned())
    );
    let vanished = api.open().await?;
    drop(vanished.socket);
    assert_eq!(api.told_of_the_end(&vanished.id).await?.0, 1006);
    let event = api
        .events(&vanished.id, "DISCONNECT")
        .await?
        .pop()
        .context("an event")?;
    assert_eq!(event["headers"]["x-restapi"], "");
    assert_eq!(
        event["requestContext"]["authorizer"]["principalId"],
        "usr_1"
    );
    Ok(())
}

#[tokio::test]
async fn idle_connections_close_after_ten_minutes() -> Result<()> {
    let api = Api::start().await?;
    let (mut silent, mut heard, mut posted) =
        (api.open().await?, api.open().await?, api.open().await?);
    api.minutes(9).await?;
    assert_eq!(heard.ask(&json!({ "do": "tell", "text": "1" })).await?, 1);
    assert_eq!(api.post(&posted.id, "hello").await?, 200);
    // A ping of the protocol is answered, and is no message.
    silent.socket.send(Message::Ping("there?".into())).await?;
    assert!(matches!(silent.next().await?, Message::Pong(_)));
    api.minutes(2).await?;
    assert_eq!(silent.closed().await?, (1001, "Going away".to_owned()));
    assert_eq!(
        api.told_of_the_end(&silent.id).await?,
        (1001, "Going away".to_owned())
    );
    assert_eq!(api.post(&silent.id, "x").await?, 410);
    assert_eq!(heard.ask(&json!({ "do": "tell", "text": "2" })).await?, 2);
    assert_eq!(posted.text().await?, "hello");
    assert_eq!(api.counts().await?["open"], 2);
    Ok(())
}

#[tokio::test]
async fn connections_close_after_two_hours() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    for minutes in (0..117).step_by(9) {
        assert_eq!(
            client
                .ask(&json!({ "do": "tell", "text": minutes.to_string() }))
                .await?,
            minutes
        );
        api.minutes(9).await?;
    }
    assert_eq!(
        client.ask(&json!({ "do": "tell", "text": "117" })).await?,
        117
    );
    api.minutes(4).await?;
    assert_eq!(client.closed().await?, (1001, "Going away".to_owned()));
    assert_eq!(
        api.told_of_the_end(&client.id).await?,
        (1001, "Going away".to_owned())
    );
    let minutes = api.counts().await?["connection_minutes"]
        .as_f64()
        .context("minutes")?;
    assert!((121.0..123.0).contains(&minutes), "{minutes}");
    Ok(())
}

#[tokio::test]
async fn billed_messages_and_minutes_are_counted() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    client.say_in_frames(2 * FRAME + 1).await?;
    assert_eq!(client.text().await?, "read");
    assert_eq!(api.post(&client.id, "x".repeat(FRAME + 1)).await?, 200);
    assert_eq!(api.post("AAAAAAAAAAAAAAA=", "x").await?, 410);
    // What the probe posts arrives before its call is over, and counted.
    let counts = eventually(|| async {
        let counts = api.counts().await?;
        ensure!(counts["posts"] == 3, "{counts}");
        Ok(counts)
    })
    .await?;
    let read = |name: &str| counts[name].as_u64();
    assert_eq!((read("open"), read("opened")), (Some(1), Some(1)));
    // One message to learn the id, and the large one; the probe posted twice.
    assert_eq!((read("messages_in"), read("units_in")), (Some(2), Some(4)));
    assert_eq!(
        (read("posts"), read("units_out"), read("gone")),
        (Some(3), Some(4), Some(1))
    );
    let state = eventually(|| async {
        let state = api.place.get("/api/state").await?;
        let calls = state["aws_calls"].as_array().context("calls")?;
        let posts = |caller: &str| {
            let is_one =
                |call: &&Value| call["operation"] == "PostToConnection" && call["caller"] == caller;
            let call = calls.iter().find(is_one).cloned().unwrap_or_default();
            json!([
                call["service"],
                call["count"],
                call["errors"],
                call["conditions"]
            ])
        };
        let (by_probe, by_us) = (posts("probe"), posts("outside"));
        ensure!(by_probe == json!(["execute-api", 2, 0, 0]), "{by_probe}");
        ensure!(by_us == json!(["execute-api", 2, 1, 1]), "{by_us}");
        Ok(state)
    })
    .await?;
    let triggers = &state["functions"][0]["triggers"];
    assert!(
        triggers
            .as_array()
            .is_some_and(|all| all.contains(&json!("socket $connect"))),
        "{triggers}"
    );
    Ok(())
}

#[tokio::test]
async fn configured_latency_is_added_to_calls() -> Result<()> {
    let api = Api::start().await?;
    let mut client = api.open().await?;
    api.place
        .post("/api/sockets/latency", &json!({ "post_ms": 300 }))
        .await?;
    let started = Instant::now();
    assert_eq!(api.post(&client.id, "late").await?, 200);
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(client.text().await?, "late");
    api.place
        .put("/api/latency", &json!({ "aws_ms": 400 }))
        .await?;
    let started = Instant::now();
    client.ask(&json!({ "do": "tell" })).await?;
    assert!(
        started.elapsed() >= Duration::from_millis(700),
        "a function's post takes both"
    );
    Ok(())
}

#[tokio::test]
async fn power_loss_ends_connections_without_events() -> Result<()> {
    let mut api = Api::start().await?;
    let mut client = api.open().await?;
    api.place.power_cut().await?;
    let next = tokio::time::timeout(PATIENCE, client.socket.next())
        .await
        .context("nothing came")?;
    assert!(!matches!(next, Some(Ok(_))), "{next:?}");
    assert_eq!(api.post(&client.id, "x").await?, 410);
    let fresh = api.open().await?;
    assert_ne!(fresh.id, client.id);
    assert_eq!(api.events(&client.id, "DISCONNECT").await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn two_thousand_connections_each_receive_their_own_frames() -> Result<()> {
    const COUNT: usize = 2_000;
    let api = Api::of("tests/sockets-bare.yaml").await?;
    let mut sockets = Vec::with_capacity(COUNT);
    for _ in 0..COUNT / 50 {
        let opened = join_all((0..50).map(|_| connect_async(api.url.as_str()))).await;
        for one in opened {
            sockets.push(Client {
                socket: one?.0,
                id: String::new(),
            });
        }
    }
    assert_eq!(api.counts().await?["open"], COUNT);
    let list = api
        .place
        .get(&format!("/api/sockets?limit={COUNT}"))
        .await?;
    let list = list.as_array().context("a list")?;
    let ids = list
        .iter()
        .map(|one| text_at(one, "/connection_id"))
        .collect::<Result<BTreeSet<_>>>()?;
    assert_eq!(ids.len(), COUNT);
    for some in ids.iter().collect::<Vec<_>>().chunks(50) {
        for posted in join_all(some.iter().map(|id| api.post(id, id.to_string()))).await {
            assert_eq!(posted?, 200);
        }
    }
    let heard = join_all(sockets.iter_mut().map(Client::text))
        .await
        .into_iter()
        .collect::<Result<BTreeSet<_>>>()?;
    assert_eq!(heard, ids);
    assert_eq!(api.counts().await?["posts"], COUNT);
    Ok(())
}
