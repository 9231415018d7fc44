//! Workspaces with bots, and their visitors. Members have tokens that are signed here, so that these tests need no
//! passwords.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use confab_aws::{Condition, Table};
use confab_core::{TenantId, UserId, hex};
use confab_lambda::OsEntropy;
use confab_testkit::{TestRequest, TestResponse};
use desk_domain::{
    ApiKey, ApiKeyId, ApiKeyRequest, BotId, LanguageTag, Member, Role, SessionId, Slug, Tenant,
};
use ring::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{World, text};

/// The site of every bot here.
pub(crate) const SITE: &str = "https://shop.example";
/// As in `service.toml`.
const SIGNING_SEED: &str = "ZGVzayBzaWduaW5nIHNlZWQgb2YgYSBsYXB0b3AhISE=";
pub(crate) const UNKNOWN_BOT: &str = "bot_00000000000000000000000000";
pub(crate) const UNKNOWN_KEY: &str = "dpl_0000000000000000";

/// A tenant of its own.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    pub(crate) id: TenantId,
}

/// A bot that visitors can meet.
#[derive(Debug, Clone)]
pub(crate) struct DeployedBot {
    pub(crate) id: BotId,
    pub(crate) key: String,
}

impl Workspace {
    pub(crate) fn pk(&self, part: &str) -> String {
        format!("T#{}{part}", self.id)
    }

    pub(crate) fn bot_pk(&self, bot: BotId) -> String {
        self.pk(&format!("#BOT#{bot}"))
    }
}

impl World {
    /// Makes a workspace on trial, which may have two bots.
    pub(crate) async fn workspace(&self) -> Workspace {
        let (id, user) = (
            TenantId::new(self.now(), &OsEntropy),
            UserId::new(self.now(), &OsEntropy),
        );
        let slug = Slug::suggest(&format!("shop{}", self.next_number()));
        let english = LanguageTag::english();
        let tenant = Tenant::new(id, slug, "Shop", english, user, self.now()).unwrap();
        self.put(&format!("T#{id}"), "TENANT", &tenant).await;
        Workspace { id }
    }

    /// Changes the row of a workspace, which processes read again half a minute later.
    pub(crate) async fn change_workspace(
        &self,
        workspace: &Workspace,
        change: impl FnOnce(&Tenant) -> Tenant,
    ) {
        let pk = workspace.pk("");
        let key = Table::key(pk.as_str(), "TENANT");
        let tenant: Option<Tenant> = self.table().get(key).await.unwrap();
        self.put(&pk, "TENANT", &change(&tenant.unwrap())).await;
        self.advance(30);
    }

    pub(crate) async fn put<T: serde::Serialize>(&self, pk: &str, sk: &str, value: &T) {
        let row = Table::to_row(pk, sk, value).unwrap();
        let put = self.table().put(row, Condition::none()).await;
        assert!(put.unwrap(), "{pk} {sk}");
    }

    /// Takes tokens of a rate limit, whose tokens refill at an interval in milliseconds.
    pub(crate) async fn take_tokens(&self, key: &str, tokens: i64, every_ms: i64) {
        let full_at = self.now().as_millisecond() + tokens * every_ms;
        let row = json!({ "full_at_ms": full_at });
        self.put(&format!("RATE#{key}"), "RATE", &row).await;
    }

    /// Signs an access token of a member with a role.
    pub(crate) fn member_token(&self, workspace: &Workspace, role: &str) -> String {
        self.token_of(workspace, UserId::new(self.now(), &OsEntropy), role)
    }

    /// Signs an access token of this member.
    pub(crate) fn token_of(&self, workspace: &Workspace, user: UserId, role: &str) -> String {
        let (now, at) = (self.now(), self.now().as_second());
        let claims = json!({
            "iss": "https://desk.example", "aud": "desk", "sub": user,
            "tid": workspace.id, "role": role, "sid": SessionId::new(now, &OsEntropy), "scp": [],
            "iat": at, "exp": at + 600,
        });
        let seed = STANDARD.decode(SIGNING_SEED).unwrap();
        let key = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let kid = hex(&Sha256::digest(key.public_key())[..8]);
        let header = json!({ "alg": "EdDSA", "kid": kid });
        sign(&header, &claims, |signed| {
            key.sign(signed).as_ref().to_vec()
        })
    }

    /// Makes an API key, limited to bots if any are named.
    pub(crate) async fn bot_key(
        &self,
        workspace: &Workspace,
        scopes: &[&str],
        bots: &[BotId],
    ) -> String {
        let (now, user) = (self.now(), UserId::new(self.now(), &OsEntropy));
        let key = ApiKey::new(ApiKeyId::new(now, &OsEntropy), &OsEntropy);
        let request = ApiKeyRequest {
            name: "Script".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            bot_ids: bots.iter().copied().collect(),
            expires_at: None,
            allowed_ips: Vec::new(),
        };
        let record = request.record(&key, user, now).unwrap();
        let pointer = json!({ "tenant": workspace.id });
        self.put(&format!("K#{}", key.id()), "KEY", &pointer).await;
        let sk = format!("KEY#{}", key.id());
        self.put(&workspace.pk(""), &sk, &record).await;
        key.reveal()
    }

    // Bots.

    /// Sends a request of an admin.
    pub(crate) async fn admin(&self, workspace: &Workspace, request: TestRequest) -> TestResponse {
        let request = request.token(&self.member_token(workspace, "admin"));
        self.send("desk-chatbots", &request).await
    }

    /// Adds an admin to a workspace. Returns the access token.
    pub(crate) async fn stored_admin(&self, workspace: &Workspace) -> String {
        let (now, user) = (self.now(), UserId::new(self.now(), &OsEntropy));
        let member = Member::join(user, Role::Admin, [].into(), now).member;
        let sk = format!("MEMBER#{user}");
        self.put(&workspace.pk(""), &sk, &member).await;
        self.token_of(workspace, user, "admin")
    }

    pub(crate) async fn create_bot(&self, workspace: &Workspace, name: &str) -> TestResponse {
        let new = json!({ "name": name, "language": "en", "template": "support" });
        let request = TestRequest::post("/chatbots", new);
        self.admin(workspace, request).await
    }

    /// Creates a bot. Returns it as an admin sees it.
    pub(crate) async fn bot(&self, workspace: &Workspace) -> Value {
        let created = self.create_bot(workspace, "Helper").await;
        assert_eq!(created.status, 201, "{created:?}");
        created.body
    }

    pub(crate) async fn show_bot(&self, workspace: &Workspace, id: BotId) -> TestResponse {
        let request = TestRequest::get(format!("/chatbots/{id}"));
        self.admin(workspace, request).await
    }

    /// Changes the draft of a bot as an admin has loaded it.
    pub(crate) async fn change_bot(
        &self,
        workspace: &Workspace,
        bot: &Value,
        change: impl FnOnce(&mut Value),
    ) -> TestResponse {
        let mut draft = draft_of(bot);
        change(&mut draft);
        let request = TestRequest::put(format!("/chatbots/{}", text(bot, "id")), draft);
        self.admin(workspace, request).await
    }

    /// Changes a bot and deploys it. Returns the answer of the deployment.
    pub(crate) async fn redeploy(
        &self,
        workspace: &Workspace,
        id: BotId,
        change: impl FnOnce(&mut Value),
    ) -> Value {
        let bot = self.show_bot(workspace, id).await.body;
        let changed = self.change_bot(workspace, &bot, change).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let version = &changed.body["version"];
        let deployed = self
            .deploy(workspace, id, json!({ "version": version }))
            .await;
        assert!(matches!(deployed.status, 200 | 201), "{deployed:?}");
        deployed.body
    }

    pub(crate) async fn deploy(
        &self,
        workspace: &Workspace,
        id: BotId,
        body: Value,
    ) -> TestResponse {
        let request = TestRequest::post(format!("/chatbots/{id}/deploy"), body);
        self.admin(workspace, request).await
    }

    /// Creates a bot for `SITE` that is not deployed. Returns it as an admin sees it.
    pub(crate) async fn embeddable_bot(&self, workspace: &Workspace) -> Value {
        let bot = self.bot(workspace).await;
        let with_site = |draft: &mut Value| draft["origins"] = json!([SITE]);
        self.change_bot(workspace, &bot, with_site).await.body
    }

    /// Creates a bot for `SITE` and deploys it.
    pub(crate) async fn deployed_bot(&self, workspace: &Workspace) -> DeployedBot {
        let bot = self.embeddable_bot(workspace).await;
        let (id, asked) = (id_of(&bot), json!({ "version": bot["version"] }));
        let deployed = self.deploy(workspace, id, asked).await;
        assert_eq!(deployed.status, 201, "{deployed:?}");
        DeployedBot {
            id,
            key: text(&deployed.body, "deployment_key").to_owned(),
        }
    }

    /// Makes a new identity secret of a bot.
    pub(crate) async fn identity_secret(&self, workspace: &Workspace, bot: BotId) -> String {
        let path = format!("/chatbots/{bot}/identity-secret");
        let request = TestRequest::post(path, json!({}));
        let request = request.token(&self.stored_admin(workspace).await);
        let rotated = self.send("desk-chatbots", &request).await;
        assert_eq!(rotated.status, 201, "{rotated:?}");
        text(&rotated.body, "secret").to_owned()
    }

    // Visitors.

    pub(crate) async fn embed(&self, bot: &DeployedBot) -> TestResponse {
        self.send("desk-widget", &embed_request(&bot.key)).await
    }

    pub(crate) async fn embed_token(&self, bot: &DeployedBot) -> String {
        let embedded = self.embed(bot).await;
        assert_eq!(embedded.status, 201, "{embedded:?}");
        text(&embedded.body, "embed_token").to_owned()
    }

    /// Opens a session from the bot's site with these fields.
    pub(crate) async fn open_session(&self, bot: &DeployedBot, fields: Value) -> TestResponse {
        let request = self.session_request(bot, fields).await;
        self.send("desk-widget", &request).await
    }

    pub(crate) async fn session_request(&self, bot: &DeployedBot, fields: Value) -> TestRequest {
        let mut body = fields;
        body["embed_token"] = json!(self.embed_token(bot).await);
        TestRequest::post("/widget/sessions", body)
    }

    /// Opens a session of a new visitor. Returns the answer.
    pub(crate) async fn visitor_session(&self, bot: &DeployedBot) -> Value {
        let opened = self.open_session(bot, json!({})).await;
        assert_eq!(opened.status, 201, "{opened:?}");
        opened.body
    }

    /// Opens a session of a visitor for whom the site vouches with a secret.
    pub(crate) async fn verified_session(
        &self,
        bot: &DeployedBot,
        secret: &str,
        subject: &str,
    ) -> Value {
        let jwt = self.identity_jwt(secret, subject);
        let opened = self.open_session(bot, json!({ "identity_jwt": jwt })).await;
        assert_eq!(opened.status, 201, "{opened:?}");
        opened.body
    }

    /// Signs the identity of a visitor for an hour, as the site's server does.
    pub(crate) fn identity_jwt(&self, secret: &str, subject: &str) -> String {
        let exp = self.now().as_second() + 3_600;
        hs256(secret, &json!({ "sub": subject, "exp": exp }))
    }
}

pub(crate) fn id_of(bot: &Value) -> BotId {
    text(bot, "id").parse().unwrap()
}

pub(crate) fn new_bot() -> Value {
    json!({ "name": "Helper", "language": "en", "template": "sales" })
}

/// Lists the bots of a workspace, with a query such as `?limit=1`.
pub(crate) async fn list_bots(world: &World, workspace: &Workspace, query: &str) -> TestResponse {
    let request = TestRequest::get(format!("/chatbots{query}"));
    world.admin(workspace, request).await
}

/// Returns the names of a page of bots.
pub(crate) fn names(page: &TestResponse) -> Vec<&str> {
    assert_eq!(page.status, 200, "{page:?}");
    let items = page.body["items"].as_array().unwrap();
    items.iter().map(|item| text(item, "name")).collect()
}

/// Returns what an admin sends back to change a bot.
pub(crate) fn draft_of(bot: &Value) -> Value {
    let mut draft = bot.clone();
    let fields = draft.as_object_mut().unwrap();
    for field in ["id", "created_at", "updated_at", "live"] {
        fields.remove(field);
    }
    draft
}

/// The request of the loader on the bot's site.
pub(crate) fn embed_request(key: &str) -> TestRequest {
    TestRequest::post("/widget/embed", json!({ "key": key })).header("origin", SITE)
}

pub(crate) fn hs256(secret: &str, claims: &Value) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    sign(&json!({ "alg": "HS256", "typ": "JWT" }), claims, |signed| {
        hmac::sign(&key, signed).as_ref().to_vec()
    })
}

/// Signs claims as a JSON Web Token.
pub(crate) fn sign(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let encode = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
    let header = encode(header.to_string().into_bytes());
    let claims = encode(claims.to_string().into_bytes());
    let signed = format!("{header}.{claims}");
    let signature = encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Checks what holds of the bots of a workspace after each request.
pub(crate) async fn check_bots(world: &World, workspace: &Workspace, story: &str) {
    let rows = world.rows().await;
    let own = workspace.pk("");
    let prefix = format!("{own}#BOT#");
    let drafts = rows
        .iter()
        .filter(|row| text(row, "pk").starts_with(&prefix) && row["sk"] == "DRAFT");
    let mut live_bots = 0;
    let mut keys = Vec::new();
    for draft in drafts {
        let (id, is_deleted) = (text(draft, "id"), !draft["deleted_at"].is_null());
        live_bots += u64::from(!is_deleted);
        let summary = world.row(&own, &format!("BOT#{id}")).await;
        assert_eq!(summary.is_null(), is_deleted, "{story}: {summary}");
        let pk = format!("{prefix}{id}");
        let parts = rows.iter().filter(|row| text(row, "pk") == pk);
        let live = parts.clone().find(|row| row["sk"] == "LIVE");
        let deployments = parts.filter(|row| text(row, "sk").starts_with("DEPLOY#"));
        let numbers: Vec<_> = deployments.map(|row| row["number"].as_u64()).collect();
        let Some(live) = live else {
            assert!(numbers.is_empty(), "{story}: {numbers:?}");
            continue;
        };
        let expected: Vec<_> = (1..=live["last_number"].as_u64().unwrap())
            .map(Some)
            .collect();
        assert_eq!(numbers, expected, "{story}: numbers have no gaps");
        assert_eq!(live["key"].is_null(), is_deleted, "{story}: {live}");
        if !is_deleted {
            assert_eq!(summary["name"], draft["settings"]["name"], "{story}");
            assert_eq!(summary["live_number"], live["number"], "{story}");
        }
        let retired = live["retired_keys"].as_array().into_iter().flatten();
        let retired = retired.map(|retired| text(retired, "key"));
        let current = live["key"].as_str().into_iter();
        keys.extend(current.chain(retired).map(|key| format!("D#{key}")));
    }
    let used = world.row(&workspace.pk("#USE"), "NOW").await;
    let used = used["bots"].as_u64().unwrap_or_default();
    assert_eq!(used, live_bots, "{story}: the limit counts what exists");
    let of_tenant = |row: &&Value| row["tenant"] == json!(workspace.id);
    let pointers = rows
        .iter()
        .filter(|row| text(row, "pk").starts_with("D#"))
        .filter(of_tenant);
    let mut pointers: Vec<_> = pointers.map(|row| text(row, "pk").to_owned()).collect();
    pointers.sort();
    keys.sort();
    assert_eq!(pointers, keys, "{story}: keys lead to what accepts them");
}
