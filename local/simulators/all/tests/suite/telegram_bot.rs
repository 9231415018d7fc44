//! A bot: it calls the simulated Telegram, and receives its updates.

use std::{
    collections::VecDeque,
    io::Cursor,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
    routing::post,
};
use image::{ImageFormat, Rgb, RgbImage};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

use crate::fixture::{Fixture, TELEGRAM_TOKEN};

/// An answer of the app to an update.
#[derive(Clone)]
pub(crate) enum Reply {
    Status(u16),
    RetryAfter(u16),
    Json(Value),
    /// Answers 200 when the app is released.
    Hold,
}

#[derive(Default)]
pub(crate) struct App {
    updates: Mutex<Vec<Value>>,
    pub(crate) secrets: Mutex<Vec<Option<String>>>,
    /// Answers to the next updates, and 200 after them.
    pub(crate) replies: Mutex<VecDeque<Reply>>,
    pub(crate) released: Notify,
}

impl App {
    async fn start(self: &Arc<Self>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/telegram", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/telegram", post(receive))
            .with_state(Arc::clone(self));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// Returns everything that arrived, also what was refused.
    pub(crate) fn updates(&self) -> Vec<Value> {
        self.updates.lock().unwrap().clone()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |update: &Value| update["message"]["text"].as_str().map(str::to_owned);
        self.updates().iter().filter_map(text).collect()
    }

    pub(crate) fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().unwrap().extend(replies);
    }
}

async fn receive(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let secret = headers.get("x-telegram-bot-api-secret-token");
    let secret = secret.map(|value| value.to_str().unwrap().to_owned());
    app.secrets.lock().unwrap().push(secret);
    let update = serde_json::from_slice(&body).unwrap();
    app.updates.lock().unwrap().push(update);
    let reply = app.replies.lock().unwrap().pop_front();
    match reply {
        None => StatusCode::OK.into_response(),
        Some(Reply::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Reply::RetryAfter(seconds)) => {
            let header = [(RETRY_AFTER, seconds.to_string())];
            (StatusCode::SERVICE_UNAVAILABLE, header).into_response()
        }
        Some(Reply::Json(body)) => axum::Json(body).into_response(),
        Some(Reply::Hold) => {
            app.released.notified().await;
            StatusCode::OK.into_response()
        }
    }
}

pub(crate) struct Bot {
    pub(crate) fixture: Fixture,
    pub(crate) app: Arc<App>,
    webhook_url: String,
}

impl Bot {
    /// Starts a bot without a webhook.
    pub(crate) async fn start() -> Self {
        let app = Arc::new(App::default());
        let webhook_url = app.start().await;
        Self {
            fixture: Fixture::start().await,
            app,
            webhook_url,
        }
    }

    pub(crate) async fn connected() -> Self {
        let bot = Self::start().await;
        bot.connect(json!({})).await;
        bot
    }

    /// Sets the webhook with further parameters, and returns the whole answer.
    pub(crate) async fn connect(&self, more: Value) -> (u16, Value) {
        let mut params = json!({"url": self.webhook_url});
        let params = params.as_object_mut().unwrap();
        params.extend(more.as_object().unwrap().clone());
        self.call("setWebhook", json!(params)).await
    }

    pub(crate) async fn restart_after_kill(self) -> Self {
        let fixture = self.fixture.restart_after_kill().await;
        Self { fixture, ..self }
    }

    pub(crate) async fn call(&self, method: &str, params: Value) -> (u16, Value) {
        let path = format!("/telegram/bot{TELEGRAM_TOKEN}/{method}");
        self.fixture.ask("POST", &path, &params).await
    }

    /// Calls a method that succeeds, and returns its result.
    pub(crate) async fn ok(&self, method: &str, params: Value) -> Value {
        let (status, answer) = self.call(method, params).await;
        assert_eq!(status, 200, "{method} {answer}");
        assert_eq!(answer["ok"], true);
        answer["result"].clone()
    }

    /// Calls a method that is refused, and returns the code with the description.
    pub(crate) async fn refused(&self, method: &str, params: Value) -> (u16, String) {
        let (status, answer) = self.call(method, params).await;
        assert_eq!(answer["ok"], false, "{method} {answer}");
        assert_eq!(answer["error_code"], status);
        (status, answer["description"].as_str().unwrap().to_owned())
    }

    /// Calls a method with files by the names of their fields.
    pub(crate) async fn upload(
        &self,
        method: &str,
        params: Value,
        files: &[(&str, &str, Vec<u8>)],
    ) -> (u16, Value) {
        let mut form = Form::new();
        for (name, value) in params.as_object().unwrap() {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            form = form.text(name.clone(), text);
        }
        for (field, name, bytes) in files {
            let part = Part::bytes(bytes.clone()).file_name((*name).to_owned());
            form = form.part((*field).to_owned(), part);
        }
        let url = format!(
            "{}/telegram/bot{TELEGRAM_TOKEN}/{method}",
            self.fixture.base_url
        );
        let response = self.fixture.http.post(url).multipart(form).send().await;
        let response = response.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Sends an album of `count` photos.
    pub(crate) async fn album(&self, chat: i64, count: usize) -> (u16, Value) {
        let names: Vec<String> = (1..=count).map(|n| format!("s{n}")).collect();
        let media: Vec<Value> = names
            .iter()
            .map(|name| json!({"type": "photo", "media": format!("attach://{name}")}))
            .collect();
        let files: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), "slide.png", png(40, 50)))
            .collect();
        let params = json!({"chat_id": chat, "media": media});
        self.upload("sendMediaGroup", params, &files).await
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let path = format!("/api/telegram/{path}");
        let (status, answer) = self.fixture.ask(method, &path, &body).await;
        assert_eq!(status, 200, "{method} {path} {answer}");
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.control("GET", path, Value::Null).await
    }

    pub(crate) async fn stranger(&self, name: &str) -> i64 {
        let profile = json!({"first_name": name, "language_code": "he"});
        let person = self.control("POST", "people", profile).await;
        person["id"].as_i64().unwrap()
    }

    /// Adds a person who has started the bot.
    pub(crate) async fn person(&self, name: &str) -> i64 {
        let id = self.stranger(name).await;
        self.say(id, id, "/start").await;
        id
    }

    pub(crate) async fn say(&self, chat: i64, from: i64, text: &str) -> Value {
        let path = format!("chats/{chat}/messages");
        self.control("POST", &path, json!({"from": from, "text": text}))
            .await
    }

    pub(crate) async fn set_bot(&self, chat: i64, by: i64, status: &str) {
        let path = format!("chats/{chat}/bot");
        self.control("PUT", &path, json!({"by": by, "status": status}))
            .await;
    }

    pub(crate) async fn messages(&self, chat: i64) -> Vec<Value> {
        let messages = self.get(&format!("chats/{chat}/messages")).await;
        messages.as_array().unwrap().clone()
    }

    /// Waits until no update is owed.
    pub(crate) async fn wait_until_delivered(&self) {
        self.fixture
            .until(async || self.get("pending").await["updates"] == 0)
            .await;
    }

    pub(crate) async fn wait_for_updates(&self, count: usize) {
        self.fixture
            .until(async || self.app.updates().len() >= count)
            .await;
    }

    pub(crate) fn advance_seconds(&self, seconds: u64) {
        self.fixture.advance_clock(Duration::from_secs(seconds));
    }
}

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 90]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}
