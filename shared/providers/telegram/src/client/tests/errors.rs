use confab_core::{Error, Kind};

use super::*;

/// Returns the errors of a new message and of a repeatable call.
async fn both(template: ResponseTemplate) -> (TelegramError, TelegramError) {
    let server = server_responding(template).await;
    let client = telegram(&server.uri());
    (
        client.send_message(&message()).await.unwrap_err(),
        client
            .send_chat_action(CHAT, ChatAction::Typing)
            .await
            .unwrap_err(),
    )
}

fn unreachable(code: i64, description: &str) -> TelegramError {
    TelegramError::Unreachable {
        code,
        description: description.into(),
    }
}

fn refused(code: i64, description: &str) -> TelegramError {
    TelegramError::Refused {
        code,
        description: description.into(),
    }
}

fn token_refused(code: i64, description: &str) -> TelegramError {
    TelegramError::Token {
        code,
        description: description.into(),
    }
}

#[tokio::test]
async fn description_decides_what_a_refusal_means() {
    let wrong_file = |text: &str| TelegramError::WrongFileId(text.to_owned());
    let gone = |text: &str| TelegramError::MessageGone(text.to_owned());
    let unavailable = |text: &str| TelegramError::Unavailable(text.to_owned());
    for (code, description, expected) in [
        (
            403,
            "Forbidden: bot was blocked by the user",
            unreachable as fn(i64, &str) -> _,
        ),
        (403, "Forbidden: user is deactivated", unreachable),
        (
            403,
            "Forbidden: bot was kicked from the group chat",
            unreachable,
        ),
        (
            403,
            "Forbidden: bot is not a member of the supergroup chat",
            unreachable,
        ),
        (400, "Bad Request: chat not found", unreachable),
        (
            400,
            "Bad Request: not enough rights to send photos to the chat",
            unreachable,
        ),
        (
            400,
            "Bad Request: have no rights to send a message",
            unreachable,
        ),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", unreachable),
        (400, "Bad Request: message is too long", refused),
        (
            400,
            "Bad Request: can't parse entities: unsupported start tag",
            refused,
        ),
        (
            400,
            "Bad Request: Can't use the media of the specified type in the album",
            refused,
        ),
        (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", refused),
        (413, "Request Entity Too Large", refused),
        (409, "Conflict: terminated by other request", refused),
        (401, "Unauthorized", token_refused),
        (404, "Not Found", token_refused),
        (404, "Not Found: method not found", token_refused),
    ] {
        let expected = expected(code.into(), description);
        assert_eq!(
            both(failed(code, description)).await,
            (expected.clone(), expected),
            "{description}"
        );
    }
    for (code, description, expected) in [
        (
            400,
            "Bad Request: wrong remote file identifier specified: can't unserialize it",
            wrong_file as fn(&str) -> _,
        ),
        (
            400,
            "Bad Request: wrong file identifier/HTTP URL specified",
            wrong_file,
        ),
        (
            400,
            "Bad Request: wrong file_id or the file is temporarily unavailable",
            wrong_file,
        ),
        (
            400,
            "Bad Request: can't use file of type Photo as Document",
            wrong_file,
        ),
        (400, "Bad Request: message to edit not found", gone),
        (400, "Bad Request: MESSAGE_ID_INVALID", gone),
        (500, "Internal Server Error: database is busy", unavailable),
        (503, "Service Unavailable", unavailable),
    ] {
        let expected = expected(description);
        assert_eq!(
            both(failed(code, description)).await,
            (expected.clone(), expected),
            "{description}"
        );
    }
}

#[tokio::test]
async fn rate_limit_says_how_long_in_the_body_or_in_the_header() {
    let limited = |seconds| TelegramError::RateLimited {
        retry_after: Duration::from_secs(seconds),
    };
    let body = |parameters: Value| {
        ResponseTemplate::new(429).set_body_json(json!({"ok": false, "error_code": 429,
            "description": "Too Many Requests: retry after 35", "parameters": parameters}))
    };
    let only_header = ResponseTemplate::new(429).insert_header("retry-after", "7");
    for (template, expected) in [
        (body(json!({"retry_after": 35})), limited(35)),
        (
            body(json!({"retry_after": 35})).insert_header("retry-after", "7"),
            limited(35),
        ),
        (
            body(json!({"retry_after": -1})).insert_header("retry-after", "7"),
            limited(7),
        ),
        (body(Value::Null), limited(1)),
        (only_header, limited(7)),
    ] {
        assert_eq!(both(template).await, (expected.clone(), expected));
    }
    let delay = |seconds| limited(seconds).retry_delay().unwrap().as_secs();
    assert_eq!(
        (delay(0), delay(35), delay(899), delay(900)),
        (1, 36, 900, 900)
    );
    assert_eq!(delay(u64::MAX), 900);
    assert_eq!(refused(400, "x").retry_delay(), None);
}

#[tokio::test]
async fn failed_item_of_an_album_leaves_the_others_unknown() {
    for reason in [
        "Too Many Requests: retry after 35",
        "Wrong file identifier/HTTP URL specified",
        "PHOTO_INVALID_DIMENSIONS",
    ] {
        let description =
            format!("Bad Request: failed to send message #3 with the error message \"{reason}\"");
        let server = server_responding(failed(400, &description)).await;
        let items = vec![stored("a"); 5];
        let error = telegram(&server.uri())
            .send_album(album(items))
            .await
            .unwrap_err();
        assert_eq!(error, TelegramError::Unknown(description));
        assert!(error.may_have_happened());
    }
}

#[tokio::test]
async fn migrated_group_tells_its_new_id() {
    let body = json!({"ok": false, "error_code": 400, "parameters": {"migrate_to_chat_id": -1_001_234_567_890_i64},
        "description": "Bad Request: group chat was upgraded to a supergroup chat"});
    let expected = TelegramError::Migrated {
        to: -1_001_234_567_890,
    };
    let template = ResponseTemplate::new(400).set_body_json(body);
    assert_eq!(both(template).await, (expected.clone(), expected));
}

#[tokio::test]
async fn lost_answer_is_unknown_for_a_new_message_and_repeatable_otherwise() {
    let restart = "Internal Server Error: restart";
    let deleted =
        "Internal Server Error: sent message was immediately deleted and can't be returned";
    for template in [
        failed(500, restart),
        failed(500, deleted),
        ResponseTemplate::new(502).set_body_string("<html>Bad Gateway</html>"),
        ResponseTemplate::new(504),
        ResponseTemplate::new(200),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(json!({"ok": true})),
        ok(json!({"date": 1})),
        ok(json!([])),
        failed(200, "odd"),
    ] {
        let (new, repeatable) = both(template).await;
        assert!(matches!(new, TelegramError::Unknown(_)), "{new}");
        assert!(
            matches!(repeatable, TelegramError::Unavailable(_)),
            "{repeatable}"
        );
    }
}

#[tokio::test]
async fn answer_from_something_before_telegram_says_nothing_about_the_chat() {
    for (status, is_token) in [
        (404, true),
        (401, true),
        (403, false),
        (400, false),
        (302, false),
        (500, false),
        (503, false),
    ] {
        for body in [
            "<html>",
            "",
            "{}",
            r#"{"description":"x"}"#,
            r#"{"ok":false}"#,
        ] {
            let template = ResponseTemplate::new(status).set_body_string(body);
            let (new, repeatable) = both(template).await;
            assert_eq!(new, repeatable);
            assert_eq!(
                matches!(new, TelegramError::Token { .. }),
                is_token,
                "{status} {new}"
            );
            assert_eq!(
                matches!(new, TelegramError::Unavailable(_)),
                !is_token,
                "{status} {new}"
            );
        }
    }
    let (new, _) = both(ResponseTemplate::new(413)).await;
    assert!(
        matches!(new, TelegramError::Refused { code: 413, .. }),
        "{new}"
    );
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let other = MockServer::start().await;
    Mock::given(any())
        .respond_with(ok(sent(1)))
        .expect(0)
        .mount(&other)
        .await;
    let moved = ResponseTemplate::new(307).insert_header("location", other.uri().as_str());
    let (new, _) = both(moved).await;
    assert!(matches!(new, TelegramError::Unavailable(_)), "{new}");
}

#[tokio::test]
async fn errors_name_no_chat() {
    let description = "Bad Request: group 5200000001 of +16505550100 is closed";
    let (new, _) = both(failed(400, description)).await;
    assert_eq!(new, refused(400, "Bad Request: group … of +… is closed"));
}

#[test]
fn errors_that_pass_are_unavailable_and_defects_are_internal() {
    for (error, kind) in [
        (TelegramError::Unavailable("x".into()), Kind::Unavailable),
        (TelegramError::Unknown("x".into()), Kind::Unavailable),
        (token_refused(401, "x"), Kind::Unavailable),
        (
            TelegramError::RateLimited {
                retry_after: Duration::ZERO,
            },
            Kind::Unavailable,
        ),
        (refused(400, "x"), Kind::Internal),
        (unreachable(403, "x"), Kind::Internal),
    ] {
        assert_eq!(Error::from(error.clone()).kind(), kind, "{error}");
    }
}

#[test]
fn new_messages_alone_are_not_repeatable() {
    let new = [
        Method::SendMessage,
        Method::SendPhoto,
        Method::SendMediaGroup,
        Method::SendDocument,
    ];
    assert!(new.iter().all(|method| !method.is_repeatable()));
    let repeatable = [
        Method::GetMe,
        Method::SetWebhook,
        Method::DeleteWebhook,
        Method::GetWebhookInfo,
        Method::SetMyCommands,
        Method::EditMessageText,
        Method::EditMessageCaption,
        Method::EditMessageReplyMarkup,
        Method::EditMessageMedia,
        Method::AnswerCallbackQuery,
        Method::SendChatAction,
        Method::DeleteMessages,
        Method::GetFile,
    ];
    assert!(repeatable.iter().all(|method| method.is_repeatable()));
}
