//! `desk-widget`: sessions of visitors, unverified and verified.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use confab_lambda::OsEntropy;
use confab_testkit::{Cloud, Repeated, TestRequest, enumerate_repeated};
use desk_domain::{
    Author, ConversationId, LifecycleEvent, NewConversation, PrechatAnswers, ReopenPolicy,
    VisitorId, VisitorSummary, start_conversation,
};
use ring::hmac;
use serde_json::{Value, json};

use crate::{
    bots::{DeployedBot, Workspace, hs256, sign},
    world::{World, text},
};

async fn world_with_bot() -> (World, Workspace, DeployedBot) {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.deployed_bot(&workspace).await;
    (world, workspace, bot)
}

fn visitor_of(session: &Value) -> &str {
    text(&session["visitor"], "id")
}

fn is_verified(session: &Value) -> bool {
    session["visitor"]["is_verified"] == true
}

async fn resume(world: &World, bot: &DeployedBot, session: &Value) -> Value {
    let fields = json!({ "visitor_token": session["visitor_token"] });
    let resumed = world.open_session(bot, fields).await;
    assert_eq!(resumed.status, 201, "{resumed:?}");
    resumed.body
}

async fn contact(world: &World, workspace: &Workspace, session: &Value) -> Value {
    let pk = workspace.pk(&format!("#VIS#{}", visitor_of(session)));
    world.row(&pk, "VISITOR").await
}

#[tokio::test]
async fn new_visitors_are_unverified_and_known_again_by_their_token() {
    let (world, workspace, bot) = world_with_bot().await;
    let first = world.visitor_session(&bot).await;
    assert!(!is_verified(&first) && first.get("conversation").is_none());
    let row = contact(&world, &workspace, &first).await;
    // Not among the people that agents list; an erasure finds it.
    assert_eq!(
        (&row["is_verified"], &row["gpk"]),
        (&json!(false), &json!(workspace.pk("#VISITORS")))
    );
    let again = resume(&world, &bot, &first).await;
    assert_eq!(visitor_of(&again), visitor_of(&first));
    assert_eq!(
        contact(&world, &workspace, &first).await,
        row,
        "a visit within the hour"
    );
    let other = world.visitor_session(&bot).await;
    assert_ne!(visitor_of(&other), visitor_of(&first));
}

#[tokio::test]
async fn visitor_tokens_live_30_days_after_the_last_session() {
    let (world, workspace, bot) = world_with_bot().await;
    let mut session = world.visitor_session(&bot).await;
    let visitor = visitor_of(&session).to_owned();
    for _ in 0..3 {
        world.advance(29 * 86_400);
        session = resume(&world, &bot, &session).await;
        assert_eq!(visitor_of(&session), visitor);
    }
    let row = contact(&world, &workspace, &session).await;
    assert_eq!(row["last_seen_at"], json!(world.now()));
    world.advance(30 * 86_400);
    let late = resume(&world, &bot, &session).await;
    assert_ne!(visitor_of(&late), visitor);
}

#[tokio::test]
async fn tokens_of_other_bots_and_tenants_are_ignored() {
    let (world, workspace, bot) = world_with_bot().await;
    let sibling = world.deployed_bot(&workspace).await;
    let foreign = world.deployed_bot(&world.workspace().await).await;
    let mut tokens = vec![json!(""), json!("x.y"), json!("x".repeat(5_000))];
    for other in [&sibling, &foreign] {
        tokens.push(world.visitor_session(other).await["visitor_token"].clone());
    }
    let known: Vec<_> = tokens.iter().map(Value::to_string).collect();
    for token in tokens {
        let opened = world
            .open_session(&bot, json!({ "visitor_token": token }))
            .await;
        assert_eq!(opened.status, 201, "{opened:?}");
        let own = opened.body["visitor_token"].to_string();
        assert!(!known.contains(&own));
        let row = contact(&world, &workspace, &opened.body).await;
        assert_eq!(row["id"], opened.body["visitor"]["id"]);
    }
}

#[tokio::test]
async fn embed_tokens_open_sessions_for_a_minute() {
    let (world, _, bot) = world_with_bot().await;
    let request = world.session_request(&bot, json!({})).await;
    world.advance(59);
    assert_eq!(world.send("desk-widget", &request).await.status, 201);
    world.advance(1);
    world
        .assert_refused("desk-widget", [(request, 401, "expired")])
        .await;
    let session = world.visitor_session(&bot).await;
    let confused = json!({ "embed_token": session["visitor_token"] });
    let confused = TestRequest::post("/widget/sessions", confused);
    world
        .assert_refused("desk-widget", [(confused, 401, "unauthenticated")])
        .await;
}

#[tokio::test]
async fn embed_token_of_a_site_that_was_removed_opens_nothing() {
    let (world, workspace, bot) = world_with_bot().await;
    let request = world.session_request(&bot, json!({})).await;
    let change = |draft: &mut Value| draft["origins"] = json!(["https://new.example"]);
    world.redeploy(&workspace, bot.id, change).await;
    world
        .assert_refused("desk-widget", [(request, 403, "origin_not_allowed")])
        .await;
}

#[tokio::test]
async fn verified_visitors_are_one_contact_on_all_devices() {
    let (world, workspace, bot) = world_with_bot().await;
    let secret = world.identity_secret(&workspace, bot.id).await;
    let first = world.verified_session(&bot, &secret, "7").await;
    assert!(is_verified(&first));
    let row = contact(&world, &workspace, &first).await;
    assert_eq!(
        (&row["is_verified"], &row["subject"]),
        (&json!(true), &json!("7"))
    );
    assert_eq!(row["gpk"], json!(workspace.pk("#PEOPLE")));
    let second = world.verified_session(&bot, &secret, "7").await;
    assert_eq!(visitor_of(&second), visitor_of(&first));
    let other = world.verified_session(&bot, &secret, "8").await;
    assert_ne!(visitor_of(&other), visitor_of(&first));
    let claims = json!({
        "sub": "7", "exp": world.now().as_second() + 60, "email": "dana@shop.example", "name": "Dana",
    });
    let fields = json!({ "identity_jwt": hs256(&secret, &claims) });
    let named = world.open_session(&bot, fields).await.body;
    let row = contact(&world, &workspace, &named).await;
    assert_eq!(
        (visitor_of(&named), &row["name"]),
        (visitor_of(&first), &json!("Dana"))
    );
}

#[tokio::test]
async fn unverified_visitors_never_touch_a_verified_contact() {
    let (world, workspace, bot) = world_with_bot().await;
    let secret = world.identity_secret(&workspace, bot.id).await;
    let anonymous = world.visitor_session(&bot).await;
    let fields = json!({
        "visitor_token": anonymous["visitor_token"],
        "identity_jwt": world.identity_jwt(&secret, "7"),
    });
    let verified = world.open_session(&bot, fields).await.body;
    assert_ne!(
        visitor_of(&verified),
        visitor_of(&anonymous),
        "a record of its own"
    );
    let before = contact(&world, &workspace, &verified).await;
    // The person has signed out of the site, and another one uses the browser.
    let next = resume(&world, &bot, &verified).await;
    assert!(!is_verified(&next));
    assert_ne!(visitor_of(&next), visitor_of(&verified));
    assert_eq!(contact(&world, &workspace, &verified).await, before);
    let row = contact(&world, &workspace, &anonymous).await;
    assert_eq!(row["is_verified"], false);
}

#[tokio::test]
async fn same_id_of_two_sites_is_two_people() {
    let (world, workspace, bot) = world_with_bot().await;
    let other = world.deployed_bot(&workspace).await;
    let secret = world.identity_secret(&workspace, bot.id).await;
    let other_secret = world.identity_secret(&workspace, other.id).await;
    let one = world.verified_session(&bot, &secret, "7").await;
    let two = world.verified_session(&other, &other_secret, "7").await;
    assert_ne!(visitor_of(&one), visitor_of(&two));
}

#[tokio::test]
async fn identities_that_the_site_did_not_sign_are_refused() {
    let (world, workspace, bot) = world_with_bot().await;
    let other = world.deployed_bot(&workspace).await;
    let other_secret = world.identity_secret(&workspace, other.id).await;
    let jwt = world.identity_jwt(&other_secret, "7");
    let without = world
        .session_request(&bot, json!({ "identity_jwt": jwt }))
        .await;
    world
        .assert_refused("desk-widget", [(without, 401, "bad_identity")])
        .await;
    let secret = world.identity_secret(&workspace, bot.id).await;
    let now = world.now().as_second();
    let claims = json!({ "sub": "7", "exp": now + 60 });
    let unsigned = sign(&json!({ "alg": "none" }), &claims, |_| Vec::new());
    let with = |claims: Value| hs256(&secret, &claims);
    let mut cases = Vec::new();
    for jwt in [
        String::new(),
        "x".repeat(9_000),
        unsigned,
        world.identity_jwt(&other_secret, "7"),
        world.identity_jwt("", "7"),
        with(json!({ "sub": "7", "exp": now - 61 })),
        with(json!({ "sub": "7", "exp": now + 86_400 + 61 })),
        with(json!({ "sub": "7" })),
        with(json!({ "sub": " ", "exp": now + 60 })),
        with(json!({ "sub": 7, "exp": now + 60 })),
    ] {
        let request = world
            .session_request(&bot, json!({ "identity_jwt": jwt }))
            .await;
        cases.push((request, 401, "bad_identity"));
    }
    world.assert_refused("desk-widget", cases).await;
    for exp in [now - 59, now + 86_400] {
        let jwt = with(json!({ "sub": "7", "exp": exp }));
        let opened = world
            .open_session(&bot, json!({ "identity_jwt": jwt }))
            .await;
        assert_eq!(opened.status, 201, "within the skew of clocks: {opened:?}");
    }
}

#[tokio::test]
async fn rotated_identity_secret_is_valid_for_a_day() {
    let (world, workspace, bot) = world_with_bot().await;
    let old = world.identity_secret(&workspace, bot.id).await;
    let first = world.verified_session(&bot, &old, "7").await;
    let new = world.identity_secret(&workspace, bot.id).await;
    for secret in [&old, &new] {
        let session = world.verified_session(&bot, secret, "7").await;
        assert_eq!(visitor_of(&session), visitor_of(&first));
    }
    world.advance(86_400);
    let fields = json!({ "identity_jwt": world.identity_jwt(&old, "7") });
    let refused = world.open_session(&bot, fields).await;
    assert_eq!((refused.status, refused.code()), (401, "bad_identity"));
    let session = world.verified_session(&bot, &new, "7").await;
    assert_eq!(visitor_of(&session), visitor_of(&first));
}

/// While a seal secret is rotated, both derive identity secrets that are valid, and the new one is shown.
#[tokio::test]
async fn identity_secrets_of_a_rotated_seal_secret_are_valid() {
    let seal_secrets = [("/confab/desk/seal-secret", r#"["new","old"]"#)];
    let world = World::over(Cloud::open_with(&[], &seal_secrets).await);
    let workspace = world.workspace().await;
    let bot = world.deployed_bot(&workspace).await;
    let derived = |seal_secret: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, seal_secret.as_bytes());
        let input = format!("desk-identity-secret.{}\n{}\n1", workspace.id, bot.id);
        let tag = hmac::sign(&key, input.as_bytes());
        format!("desk_is_{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let shown = world.identity_secret(&workspace, bot.id).await;
    assert_eq!(shown, derived("new"));
    let first = world.verified_session(&bot, &shown, "7").await;
    let second = world.verified_session(&bot, &derived("old"), "7").await;
    assert_eq!(visitor_of(&first), visitor_of(&second));
    let fields = json!({ "identity_jwt": world.identity_jwt(&derived("other"), "7") });
    assert_eq!(world.open_session(&bot, fields).await.status, 401);
}

#[tokio::test]
async fn bots_that_require_an_identity_refuse_others() {
    let (world, workspace, bot) = world_with_bot().await;
    let secret = world.identity_secret(&workspace, bot.id).await;
    let anonymous = world.visitor_session(&bot).await;
    let verified = world.verified_session(&bot, &secret, "7").await;
    let change = |draft: &mut Value| draft["identity"]["required"] = json!(true);
    world.redeploy(&workspace, bot.id, change).await;
    let mut cases = Vec::new();
    for token in [
        Value::Null,
        anonymous["visitor_token"].clone(),
        verified["visitor_token"].clone(),
    ] {
        let request = world
            .session_request(&bot, json!({ "visitor_token": token }))
            .await;
        cases.push((request, 403, "identity_required"));
    }
    world.assert_refused("desk-widget", cases).await;
    let again = world.verified_session(&bot, &secret, "7").await;
    assert_eq!(visitor_of(&again), visitor_of(&verified));
}

#[tokio::test]
async fn sessions_of_one_identity_at_once_make_one_contact() {
    let (world, workspace, bot) = world_with_bot().await;
    let secret = world.identity_secret(&workspace, bot.id).await;
    let fields = || json!({ "identity_jwt": world.identity_jwt(&secret, "7") });
    let mut requests = Vec::new();
    for _ in 0..8 {
        requests.push(world.session_request(&bot, fields()).await);
    }
    let sessions = requests
        .iter()
        .map(|request| world.send("desk-widget", request));
    let sessions = futures::future::join_all(sessions).await;
    let mut visitors: Vec<_> = sessions
        .iter()
        .map(|session| visitor_of(&session.body))
        .collect();
    assert!(
        sessions.iter().all(|session| session.status == 201),
        "{sessions:?}"
    );
    visitors.dedup();
    assert_eq!(visitors.len(), 1, "{visitors:?}");
    let contacts = contacts(&world, &workspace).await;
    assert_eq!(contacts.len(), 1, "{contacts:?}");
}

async fn contacts(world: &World, workspace: &Workspace) -> Vec<Value> {
    let prefix = workspace.pk("#VIS#");
    let mut rows = world.rows().await;
    rows.retain(|row| text(row, "pk").starts_with(&prefix) && row["sk"] == "VISITOR");
    rows
}

#[tokio::test]
async fn suspended_workspaces_open_no_sessions() {
    let (world, workspace, bot) = world_with_bot().await;
    let request = world.session_request(&bot, json!({})).await;
    let suspend = LifecycleEvent::Suspend {
        reason: "Spam".to_owned(),
    };
    let now = world.now();
    world
        .change_workspace(&workspace, |tenant| tenant.apply(&suspend, now).unwrap())
        .await;
    world
        .assert_refused("desk-widget", [(request, 404, "widget_not_found")])
        .await;
}

/// Stores a conversation of a visitor.
async fn converse(
    world: &World,
    workspace: &Workspace,
    bot: &DeployedBot,
    visitor: VisitorId,
) -> ConversationId {
    let id = ConversationId::new(world.now(), &OsEntropy);
    let new = NewConversation {
        id,
        visitor: VisitorSummary {
            id: visitor,
            name: None,
            is_verified: false,
            is_blocked: false,
        },
        bot_id: Some(bot.id),
        language: None,
        reopening: ReopenPolicy::default(),
        prechat: PrechatAnswers::default(),
    };
    let author = Author::Visitor {
        id: visitor,
        name: None,
    };
    let started = start_conversation(new, None, &author, world.now()).unwrap();
    let pk = workspace.pk(&format!("#CONV#{id}"));
    world.put(&pk, "HEAD", &started.head).await;
    let pk = workspace.pk(&format!("#VIS#{visitor}"));
    world.put(&pk, &format!("CONV#{id}"), &json!({})).await;
    id
}

#[tokio::test]
async fn sessions_go_on_with_the_latest_conversation() {
    let (world, workspace, bot) = world_with_bot().await;
    let session = world.visitor_session(&bot).await;
    let visitor = visitor_of(&session).parse().unwrap();
    converse(&world, &workspace, &bot, visitor).await;
    world.advance(1);
    let latest = converse(&world, &workspace, &bot, visitor).await;
    let resumed = resume(&world, &bot, &session).await;
    assert_eq!(resumed["conversation"]["id"], json!(latest));
    assert_eq!(resumed["conversation"]["may_write"], true);
    let other = world.visitor_session(&bot).await;
    assert_eq!(other.get("conversation"), None);
}

struct FirstSession(Workspace);

impl Repeated for FirstSession {
    type World = World;

    const FUNCTION: &'static str = "desk-widget";
    const SUCCESS: &'static [u16] = &[201];

    async fn arrange() -> (Self, World, TestRequest) {
        let (world, workspace, bot) = world_with_bot().await;
        let secret = world.identity_secret(&workspace, bot.id).await;
        let fields = json!({ "identity_jwt": world.identity_jwt(&secret, "7") });
        let request = world.session_request(&bot, fields).await;
        // A new process, whose calls are all counted.
        world.restart().await;
        (Self(workspace), world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        let contacts = contacts(world, &self.0).await;
        assert_eq!(contacts.len(), 1, "{story}: {contacts:?}");
        let rows = world.rows().await;
        let alias = rows.iter().find(|row| text(row, "pk").contains("#ALIAS#"));
        assert_eq!(alias.unwrap()["visitor"], contacts[0]["id"], "{story}");
    }
}

#[tokio::test]
async fn identity_is_one_contact_whatever_call_fails() {
    let ran = enumerate_repeated::<FirstSession>().await;
    assert!(ran.calls >= 6, "{ran:?}");
}
