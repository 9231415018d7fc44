//! People in rooms: their sessions, what they ask over REST, and a socket as a page keeps it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail, ensure};
use confab_core::Timestamp;
use futures::{SinkExt, StreamExt, stream::SplitSink};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinHandle};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::{Place, eventually};

/// What `local` and a rehearsal seal sessions of rooms with.
const SEAL_SECRET: &[u8] = b"rooms-seal-secret";
/// A user with a session.
#[derive(Debug, Clone)]
pub struct Guest {
    http: reqwest::Client,
    gateway: String,
    pub token: String,
    pub id: String,
}

impl Guest {
    pub async fn new(place: &Place) -> Result<Self> {
        let asked = place
            .http
            .post(format!("{}/api/sessions/", place.gateway))
            .json(&json!({}));
        let session: Value = asked.send().await?.error_for_status()?.json().await?;
        let text = |name: &str| {
            session[name]
                .as_str()
                .map(str::to_owned)
                .context("a session")
        };
        Ok(Self {
            http: place.http.clone(),
            gateway: place.gateway.clone(),
            token: text("token")?,
            id: text("user_id")?,
        })
    }

    /// Creates a user with a session that was sealed here, as the simulated stack's secret allows: sessions that are asked for
    /// are limited by address.
    pub fn sealed(place: &Place, digits: &str) -> Result<Self> {
        let id = format!("usr_{digits:0>26}");
        let session = rooms_domain::Session { user: id.parse()? };
        let token = confab_core::seal(SEAL_SECRET, &session, Timestamp::MAX)?;
        Ok(Self {
            http: place.http.clone(),
            gateway: place.gateway.clone(),
            token,
            id,
        })
    }

    /// The same person's session of long ago.
    pub fn expired(&self) -> Result<Self> {
        let session = rooms_domain::Session {
            user: self.id.parse()?,
        };
        Ok(self.with_token(&confab_core::seal(
            SEAL_SECRET,
            &session,
            Timestamp::UNIX_EPOCH,
        )?))
    }

    /// The same person with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    pub async fn asks(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value)> {
        let mut request = self.http.request(method, format!("{}{path}", self.gateway));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    pub async fn gets(&self, path: &str) -> Result<Value> {
        let (status, answer) = self.asks(Method::GET, path, None).await?;
        ensure!(status.is_success(), "GET {path}: {status} {answer}");
        Ok(answer)
    }

    pub async fn posts(&self, path: &str, body: &Value) -> Result<Value> {
        let (status, answer) = self.asks(Method::POST, path, Some(body)).await?;
        ensure!(status.is_success(), "POST {path}: {status} {answer}");
        Ok(answer)
    }

    /// A room of theirs; gives its code.
    pub async fn opens(&self, name: &str, username: &str) -> Result<String> {
        let room = self
            .posts(
                "/api/chats/create/",
                &json!({ "name": name, "username": username }),
            )
            .await?;
        room["code"].as_str().map(str::to_owned).context("a code")
    }

    pub async fn joins(&self, code: &str, username: &str) -> Result<Value> {
        self.posts(
            &format!("/api/chats/{code}/join/"),
            &json!({ "username": username }),
        )
        .await
    }

    /// Over REST; gives the message.
    pub async fn says(&self, code: &str, id: &str, text: &str) -> Result<Value> {
        let said = json!({ "client_msg_id": id, "text": text });
        self.posts(&format!("/api/chats/{code}/messages/"), &said)
            .await
    }

    /// All that is to be read, page by page.
    pub async fn reads(&self, code: &str) -> Result<Vec<Value>> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let page = self
                .gets(&format!(
                    "/api/chats/{code}/messages/?after={after}&limit=100"
                ))
                .await?;
            let messages = page["messages"].as_array().cloned().unwrap_or_default();
            let Some(last) = messages.last() else {
                return Ok(all);
            };
            after = last["seq"].as_u64().context("a number")?;
            all.extend(messages);
        }
    }

    /// The photo itself, in one request; gives its id.
    pub async fn sends_photo(&self, content_type: &str, bytes: &[u8]) -> Result<String> {
        let request = self
            .http
            .post(format!("{}/api/photo-analysis/upload/", self.gateway))
            .bearer_auth(&self.token);
        let answer = request
            .header("content-type", content_type)
            .body(bytes.to_vec())
            .send()
            .await?;
        let sent: Value = answer.error_for_status()?.json().await?;
        sent["photo_id"]
            .as_str()
            .map(str::to_owned)
            .context("an id")
    }

    /// As a page does with the form that it was given.
    pub async fn uploads(&self, upload: &Value, bytes: &[u8]) -> Result<()> {
        let mut form = reqwest::multipart::Form::new();
        for (name, value) in upload["fields"].as_object().context("fields")? {
            form = form.text(name.clone(), value.as_str().unwrap_or_default().to_owned());
        }
        let form = form.part(
            "file",
            reqwest::multipart::Part::bytes(bytes.to_vec()).file_name("photo"),
        );
        let answer = self
            .http
            .post(upload["url"].as_str().context("an address")?)
            .multipart(form)
            .send()
            .await?;
        ensure!(
            answer.status().is_success(),
            "{}: {}",
            answer.status(),
            answer.text().await?
        );
        Ok(())
    }

    /// Takes what is offered: gives the page where it is paid, and the order.
    pub async fn takes(&self, path: &str, body: &Value) -> Result<Taken> {
        let offer = self.posts(path, body).await?;
        let link = offer["pay_url"]
            .as_str()
            .with_context(|| format!("no way to pay in {offer}"))?;
        let answer = self.http.get(link).send().await?;
        let page = answer
            .headers()
            .get("location")
            .and_then(|to| to.to_str().ok());
        let page = page.with_context(|| format!("{link}: {}", answer.status()))?;
        Ok(Taken {
            order: offer["order_id"].as_str().context("an order")?.to_owned(),
            url: page.to_owned(),
            offer,
        })
    }

    pub async fn ticket(&self, code: &str) -> Result<String> {
        let ticket = self
            .posts("/api/ws-ticket", &json!({ "code": code }))
            .await?;
        ticket["url"]
            .as_str()
            .map(str::to_owned)
            .context("an address")
    }

    /// A ticket that was sealed here, as the simulated stack's secret allows.
    pub async fn sealed_ticket(&self, place: &Place, code: &str) -> Result<String> {
        let url = place.get("/api/state").await?["addresses"]["socket"]
            .as_str()
            .context("a socket")?
            .to_owned();
        // It says when it was asked for: a socket that is young may be on its way.
        let number = self.id.bytes().rev().take(8).fold(0, |all, digit| {
            all * 10 + u64::from(digit.wrapping_sub(b'0'))
        });
        let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
        let id =
            confab_core::TicketId::new(Timestamp::now(), &move || [0, 0, a, b, c, d, e, f, g, h]);
        let ticket = rooms_domain::Ticket {
            id,
            room: code.parse()?,
            user: self.id.parse()?,
            address: String::new().into(),
        };
        Ok(format!(
            "{url}/live?ticket={}",
            confab_core::seal(SEAL_SECRET, &ticket, Timestamp::MAX)?
        ))
    }

    pub async fn connects(&self, code: &str) -> Result<Live> {
        Live::open(&self.ticket(code).await?).await
    }
}

/// A taken offer, and where it is paid.
#[derive(Debug, Clone)]
pub struct Taken {
    pub order: String,
    pub url: String,
    pub offer: Value,
}

impl Taken {
    fn page(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// With a card that is good.
    pub async fn is_paid(&self, place: &Place) -> Result<()> {
        place
            .post(
                &format!("/api/pay/{}", self.page()),
                &json!({ "card": "success" }),
            )
            .await
            .map(drop)
    }

    /// By a person at Stripe's dashboard.
    pub async fn is_paid_back(&self, place: &Place) -> Result<()> {
        place
            .post(
                &format!("/api/stripe/payments/{}/refund", self.page()),
                &json!({}),
            )
            .await
            .map(drop)
    }

    pub async fn state(&self, place: &Place) -> Result<String> {
        let answer = place
            .http
            .get(format!(
                "{}/api/payments/orders/{}",
                place.gateway, self.order
            ))
            .send()
            .await?;
        let order: Value = answer.error_for_status()?.json().await?;
        Ok(order["state"].as_str().unwrap_or_default().to_owned())
    }

    pub async fn comes_to(&self, place: &Place, state: &str) -> Result<()> {
        eventually(|| async {
            let found = self.state(place).await?;
            ensure!(found == state, "{} is {found}", self.order);
            Ok(())
        })
        .await
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[derive(Debug, Default)]
struct Heard {
    frames: Vec<Value>,
    /// By number: what a page would show.
    messages: BTreeMap<u64, Value>,
    is_over: bool,
}

/// A socket, and all that came over it.
pub struct Live {
    sink: tokio::sync::Mutex<SplitSink<Socket, Message>>,
    heard: Arc<Mutex<Heard>>,
    reader: JoinHandle<()>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("heard", &self.heard)
            .finish_non_exhaustive()
    }
}

impl Drop for Live {
    /// Drops the connection without a close frame, as a phone that loses its network.
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Live {
    pub async fn open(url: &str) -> Result<Self> {
        let (socket, _) = connect_async(url).await?;
        let (sink, mut stream) = socket.split();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let ear = Arc::clone(&heard);
        let reader = tokio::spawn(async move {
            while let Some(Ok(frame)) = stream.next().await {
                let Message::Text(text) = frame else { continue };
                let frame: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
                let mut heard = ear.lock().unwrap_or_else(PoisonError::into_inner);
                for message in frame["messages"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .chain([&frame["message"]])
                {
                    if let Some(seq) = message["seq"].as_u64() {
                        heard.messages.insert(seq, message.clone());
                    }
                }
                heard.frames.push(frame);
            }
            ear.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
        });
        Ok(Self {
            sink: tokio::sync::Mutex::new(sink),
            heard,
            reader,
        })
    }

    pub async fn sends(&self, frame: &Value) -> Result<()> {
        self.sink
            .lock()
            .await
            .send(Message::text(frame.to_string()))
            .await
            .context("the socket is gone")
    }

    pub async fn says(&self, id: &str, text: &str) -> Result<()> {
        self.sends(
            &json!({ "type": "message", "client_msg_id": id, "text": text, "reply_to": null }),
        )
        .await
    }

    /// Greets, and waits for the welcome.
    pub async fn greets(&self, last_seq: Option<u64>) -> Result<Value> {
        self.sends(&json!({ "type": "hello", "last_seq": last_seq }))
            .await?;
        self.hears("welcome").await
    }

    /// The first frame of a type.
    pub async fn hears(&self, kind: &str) -> Result<Value> {
        self.hears_of(kind, |_| true).await
    }

    /// The first frame of a type that is as wanted.
    pub async fn hears_of(&self, kind: &str, is_wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        eventually(|| async {
            let frames = self.frames();
            let found = frames
                .iter()
                .find(|frame| frame["type"] == kind && is_wanted(frame));
            found.cloned().with_context(|| {
                format!(
                    "no {kind} among {} frames: {:?}",
                    frames.len(),
                    frames.last()
                )
            })
        })
        .await
    }

    pub fn frames(&self) -> Vec<Value> {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .frames
            .clone()
    }

    pub fn count(&self, kind: &str) -> usize {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard
            .frames
            .iter()
            .filter(|frame| frame["type"] == kind)
            .count()
    }

    /// What a page would show, in order.
    pub fn shown(&self) -> Vec<Value> {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .messages
            .values()
            .cloned()
            .collect()
    }

    pub fn texts(&self) -> Vec<String> {
        self.shown()
            .iter()
            .filter_map(|message| message["text"].as_str().map(str::to_owned))
            .collect()
    }

    pub async fn shows(&self, text: &str) -> Result<Value> {
        eventually(|| async {
            let shown = self.shown();
            let found = shown.iter().find(|message| message["text"] == text);
            found
                .cloned()
                .with_context(|| format!("no {text:?} among {} messages", shown.len()))
        })
        .await
    }

    pub fn is_over(&self) -> bool {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_over
    }

    pub async fn ends(&self) -> Result<()> {
        eventually(|| async {
            match self.is_over() {
                true => Ok(()),
                false => bail!("it is still open"),
            }
        })
        .await
    }

    pub async fn closes(self) -> Result<()> {
        self.sink
            .lock()
            .await
            .close()
            .await
            .context("the socket is gone")
    }
}
