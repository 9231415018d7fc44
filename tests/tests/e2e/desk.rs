//! Desk from a sign-up to the first answer, through real processes and over both sockets.

use anyhow::{Context, Result, ensure};
use confab_e2e::{Live, Place, eventually};
use reqwest::Method;
use serde_json::{Value, json};

const SITE: &str = "https://shop.example";

/// Someone who calls the API: a person, or a visitor.
struct Caller<'a> {
    place: &'a Place,
    token: String,
}

impl Caller<'_> {
    async fn call(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        let url = format!("{}{path}", self.place.gateway);
        let mut request = self.place.http.request(method.clone(), url);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if body != Value::Null {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{method} {path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::POST, path, body).await
    }

    /// Opens a socket, and says hello for conversations with the last number of each.
    async fn socket(&self, ticket: &str, conversations: Value) -> Result<Live> {
        let ticket = self.post(ticket, json!({})).await?;
        let live = Live::open(ticket["url"].as_str().context("an address")?).await?;
        let hello = json!({ "type": "hello", "conversations": conversations });
        live.sends(&hello).await?;
        live.hears("welcome").await?;
        Ok(live)
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name]
        .as_str()
        .with_context(|| format!("no {name} in {value}"))
}

/// Signs an owner up and in, by the link that is mailed.
async fn owner<'a>(place: &'a Place, email: &str) -> Result<Caller<'a>> {
    let stranger = Caller {
        place,
        token: String::new(),
    };
    let sign_up = json!({
        "email": email, "password": "seven blue balloons", "name": "Dana", "tenant_name": "Balloon shop",
    });
    stranger.post("/auth/signup", sign_up).await?;
    let mail = eventually(|| async {
        let mails = place.get("/api/mails").await?;
        let mut mails = mails.as_array().context("a list")?.iter();
        let mail = mails.find(|mail| mail["to"] == json!([email]));
        let id = text(mail.context("no mail yet")?, "id")?.to_owned();
        place.get(&format!("/api/mails/{id}")).await
    })
    .await?;
    let (_, token) = text(&mail, "text")?
        .split_once("token=")
        .context("a link")?;
    let token = token.split_whitespace().next().context("a token")?;
    let session = json!({ "token": token, "client": "mobile" });
    let session = stranger.post("/auth/verify", session).await?;
    let token = text(&session, "access_token")?.to_owned();
    let owner = Caller { place, token };
    eventually(|| async {
        let tenant = text(&session, "tenant_id")?;
        let tenant = owner.get(&format!("/tenants/{tenant}")).await?;
        ensure!(tenant["provisioning"]["state"] == "ready", "{tenant}");
        Ok(())
    })
    .await?;
    Ok(owner)
}

/// Makes a bot for the site. Returns its id and its key.
async fn bot(owner: &Caller<'_>) -> Result<(String, String)> {
    let new = json!({ "name": "Balloon helper", "language": "en", "template": "blank" });
    let bot = owner.post("/chatbots", new).await?;
    let id = text(&bot, "id")?.to_owned();
    let mut draft = bot.clone();
    draft["origins"] = json!([SITE]);
    for shown in ["id", "created_at", "updated_at", "live"] {
        let fields = draft.as_object_mut().context("an object")?;
        fields.remove(shown);
    }
    let path = format!("/chatbots/{id}");
    let saved = owner.call(Method::PUT, &path, draft).await?;
    let deploy = json!({ "version": saved["version"] });
    let deployed = owner.post(&format!("{path}/deploy"), deploy).await?;
    Ok((id, text(&deployed, "deployment_key")?.to_owned()))
}

/// Opens the widget on the site.
async fn visitor<'a>(place: &'a Place, key: &str) -> Result<Caller<'a>> {
    let url = format!("{}/widget/embed", place.gateway);
    let embed = |origin: &'static str| {
        let request = place.http.post(&url).header("origin", origin);
        request.json(&json!({ "key": key })).send()
    };
    assert_eq!(embed("https://evil.example").await?.status(), 403);
    let embed: Value = embed(SITE).await?.error_for_status()?.json().await?;
    let stranger = Caller {
        place,
        token: String::new(),
    };
    let session = json!({ "embed_token": text(&embed, "embed_token")? });
    let session = stranger.post("/widget/sessions", session).await?;
    let token = text(&session, "visitor_token")?.to_owned();
    Ok(Caller { place, token })
}

#[tokio::test]
async fn sign_up_leads_to_the_first_answer() -> Result<()> {
    let place = Place::local().await?;
    let owner = owner(&place, "dana@shop.example").await?;
    let (bot, key) = bot(&owner).await?;
    let loader = format!("{}/w.js", place.gateway);
    let loader = place.http.get(loader).send().await?;
    assert_eq!(loader.status(), 200);
    let agent = owner.socket("/ws-ticket", json!({})).await?;

    let visitor = visitor(&place, &key).await?;
    let start = json!({
        "client_conv_id": "conversation-1", "bot_id": bot,
        "message": { "client_msg_id": "message-1", "text": "Can I talk to a person?" },
    });
    let head = visitor.post("/conversations", start).await?;
    let id = text(&head, "id")?.to_owned();
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
    let is_answer = |frame: &Value| frame["messages"].to_string().contains("You are.");
    let received = widget.hears_of("message:receive", is_answer).await?;
    assert!(!received.to_string().contains("usr_"), "{received}");
    // The same message again is the same message.
    agent.sends(&answer).await?;
    let note = json!({
        "type": "message:send", "conversation_id": id, "client_msg_id": "a-note-01", "text": "Regular customer",
        "is_note": true,
    });
    agent.sends(&note).await?;
    let is_note = |frame: &Value| frame["messages"].to_string().contains("Regular customer");
    agent.hears_of("message:receive", is_note).await?;

    let path = format!("/conversations/{id}/messages");
    let history = |page: &Value| -> Vec<String> {
        let messages = page["messages"].as_array().into_iter().flatten();
        let texts = messages.filter(|message| message["kind"] != "event");
        texts
            .filter_map(|message| message["text"].as_str().map(str::to_owned))
            .collect()
    };
    let seen_by_visitor = history(&visitor.get(&path).await?);
    let seen_by_agent = history(&owner.get(&path).await?);
    let count =
        |texts: &[String], wanted: &str| texts.iter().filter(|text| *text == wanted).count();
    assert_eq!(
        count(&seen_by_visitor, "You are."),
        1,
        "{seen_by_visitor:?}"
    );
    assert_eq!(count(&seen_by_visitor, "Regular customer"), 0);
    assert_eq!(count(&seen_by_agent, "Regular customer"), 1);
    assert_eq!(count(&seen_by_agent, "Can I talk to a person?"), 1);
    Ok(())
}
