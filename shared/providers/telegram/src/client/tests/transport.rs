use confab_core::Error;
use confab_testkit::servers;

use super::*;

#[tokio::test]
async fn call_that_never_left_is_unavailable() {
    for address in [
        servers::refusing().await,
        "http://no-such-host.invalid".into(),
        "not an address".into(),
    ] {
        let client = telegram(&address);
        let new = client.send_message(&message()).await.unwrap_err();
        assert!(matches!(new, TelegramError::Unavailable(_)), "{new}");
        assert!(!new.may_have_happened());
    }
}

#[tokio::test]
async fn connection_that_breaks_after_the_body_went_is_unknown_for_a_new_message() {
    for server in [
        servers::closing().await,
        servers::truncating().await,
        servers::hanging().await,
        servers::endless().await,
    ] {
        let mut client = telegram(&server);
        client.call_timeout = Duration::from_millis(500);
        client.upload_timeout = Duration::from_millis(500);
        let photos = || album(vec![media(upload(&vec![0; 1024 * 1024])); 2]);
        for new in [
            client.send_message(&message()).await.unwrap_err(),
            client.send_photo(file(stored("a"))).await.unwrap_err(),
            client.send_document(file(stored("a"))).await.unwrap_err(),
            client.send_album(photos()).await.unwrap_err(),
        ] {
            assert!(matches!(new, TelegramError::Unknown(_)), "{new}");
        }
        let slide = media(upload(&vec![0; 1024 * 1024]));
        for repeatable in [
            client
                .edit_text(edited(), &message().text, None)
                .await
                .unwrap_err(),
            client
                .edit_media(edited(), MediaKind::Photo, slide, None)
                .await
                .unwrap_err(),
            client
                .answer_callback("1", &CallbackAnswer::default())
                .await
                .unwrap_err(),
            client.delete_messages(CHAT, &[1]).await.unwrap_err(),
        ] {
            assert!(
                matches!(repeatable, TelegramError::Unavailable(_)),
                "{repeatable}"
            );
        }
    }
}

#[tokio::test]
async fn token_is_in_no_error_and_in_no_debug_output() {
    let secret = "AA-secret_token";
    let echo = failed(400, &format!("Bad Request: /bot{TOKEN}/sendMessage"));
    let echoing = server_responding(echo).await;
    let moved = ResponseTemplate::new(307).insert_header("location", "/x");
    let moving = server_responding(moved).await;
    for address in [
        echoing.uri(),
        moving.uri(),
        servers::refusing().await,
        servers::closing().await,
        servers::truncating().await,
        servers::hanging().await,
        "not an address".into(),
        "http://".into(),
        "http://no-such-host.invalid".into(),
    ] {
        let mut client = telegram(&address);
        client.call_timeout = Duration::from_millis(200);
        let shown = format!("{client:?}");
        assert!(!shown.contains(secret), "{shown}");
        for error in [
            client.send_message(&message()).await.unwrap_err(),
            client.me().await.unwrap_err(),
            client.download("AgAC").await.unwrap_err(),
        ] {
            let shown = format!("{error} {error:?} {:?}", Error::from(error.clone()));
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let template = ResponseTemplate::new(200).set_body_json(
        json!({"ok": true, "result": {"file_id": "AgAC", "file_path": "photos/file_1.jpg"}}),
    );
    // The file's URL answers with a redirect that cannot be followed.
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(template)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", "http://"))
        .mount(&server)
        .await;
    let error = telegram(&server.uri()).download("AgAC").await.unwrap_err();
    assert!(!format!("{error:?}").contains(secret), "{error}");
}
