use confab_testkit::servers;
use wiremock::Request;

use super::*;
use crate::{Edited, Sent};

fn photo_message(message_id: i64, file_id: &str) -> Value {
    let mut message = sent(message_id);
    message["photo"] = json!([
        {"file_id": "small", "file_unique_id": "s", "width": 90, "height": 112},
        {"file_id": file_id, "file_unique_id": "l", "width": 1_080, "height": 1_350},
        {"file_id": "medium", "file_unique_id": "m", "width": 320, "height": 400},
    ]);
    message
}

fn photo(message_id: i64, file_id: &str) -> Sent {
    Sent {
        message_id,
        file_id: Some(file_id.into()),
    }
}

async fn only_request(server: &MockServer) -> Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

/// Returns the form of the only request, and checks that its length was announced.
async fn form(server: &MockServer, called: &str) -> String {
    let request = only_request(server).await;
    assert_eq!(request.url.path(), format!("/bot{TOKEN}/{called}"));
    let content_type = request.headers["content-type"].to_str().unwrap();
    assert!(content_type.starts_with("multipart/form-data; boundary="));
    let announced = request.headers["content-length"].to_str().unwrap();
    assert_eq!(announced, request.body.len().to_string());
    String::from_utf8_lossy(&request.body).into_owned()
}

#[tokio::test]
async fn photo_is_uploaded_under_the_name_of_its_kind() {
    let server = server_responding(ok(photo_message(14, "AgAC-l"))).await;
    let new = file(Media {
        caption: Html::text("1 < 2"),
        ..media(upload(b"JPEG"))
    });
    let outcome = telegram(&server.uri()).send_photo(new).await;
    assert_eq!(outcome.unwrap(), photo(14, "AgAC-l"));
    let form = form(&server, "sendPhoto").await;
    for part in [
        "name=\"chat_id\"\r\n\r\n5200000001\r\n",
        "name=\"caption\"\r\n\r\n1 &lt; 2\r\n",
        "name=\"parse_mode\"\r\n\r\nHTML\r\n",
        "name=\"photo\"; filename=\"slide.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nJPEG\r\n",
    ] {
        assert!(form.contains(part), "{part}\n{form}");
    }
}

#[tokio::test]
async fn document_keeps_its_name_without_characters_that_end_it() {
    let mut message = sent(14);
    message["document"] =
        json!({"file_id": "BQAC", "file_unique_id": "u", "mime_type": "application/pdf"});
    for (name, expected) in [
        ("small habits.pdf", "small habits.pdf"),
        ("הרגלים.pdf", "הרגלים.pdf"),
        (
            "a\"; name=\"chat_id\r\n/\\.pdf",
            "a__ name=_chat_id____.pdf",
        ),
        (" ", "file"),
    ] {
        let server = server_responding(ok(message.clone())).await;
        let pdf = InputFile::Upload(Upload {
            file_name: name.into(),
            mime_type: "application/pdf".into(),
            bytes: b"%PDF".to_vec(),
        });
        let outcome = telegram(&server.uri())
            .send_document(file(media(pdf)))
            .await;
        assert_eq!(outcome.unwrap(), photo(14, "BQAC"));
        let form = form(&server, "sendDocument").await;
        let part = format!("name=\"document\"; filename=\"{expected}\"\r\n");
        assert!(form.contains(&part), "{part}\n{form}");
    }
}

#[tokio::test]
async fn known_file_is_sent_by_its_id_without_an_upload() {
    let parameters = json!({"chat_id": CHAT, "photo": "AgAC-l"});
    let server = server_expecting("sendPhoto", parameters, photo_message(14, "AgAC-l")).await;
    let outcome = telegram(&server.uri())
        .send_photo(file(stored("AgAC-l")))
        .await;
    assert_eq!(outcome.unwrap(), photo(14, "AgAC-l"));
}

#[tokio::test]
async fn album_is_uploaded_with_references_and_returned_in_order() {
    let messages = json!([
        photo_message(20, "a"),
        photo_message(21, "b"),
        photo_message(22, "c")
    ]);
    let server = server_responding(ok(messages)).await;
    let captioned = Media {
        caption: Html::markup("<b>One</b>"),
        ..media(upload(b"JPEG-1"))
    };
    let items = vec![captioned, stored("AgAC-2"), media(upload(b"JPEG-3"))];
    let outcome = telegram(&server.uri()).send_album(album(items)).await;
    assert_eq!(
        outcome.unwrap(),
        [photo(20, "a"), photo(21, "b"), photo(22, "c")]
    );
    let form = form(&server, "sendMediaGroup").await;
    let inputs = json!([
        {"type": "photo", "media": "attach://s1", "caption": "<b>One</b>", "parse_mode": "HTML"},
        {"type": "photo", "media": "AgAC-2"},
        {"type": "photo", "media": "attach://s2"},
    ]);
    for part in [
        format!("name=\"media\"\r\n\r\n{inputs}\r\n"),
        "name=\"s1\"; filename=\"slide.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nJPEG-1\r\n".into(),
        "name=\"s2\"; filename=\"slide.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nJPEG-3\r\n".into(),
    ] {
        assert!(form.contains(&part), "{part}\n{form}");
    }
}

#[tokio::test]
async fn album_of_documents_is_sent_by_ids_as_json() {
    let inputs = json!([{"type": "document", "media": "a"}, {"type": "document", "media": "b"}]);
    let parameters = json!({"chat_id": CHAT, "media": inputs});
    let server = server_expecting("sendMediaGroup", parameters, json!([sent(1), sent(2)])).await;
    let documents = NewAlbum {
        kind: MediaKind::Document,
        ..album(vec![stored("a"), stored("b")])
    };
    let outcome = telegram(&server.uri()).send_album(documents).await.unwrap();
    let ids: Vec<_> = outcome.iter().map(|sent| sent.message_id).collect();
    assert_eq!(ids, [1, 2]);
}

#[tokio::test]
async fn album_with_unconfirmed_items_is_unknown() {
    for messages in [
        json!([sent(1)]),
        json!([]),
        json!([sent(1), {}]),
        json!(true),
    ] {
        let server = server_responding(ok(messages.clone())).await;
        let items = vec![stored("a"), stored("b")];
        let error = telegram(&server.uri())
            .send_album(album(items))
            .await
            .unwrap_err();
        assert!(
            matches!(error, TelegramError::Unknown(_)),
            "{messages} {error}"
        );
    }
}

#[tokio::test]
async fn slide_of_an_album_is_replaced_in_place() {
    let server = server_responding(ok(photo_message(14, "AgAC-new"))).await;
    let client = telegram(&server.uri());
    let outcome = client.edit_media(edited(), MediaKind::Photo, media(upload(b"JPEG")), None);
    assert_eq!(
        outcome.await.unwrap(),
        Edited::Changed(photo(14, "AgAC-new"))
    );
    let form = form(&server, "editMessageMedia").await;
    let input = json!({"type": "photo", "media": "attach://s1"});
    for part in [
        "name=\"message_id\"\r\n\r\n14\r\n".to_owned(),
        format!("name=\"media\"\r\n\r\n{input}\r\n"),
        "name=\"s1\"; filename=\"slide.jpg\"".into(),
    ] {
        assert!(form.contains(&part), "{part}\n{form}");
    }
}

#[tokio::test]
async fn files_beyond_the_limits_are_refused_before_a_request() {
    let server = server_responding(ok(json!([]))).await;
    let client = telegram(&server.uri());
    let odd_type = InputFile::Upload(Upload {
        file_name: "x".into(),
        mime_type: "no\ntype".into(),
        bytes: b"x".to_vec(),
    });
    let large = vec![0; 10 * 1024 * 1024 + 1];
    let items = |count: usize| album(vec![stored("a"); count]);
    for error in [
        client
            .send_photo(file(media(upload(&large))))
            .await
            .unwrap_err(),
        client
            .send_photo(file(media(upload(b""))))
            .await
            .unwrap_err(),
        client.send_photo(file(media(odd_type))).await.unwrap_err(),
        client.send_album(items(0)).await.unwrap_err(),
        client.send_album(items(1)).await.unwrap_err(),
        client.send_album(items(11)).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, TelegramError::Refused { code: 0, .. }),
            "{error}"
        );
    }
    for id in [
        "",
        "https://a.example/1.jpg",
        "file:///etc/passwd",
        "attach://s1",
    ] {
        let error = client.send_photo(file(stored(id))).await.unwrap_err();
        assert!(
            matches!(error, TelegramError::WrongFileId(_)),
            "{id} {error}"
        );
    }
    assert_eq!(request_count(&server).await, 0);
}

/// Answers `getFile` with a location, and the file with `template`.
async fn file_server(location: Value, template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(format!("/bot{TOKEN}/getFile")))
        .and(body_json(json!({"file_id": "AgAC"})))
        .respond_with(ok(location))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(format!("/file/bot{TOKEN}/photos/file_1.jpg")))
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

fn location() -> Value {
    json!({"file_id": "AgAC", "file_unique_id": "u", "file_size": 4, "file_path": "photos/file_1.jpg"})
}

#[tokio::test]
async fn file_is_downloaded_in_two_steps() {
    let template = ResponseTemplate::new(200).set_body_bytes(b"JPEG");
    let server = file_server(location(), template).await;
    let bytes = telegram(&server.uri()).download("AgAC").await.unwrap();
    assert_eq!(bytes, b"JPEG");
}

#[tokio::test]
async fn file_is_not_downloaded_when_it_is_too_large() {
    let template = || ResponseTemplate::new(200).set_body_bytes(b"JPEG");
    let mut announced = location();
    announced["file_size"] = json!(MAX_DOWNLOAD_BYTES + 1);
    let server = file_server(announced, template()).await;
    let error = telegram(&server.uri()).download("AgAC").await.unwrap_err();
    assert_eq!(error, TelegramError::FileTooLarge);
    assert_eq!(request_count(&server).await, 1);

    let server = server_responding(failed(400, "Bad Request: file is too big")).await;
    let error = telegram(&server.uri()).download("AgAC").await.unwrap_err();
    assert_eq!(error, TelegramError::FileTooLarge);

    let lying = ResponseTemplate::new(200).set_body_bytes(vec![0; MAX_DOWNLOAD_BYTES + 1]);
    let server = file_server(location(), lying).await;
    let error = telegram(&server.uri()).download("AgAC").await.unwrap_err();
    assert_eq!(error, TelegramError::FileTooLarge);
}

#[tokio::test]
async fn file_path_cannot_leave_the_bots_files() {
    for path in [
        json!("../../bot1:x/getMe"),
        json!("photos/../../x"),
        json!("/var/lib/file"),
        json!("photos//x"),
        json!("photos/x?y"),
        json!("photos/x#y"),
        json!("photos/%2e%2e"),
        json!(""),
        Value::Null,
    ] {
        let mut location = location();
        location["file_path"] = path.clone();
        let server = file_server(location, ResponseTemplate::new(200)).await;
        let error = telegram(&server.uri()).download("AgAC").await.unwrap_err();
        assert!(
            matches!(error, TelegramError::Unavailable(_)),
            "{path} {error}"
        );
        assert_eq!(request_count(&server).await, 1, "{path}");
    }
}

#[tokio::test]
async fn download_errors_tell_a_missing_file_from_an_outage() {
    for (status, is_missing) in [(404, true), (500, false), (429, false), (302, false)] {
        let server = file_server(location(), ResponseTemplate::new(status)).await;
        let error = telegram(&server.uri()).download("AgAC").await.unwrap_err();
        assert_eq!(
            matches!(error, TelegramError::WrongFileId(_)),
            is_missing,
            "{status}"
        );
        assert_eq!(
            matches!(error, TelegramError::Unavailable(_)),
            !is_missing,
            "{status}"
        );
    }
    let error = telegram("http://127.0.0.1:1")
        .download("../x")
        .await
        .unwrap_err();
    assert!(matches!(error, TelegramError::WrongFileId(_)), "{error}");
}

#[tokio::test]
async fn download_gives_up_on_a_file_that_never_ends() {
    for server in [servers::trickling().await, servers::hanging().await] {
        let mut client = telegram(&server);
        client.call_timeout = Duration::from_millis(200);
        client.upload_timeout = Duration::from_millis(200);
        let error = client.download("AgAC").await.unwrap_err();
        assert!(matches!(error, TelegramError::Unavailable(_)), "{error}");
    }
}
