//! People of Desk: an owner with a workspace and a bot, and visitors of the site.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Live, Place, eventually};

/// The site that embeds the widget.
const PASSWORD: &str = "seven blue balloons";
const SITE: &str = "https://shop.example";

/// Someone who calls the API of Desk: a person, or a visitor.
#[derive(Debug)]
pub struct DeskCaller<'a> {
    place: &'a Place,
    token: String,
}

/// An owner who has signed up.
#[derive(Debug)]
pub struct DeskOwner<'a> {
    pub caller: DeskCaller<'a>,
    pub tenant: String,
}

impl<'a> DeskCaller<'a> {
    fn stranger(place: &'a Place) -> Self {
        let token = String::new();
        Self { place, token }
    }

    /// Returns the answer, which must be a success.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Result<Value> {
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

    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::POST, path, body).await
    }

    /// Opens a socket, and says hello for conversations with the last number of each.
    pub async fn socket(&self, ticket: &str, conversations: Value) -> Result<Live> {
        let ticket = self.post(ticket, json!({})).await?;
        let live = Live::open(ticket["url"].as_str().context("an address")?).await?;
        let hello = json!({ "type": "hello", "conversations": conversations });
        live.sends(&hello).await?;
        live.hears("welcome").await?;
        Ok(live)
    }

    /// Opens the widget on the site with the key of a deployment.
    pub async fn visitor(place: &'a Place, key: &str) -> Result<Self> {
        let url = format!("{}/widget/embed", place.gateway);
        let embed = |origin: &'static str| {
            let request = place.http.post(&url).header("origin", origin);
            request.json(&json!({ "key": key })).send()
        };
        let refused = embed("https://evil.example").await?.status();
        ensure!(refused == 403, "another site: {refused}");
        let embed: Value = embed(SITE).await?.error_for_status()?.json().await?;
        let session = json!({ "embed_token": text(&embed, "embed_token")? });
        let stranger = Self::stranger(place);
        let session = stranger.post("/widget/sessions", session).await?;
        let token = text(&session, "visitor_token")?.to_owned();
        Ok(Self { place, token })
    }
}

impl<'a> DeskOwner<'a> {
    /// Signs up, opens the link that is mailed, and waits for the setup.
    pub async fn new(place: &'a Place, email: &str) -> Result<Self> {
        let stranger = DeskCaller::stranger(place);
        let sign_up = json!({
            "email": email, "password": PASSWORD, "name": "Dana", "tenant_name": "Balloon shop",
        });
        stranger.post("/auth/signup", sign_up).await?;
        let mail = place.mail_to(email).await?;
        let (_, token) = mail.split_once("token=").context("a link")?;
        let token = token.split_whitespace().next().context("a token")?;
        let session = json!({ "token": token, "password": PASSWORD, "client": "mobile" });
        let session = stranger.post("/auth/verify", session).await?;
        let owner = Self {
            caller: DeskCaller {
                place,
                token: text(&session, "access_token")?.to_owned(),
            },
            tenant: text(&session, "tenant_id")?.to_owned(),
        };
        eventually(|| async {
            let path = format!("/tenants/{}", owner.tenant);
            let tenant = owner.caller.get(&path).await?;
            ensure!(tenant["provisioning"]["state"] == "ready", "{tenant}");
            Ok(())
        })
        .await?;
        Ok(owner)
    }

    /// Makes a bot for the site, and deploys it. Returns its id and its key.
    pub async fn bot(&self) -> Result<(String, String)> {
        let new = json!({ "name": "Balloon helper", "language": "en", "template": "blank" });
        let mut draft = self.caller.post("/chatbots", new).await?;
        let id = text(&draft, "id")?.to_owned();
        draft["origins"] = json!([SITE]);
        for shown in ["id", "created_at", "updated_at", "live"] {
            let fields = draft.as_object_mut().context("an object")?;
            fields.remove(shown);
        }
        let path = format!("/chatbots/{id}");
        let saved = self.caller.call(Method::PUT, &path, draft).await?;
        let deploy = json!({ "version": saved["version"] });
        let deployed = self.caller.post(&format!("{path}/deploy"), deploy).await?;
        Ok((id, text(&deployed, "deployment_key")?.to_owned()))
    }
}

impl Place {
    /// Waits for a mail to an address, and returns the text of the latest.
    pub async fn mail_to(&self, address: &str) -> Result<String> {
        eventually(|| async {
            if self.local.is_some() {
                self.mail_of_local(address).await
            } else {
                self.mail_of_ministack(address).await
            }
        })
        .await
    }

    async fn mail_of_local(&self, address: &str) -> Result<String> {
        let mails = self.get("/api/mails").await?;
        let mut mails = mails.as_array().context("a list")?.iter();
        // The latest are first.
        let mail = mails.find(|mail| mail["to"] == json!([address]));
        let id = text(mail.context("no mail yet")?, "id")?;
        let mail = self.get(&format!("/api/mails/{id}")).await?;
        Ok(text(&mail, "text")?.to_owned())
    }

    async fn mail_of_ministack(&self, address: &str) -> Result<String> {
        let url = format!("{}/_ministack/ses/messages", self.aws);
        let answer = self.http.get(url).send().await?.error_for_status()?;
        let answer: Value = answer.json().await?;
        let accounts = answer["messages"].as_object().context("accounts")?;
        let mails = accounts.values().filter_map(Value::as_array).flatten();
        let mut mails = mails.filter(|mail| mail["To"] == json!([address]));
        let mail = mails.next_back().context("no mail yet")?;
        Ok(text(mail, "BodyText")?.to_owned())
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name]
        .as_str()
        .with_context(|| format!("no {name} in {value}"))
}
