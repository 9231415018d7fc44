use super::*;
use crate::{Button, Edited, ForceReply, InlineKeyboard, ReplyMarkup, Sent};

fn keyboard() -> InlineKeyboard {
    InlineKeyboard {
        rows: vec![vec![Button::callback("Again", "c1:ag:x:1:0")]],
    }
}

fn keyboard_json() -> Value {
    json!({"inline_keyboard": [[{"text": "Again", "callback_data": "c1:ag:x:1:0"}]]})
}

#[tokio::test]
async fn message_is_sent_as_html_without_a_link_preview() {
    let parameters = json!({"chat_id": CHAT, "text": "Ready &amp; &lt;set&gt;", "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true}});
    let server = server_expecting("sendMessage", parameters, sent(14)).await;
    // A base URL may end in a slash.
    let telegram = telegram(&format!("{}/", server.uri()));
    let expected = Sent {
        message_id: 14,
        file_id: None,
    };
    assert_eq!(telegram.send_message(&message()).await.unwrap(), expected);
}

#[tokio::test]
async fn message_may_reply_and_carry_a_keyboard_or_a_prompt() {
    let reply = json!({"message_id": 11, "allow_sending_without_reply": true});
    let prompt = ReplyMarkup::ForceReply(ForceReply::default());
    let prompt_json = json!({"force_reply": true, "selective": false});
    for (markup, markup_json) in [
        (ReplyMarkup::Keyboard(keyboard()), keyboard_json()),
        (prompt, prompt_json),
    ] {
        let parameters = json!({"chat_id": CHAT, "text": "Ready &amp; &lt;set&gt;", "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": true}, "reply_parameters": reply, "reply_markup": markup_json});
        let server = server_expecting("sendMessage", parameters, sent(14)).await;
        let message = NewMessage {
            reply_to: Some(11),
            reply_markup: Some(markup),
            ..message()
        };
        telegram(&server.uri())
            .send_message(&message)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn text_caption_and_keyboard_are_edited() {
    let changed = Edited::Changed(Sent {
        message_id: 14,
        file_id: None,
    });
    let target = json!({"chat_id": CHAT, "message_id": 14});
    let with = |fields: Value| {
        let mut parameters = target.clone();
        let fields = fields.as_object().unwrap().clone();
        parameters.as_object_mut().unwrap().extend(fields);
        parameters
    };
    let text = Html::text("5 of 8 slides");

    let parameters = with(
        json!({"text": "5 of 8 slides", "parse_mode": "HTML", "reply_markup": keyboard_json(),
        "link_preview_options": {"is_disabled": true}}),
    );
    let server = server_expecting("editMessageText", parameters, sent(14)).await;
    let client = telegram(&server.uri());
    let outcome = client.edit_text(edited(), &text, Some(&keyboard())).await;
    assert_eq!(outcome.unwrap(), changed);

    let parameters = with(json!({"caption": "5 of 8 slides", "parse_mode": "HTML"}));
    let server = server_expecting("editMessageCaption", parameters, sent(14)).await;
    let client = telegram(&server.uri());
    let outcome = client.edit_caption(edited(), &text, None).await;
    assert_eq!(outcome.unwrap(), changed);

    let server = server_expecting("editMessageReplyMarkup", target.clone(), sent(14)).await;
    let client = telegram(&server.uri());
    let outcome = client.edit_keyboard(edited(), None).await;
    assert_eq!(outcome.unwrap(), changed);
}

#[tokio::test]
async fn edit_that_changes_nothing_is_a_success() {
    let description = "Bad Request: message is not modified: specified new message content and reply markup are \
        exactly the same as a current content and reply markup of the message";
    let server = server_responding(failed(400, description)).await;
    let client = telegram(&server.uri());
    let text = Html::text("x");
    for outcome in [
        client.edit_text(edited(), &text, None).await,
        client.edit_caption(edited(), &text, None).await,
        client.edit_keyboard(edited(), None).await,
        client
            .edit_media(edited(), MediaKind::Photo, stored("AgAC"), None)
            .await,
    ] {
        assert_eq!(outcome.unwrap(), Edited::Unchanged);
    }
}

#[tokio::test]
async fn tap_is_answered_once_or_too_late() {
    let parameters = json!({"callback_query_id": "223", "show_alert": true, "text": "That was an older version."});
    let server = server_expecting("answerCallbackQuery", parameters, json!(true)).await;
    let answer = CallbackAnswer {
        text: Some("That was an older version.".into()),
        is_alert: true,
    };
    telegram(&server.uri())
        .answer_callback("223", &answer)
        .await
        .unwrap();

    let description =
        "Bad Request: query is too old and response timeout expired or query ID is invalid";
    let server = server_responding(failed(400, description)).await;
    let silent = CallbackAnswer::default();
    telegram(&server.uri())
        .answer_callback("223", &silent)
        .await
        .unwrap();
}

#[tokio::test]
async fn chat_action_is_shown_and_messages_are_deleted() {
    let parameters = json!({"chat_id": CHAT, "action": "upload_photo"});
    let server = server_expecting("sendChatAction", parameters, json!(true)).await;
    let client = telegram(&server.uri());
    let action = ChatAction::UploadPhoto;
    client.send_chat_action(CHAT, action).await.unwrap();

    let parameters = json!({"chat_id": CHAT, "message_ids": [14, 15]});
    let server = server_expecting("deleteMessages", parameters, json!(true)).await;
    let client = telegram(&server.uri());
    client.delete_messages(CHAT, &[14, 15]).await.unwrap();
}

#[tokio::test]
async fn texts_beyond_the_limits_are_refused_before_a_request() {
    let server = server_responding(ok(sent(1))).await;
    let client = telegram(&server.uri());
    let text = |text: &str| NewMessage {
        text: Html::text(text),
        ..message()
    };
    let long_caption = Media {
        caption: Html::text(&"x".repeat(1_025)),
        ..stored("AgAC")
    };
    let long_answer = CallbackAnswer {
        text: Some("x".repeat(201)),
        is_alert: false,
    };
    let wide = InlineKeyboard {
        rows: vec![vec![Button::callback("x", "d".repeat(65))]],
    };
    let markup = NewMessage {
        reply_markup: Some(ReplyMarkup::Keyboard(wide.clone())),
        ..message()
    };
    let items = vec![stored("a"), long_caption.clone()];
    for error in [
        client.send_message(&text("")).await.unwrap_err(),
        client
            .send_message(&text(&"x".repeat(4_097)))
            .await
            .unwrap_err(),
        client.send_message(&markup).await.unwrap_err(),
        client
            .send_photo(file(long_caption.clone()))
            .await
            .unwrap_err(),
        client.send_album(album(items)).await.unwrap_err(),
        client
            .edit_text(edited(), &Html::default(), None)
            .await
            .unwrap_err(),
        client
            .edit_keyboard(edited(), Some(&wide))
            .await
            .unwrap_err(),
        client.answer_callback("1", &long_answer).await.unwrap_err(),
        client.delete_messages(CHAT, &[]).await.unwrap_err(),
        client.delete_messages(CHAT, &[1; 101]).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, TelegramError::Refused { code: 0, .. }),
            "{error}"
        );
    }
    assert_eq!(request_count(&server).await, 0);
    client
        .send_message(&text(&"x".repeat(4_096)))
        .await
        .unwrap();
}
