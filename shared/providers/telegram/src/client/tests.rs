mod errors;
mod files;
mod messages;
mod settings;
mod transport;

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_json, header, method, path},
};

use super::*;
use crate::{Html, InputFile, Media, MediaKind, Upload};

const TOKEN: &str = "7000000001:AA-secret_token";
const CHAT: i64 = 5_200_000_001;

fn telegram(api_url: &str) -> Telegram {
    let config = TelegramConfig {
        api_url: api_url.to_owned(),
        token: TOKEN.into(),
    };
    Telegram::new(confab_provider_base::http_client().unwrap(), config)
}

fn ok(result: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "result": result }))
}

fn failed(code: u16, description: &str) -> ResponseTemplate {
    let body = json!({ "ok": false, "error_code": code, "description": description });
    ResponseTemplate::new(code).set_body_json(body)
}

async fn server_responding(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

/// Answers one call of `called` with exactly these parameters.
async fn server_expecting(called: &str, parameters: Value, result: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(format!("/bot{TOKEN}/{called}")))
        .and(header("content-type", "application/json"))
        .and(body_json(parameters))
        .respond_with(ok(result))
        .expect(1)
        .mount(&server)
        .await;
    server
}

async fn request_count(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

fn sent(message_id: i64) -> Value {
    json!({"message_id": message_id, "date": 1_795_000_000, "chat": {"id": CHAT, "type": "private"}})
}

fn message() -> NewMessage {
    NewMessage {
        chat_id: CHAT,
        text: Html::text("Ready & <set>"),
        reply_to: None,
        reply_markup: None,
    }
}

fn edited() -> MessageRef {
    MessageRef {
        chat_id: CHAT,
        message_id: 14,
    }
}

fn upload(bytes: &[u8]) -> InputFile {
    InputFile::Upload(Upload {
        file_name: "slide.jpg".into(),
        mime_type: "image/jpeg".into(),
        bytes: bytes.to_vec(),
    })
}

fn media(file: InputFile) -> Media {
    Media {
        file,
        caption: Html::default(),
    }
}

fn stored(id: &str) -> Media {
    media(InputFile::Id(id.into()))
}

fn file(media: Media) -> NewFile {
    NewFile {
        chat_id: CHAT,
        media,
        reply_to: None,
        reply_markup: None,
    }
}

fn album(items: Vec<Media>) -> NewAlbum {
    NewAlbum {
        chat_id: CHAT,
        kind: MediaKind::Photo,
        items,
        reply_to: None,
    }
}
