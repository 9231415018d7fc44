//! Desk from a sign-up to the end of a conversation, through real processes and over both sockets. The same on local and
//! on a deployed stack.

use anyhow::{Context, Result, ensure};
use confab_e2e::{DeskCaller, DeskOwner, Place, eventually};
use reqwest::Method;
use serde_json::{Value, json};

/// Texts of the messages that a caller reads, without events.
async fn history(caller: &DeskCaller<'_>, path: &str) -> Result<Vec<String>> {
    let page = caller.get(path).await?;
    let messages = page["messages"].as_array().context("messages")?;
    let texts = messages.iter().filter(|message| message["kind"] != "event");
    let texts = texts.filter_map(|message| message["text"].as_str().map(str::to_owned));
    Ok(texts.collect())
}

fn count(texts: &[String], wanted: &str) -> usize {
    texts.iter().filter(|text| *text == wanted).count()
}

fn says(wanted: &str) -> impl Fn(&Value) -> bool {
    move |frame| frame["messages"].to_string().contains(wanted)
}

#[tokio::test]
async fn sign_up_leads_to_answers_until_the_conversation_ends() -> Result<()> {
    let place = Place::any().await?;
    let account = DeskOwner::new(&place, "dana@shop.example").await?;
    let (bot, key) = account.bot().await?;
    let owner = &account.caller;
    let loader = format!("{}/w.js", place.gateway);
    let loader = place.http.get(loader).send().await?;
    assert_eq!(loader.status(), 200);
    let agent = owner.socket("/ws-ticket", json!({})).await?;

    let visitor = DeskCaller::visitor(&place, &key).await?;
    let start = json!({
        "client_conv_id": "conversation-1", "bot_id": bot,
        "message": { "client_msg_id": "message-1", "text": "Can I talk to a person?" },
    });
    let head = visitor.post("/conversations", start).await?;
    let id = head["id"].as_str().context("an id")?.to_owned();
    let widget = visitor
        .socket("/widget/ticket", json!({ id.as_str(): 0 }))
        .await?;
    agent
        .hears_of("head", |frame| frame["head"]["id"] == json!(id))
        .await?;

    agent
        .sends(&json!({ "type": "watch", "conversation_id": id }))
        .await?;
    let answer = json!({
        "type": "message:send", "conversation_id": id, "client_msg_id": "answer-01", "text": "You are.",
    });
    agent.sends(&answer).await?;
    let received = widget.hears_of("message:receive", says("You are.")).await?;
    assert!(!received.to_string().contains("usr_"), "{received}");
    // The same message again is the same message.
    agent.sends(&answer).await?;
    let note = json!({
        "type": "message:send", "conversation_id": id, "client_msg_id": "a-note-01", "text": "Regular customer",
        "is_note": true,
    });
    agent.sends(&note).await?;
    agent
        .hears_of("message:receive", says("Regular customer"))
        .await?;

    // Over HTTP, and over the socket.
    let path = format!("/conversations/{id}/messages");
    let thanks = json!({ "client_msg_id": "message-2", "text": "Thank you!" });
    visitor.post(&path, thanks).await?;
    agent
        .hears_of("message:receive", says("Thank you!"))
        .await?;
    let another = json!({
        "type": "message:send", "conversation_id": id, "client_msg_id": "message-3", "text": "One more thing",
    });
    widget.sends(&another).await?;
    agent
        .hears_of("message:receive", says("One more thing"))
        .await?;

    let end = format!("/conversations/{id}/end");
    let reason = json!({ "reason": "resolved" });
    let ended = owner.call(Method::PUT, &end, reason).await?;
    assert_eq!(ended["status"], "closed", "{ended}");
    let is_end = |frame: &Value| {
        let mut messages = frame["messages"].as_array().into_iter().flatten();
        messages.any(|message| message["event"]["type"] == "ended")
    };
    widget.hears_of("message:receive", is_end).await?;

    let seen_by_visitor = history(&visitor, &path).await?;
    let seen_by_agent = history(owner, &path).await?;
    for said in [
        "Can I talk to a person?",
        "You are.",
        "Thank you!",
        "One more thing",
    ] {
        assert_eq!(
            count(&seen_by_visitor, said),
            1,
            "{said}: {seen_by_visitor:?}"
        );
        assert_eq!(count(&seen_by_agent, said), 1, "{said}: {seen_by_agent:?}");
    }
    assert_eq!(count(&seen_by_visitor, "Regular customer"), 0);
    assert_eq!(count(&seen_by_agent, "Regular customer"), 1);
    Ok(())
}

#[tokio::test]
async fn limits_show_what_visitors_use() -> Result<()> {
    let place = Place::any().await?;
    let owner = DeskOwner::new(&place, "noa@shop.example").await?;
    let (bot, key) = owner.bot().await?;
    let visitor = DeskCaller::visitor(&place, &key).await?;
    let start = json!({
        "client_conv_id": "conversation-1", "bot_id": bot,
        "message": { "client_msg_id": "message-1", "text": "Do you ship to Haifa?" },
    });
    visitor.post("/conversations", start).await?;
    let _widget = visitor.socket("/widget/ticket", json!({})).await?;
    let path = format!("/tenants/{}/limits", owner.tenant);
    eventually(|| async {
        let limits = owner.caller.get(&path).await?;
        let limits = limits["limits"].as_array().context("limits")?.clone();
        let used = |name: &str| {
            let limit = limits.iter().find(|limit| limit["name"] == name);
            limit.and_then(|limit| limit["used"].as_u64())
        };
        let counts = ["conversations", "sockets", "seats", "bots"].map(used);
        ensure!(counts == [Some(1), Some(1), Some(1), Some(2)], "{counts:?}");
        Ok(())
    })
    .await
}
