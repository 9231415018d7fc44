//! `desk-widget`: the configuration, the frame and embed tokens, for the sites of a bot alone.

use confab_core::hex;
use confab_testkit::{TestRequest, TestResponse};
use desk_domain::{BUILT_IN_LANGUAGES, BotText, LanguageTag, LifecycleEvent, TRIAL_LENGTH};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    bots::{DeployedBot, SITE, UNKNOWN_KEY, Workspace, embed_request},
    world::{World, text},
};

const FOREIGN: &str = "https://evil.example";

fn config_request(key: &str) -> TestRequest {
    TestRequest::get(format!("/chatbots/widget/{key}"))
}

async fn config(world: &World, bot: &DeployedBot) -> TestResponse {
    let request = config_request(&bot.key).header("origin", SITE);
    world.send("desk-widget", &request).await
}

async fn world_with_bot() -> (World, Workspace, DeployedBot) {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.deployed_bot(&workspace).await;
    (world, workspace, bot)
}

async fn suspend(world: &World, workspace: &Workspace) {
    let suspend = LifecycleEvent::Suspend {
        reason: "Spam".to_owned(),
    };
    let now = world.now();
    world
        .change_workspace(workspace, |tenant| tenant.apply(&suspend, now).unwrap())
        .await;
}

#[tokio::test]
async fn configuration_is_served_to_the_sites_of_the_bot() {
    let (world, _, bot) = world_with_bot().await;
    let shown = config(&world, &bot).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(
        (
            &shown.body["bot_id"],
            &shown.body["name"],
            &shown.body["is_away"]
        ),
        (&json!(bot.id), &json!("Helper"), &json!(false))
    );
    assert!(shown.text.len() <= desk_domain::MAX_WIDGET_BYTES);
    for hidden in ["origins", "instructions", "rules", "shop.example"] {
        assert!(!shown.text.contains(hidden), "{hidden}");
    }
    for (name, value) in [
        ("access-control-allow-origin", SITE),
        ("access-control-allow-credentials", ""),
        ("vary", "Origin, Sec-Fetch-Site"),
        ("cache-control", "max-age=60"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(shown.header(name), value, "{name}");
    }
    let etag = shown.header("etag");
    let again = config_request(&bot.key)
        .header("origin", SITE)
        .header("if-none-match", format!("W/{etag}"));
    let again = world.send("desk-widget", &again).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    for name in [
        "etag",
        "access-control-allow-origin",
        "vary",
        "cache-control",
    ] {
        assert_eq!(again.header(name), shown.header(name), "{name}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_learn_nothing() {
    let (world, workspace, bot) = world_with_bot().await;
    let paths = [
        config_request(&bot.key),
        TestRequest::post("/widget/embed", json!({ "key": bot.key })),
        TestRequest::new("OPTIONS", format!("/chatbots/widget/{}", bot.key)),
    ];
    for request in paths {
        for origin in [
            Some(FOREIGN),
            Some("null"),
            Some("http://shop.example"),
            None,
        ] {
            let request = match origin {
                Some(origin) => request.clone().header("origin", origin),
                None => request.clone(),
            };
            let refused = world.send("desk-widget", &request).await;
            let answer = (refused.status, refused.code());
            assert_eq!(answer, (403, "origin_not_allowed"), "{request:?}");
            assert_eq!(refused.header("access-control-allow-origin"), "");
            assert_eq!(refused.header("vary"), "Origin, Sec-Fetch-Site");
        }
    }
    let change = |draft: &mut Value| draft["origins"] = json!([FOREIGN]);
    world.redeploy(&workspace, bot.id, change).await;
    let embedded = world.embed(&bot).await;
    assert_eq!(
        embedded.code(),
        "origin_not_allowed",
        "as soon as the list changes"
    );
}

#[tokio::test]
async fn frame_reads_the_configuration_of_its_own_origin() {
    let (world, _, bot) = world_with_bot().await;
    let own = config_request(&bot.key).header("sec-fetch-site", "same-origin");
    let shown = world.send("desk-widget", &own).await;
    assert_eq!((shown.status, &shown.body["name"]), (200, &json!("Helper")));
    assert_eq!(shown.header("access-control-allow-origin"), "");
    assert_eq!(shown.header("vary"), "Origin, Sec-Fetch-Site");
    let foreign = own.header("origin", FOREIGN);
    assert_eq!(world.send("desk-widget", &foreign).await.status, 403);
}

#[tokio::test]
async fn unknown_retired_and_suspended_widgets_do_not_exist() {
    let (world, workspace, bot) = world_with_bot().await;
    let requests = |key: &str| {
        vec![
            config_request(key).header("origin", SITE),
            TestRequest::get(format!("/w/{key}")),
            TestRequest::get(format!("/widget/embed/{key}")),
            embed_request(key),
        ]
    };
    let unknown = |keys: &[&str]| -> Vec<_> {
        let requests = keys.iter().flat_map(|key| requests(key));
        requests
            .map(|request| (request, 404, "widget_not_found"))
            .collect()
    };
    let cases = unknown(&[UNKNOWN_KEY, "dpl_1", "x"]);
    world.assert_refused("desk-widget", cases).await;
    let asked = json!({ "version": 2, "rotate_key": true });
    let rotated = world.deploy(&workspace, bot.id, asked).await;
    let new = text(&rotated.body, "deployment_key");
    world.advance(86_399);
    assert_eq!(
        config(&world, &bot).await.status,
        200,
        "the old key lives a day"
    );
    world.advance(1);
    world
        .assert_refused("desk-widget", unknown(&[&bot.key]))
        .await;
    let request = config_request(new).header("origin", SITE);
    assert_eq!(world.send("desk-widget", &request).await.status, 200);
    suspend(&world, &workspace).await;
    world.assert_refused("desk-widget", unknown(&[new])).await;
}

#[tokio::test]
async fn key_of_a_deleted_bot_opens_nothing_at_once() {
    let (world, workspace, bot) = world_with_bot().await;
    let session = world.session_request(&bot, json!({})).await;
    assert_eq!(config(&world, &bot).await.status, 200);
    let delete = TestRequest::delete(format!("/chatbots/{}", bot.id));
    assert_eq!(world.admin(&workspace, delete).await.status, 204);
    let refused = world.embed(&bot).await;
    assert_eq!((refused.status, refused.code()), (404, "widget_not_found"));
    let refused = world.send("desk-widget", &session).await;
    assert_eq!((refused.status, refused.code()), (404, "widget_not_found"));
    assert_eq!(config(&world, &bot).await.status, 404);
}

#[tokio::test]
async fn new_deployment_is_shown_within_half_a_minute() {
    let (world, workspace, bot) = world_with_bot().await;
    let first = config(&world, &bot).await;
    let change = |draft: &mut Value| draft["name"] = json!("Robo");
    world.redeploy(&workspace, bot.id, change).await;
    world.advance(29);
    assert_eq!(config(&world, &bot).await.body["name"], "Helper");
    world.advance(1);
    let second = config(&world, &bot).await;
    assert_eq!(
        (&second.body["name"], &second.body["number"]),
        (&json!("Robo"), &json!(2))
    );
    assert_ne!(first.header("etag"), second.header("etag"));
}

#[tokio::test]
async fn widget_of_a_read_only_workspace_is_away() {
    let (world, workspace, bot) = world_with_bot().await;
    let session = world.session_request(&bot, json!({})).await;
    let end = confab_core::after(world.now(), TRIAL_LENGTH);
    world
        .change_workspace(&workspace, |tenant| {
            tenant.apply(&LifecycleEvent::CheckTrial, end).unwrap()
        })
        .await;
    assert_eq!(config(&world, &bot).await.body["is_away"], true);
    let cases = [
        (embed_request(&bot.key), 402, "payment_needed"),
        (session, 402, "payment_needed"),
    ];
    world.assert_refused("desk-widget", cases).await;
}

#[tokio::test]
async fn preflights_are_answered() {
    let (world, _, bot) = world_with_bot().await;
    let ask = |path: String, origin: &str| {
        TestRequest::new("OPTIONS", path)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
    };
    let config = ask(format!("/chatbots/widget/{}", bot.key), SITE);
    let config = world.send("desk-widget", &config).await;
    assert_eq!(config.status, 204, "{config:?}");
    assert_eq!(config.header("access-control-allow-origin"), SITE);
    let embed = ask("/widget/embed".to_owned(), FOREIGN);
    let embed = world.send("desk-widget", &embed).await;
    assert_eq!(embed.status, 204, "the answer itself is refused");
    assert_eq!(embed.header("access-control-allow-origin"), FOREIGN);
    assert_eq!(embed.header("access-control-allow-methods"), "GET, POST");
    assert!(
        embed
            .header("access-control-allow-headers")
            .contains("content-type")
    );
    let session = ask("/widget/sessions".to_owned(), FOREIGN);
    let session = world.send("desk-widget", &session).await;
    assert_eq!(session.status, 405, "only the frame opens sessions");
}

#[tokio::test]
async fn frame_is_shown_on_the_sites_of_the_bot_alone() {
    let (world, workspace, bot) = world_with_bot().await;
    let change = |draft: &mut Value| draft["origins"] = json!([SITE, "https://*.shop.example"]);
    world.redeploy(&workspace, bot.id, change).await;
    let request = TestRequest::get(format!("/w/{}", bot.key));
    let frame = world.send("desk-widget", &request).await;
    assert_eq!(frame.status, 200, "{frame:?}");
    assert_eq!(frame.header("content-type"), "text/html; charset=utf-8");
    let policy = frame.header("content-security-policy");
    let ancestors = format!("frame-ancestors {SITE} https://*.shop.example");
    assert!(policy.ends_with(&ancestors), "{policy}");
    for part in [
        "default-src 'self'",
        "base-uri 'none'",
        "connect-src 'self' ws",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(
        !policy.contains(" https:;"),
        "pictures of the bucket alone: {policy}"
    );
    assert!(
        policy.contains("img-src 'self' data: blob: http"),
        "{policy}"
    );
    assert!(frame.text.contains(&format!("data-key=\"{}\"", bot.key)));
    assert!(frame.text.contains("src=\"/w/frame.js\""), "{}", frame.text);
}

#[tokio::test]
async fn embed_tokens_are_modules_for_pages_that_may_not_connect() {
    let (world, _, bot) = world_with_bot().await;
    let request = TestRequest::get(format!("/widget/embed/{}", bot.key)).header("origin", SITE);
    let module = world.send("desk-widget", &request).await;
    assert_eq!(module.status, 200, "{module:?}");
    assert_eq!(
        module.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(module.header("cache-control"), "no-store");
    assert_eq!(module.header("access-control-allow-origin"), SITE);
    let token = module.text.strip_prefix("export default ").unwrap();
    let token: Value = serde_json::from_str(token.trim_end_matches(";\n")).unwrap();
    let request = TestRequest::post("/widget/sessions", token);
    assert_eq!(world.send("desk-widget", &request).await.status, 201);
}

#[tokio::test]
async fn loader_learns_from_a_module_why_there_is_no_widget() {
    let (world, _, bot) = world_with_bot().await;
    let cases = [
        (bot.key.as_str(), FOREIGN, "origin_not_allowed"),
        (bot.key.as_str(), "null", "origin_not_allowed"),
        (UNKNOWN_KEY, SITE, "widget_not_found"),
        ("x", SITE, "widget_not_found"),
    ];
    for (key, origin, code) in cases {
        let request = TestRequest::get(format!("/widget/embed/{key}")).header("origin", origin);
        let refused = world.send("desk-widget", &request).await;
        let module = format!("export default {{\"code\":\"{code}\"}};\n");
        let answer = (refused.status, refused.text.as_str());
        assert_eq!(answer, (200, module.as_str()), "{key} {origin}");
        for (name, value) in [
            ("access-control-allow-origin", origin),
            ("cache-control", "no-store"),
            ("vary", "Origin, Sec-Fetch-Site"),
        ] {
            assert_eq!(refused.header(name), value, "{name}");
        }
    }
    let request = TestRequest::get(format!("/widget/embed/{}", bot.key));
    let refused = world.send("desk-widget", &request).await;
    let answer = (refused.status, refused.code());
    assert_eq!(answer, (403, "origin_not_allowed"), "no page asks");
}

#[tokio::test]
async fn floods_of_one_network_are_refused_where_the_page_can_read_it() {
    let (world, _, bot) = world_with_bot().await;
    world.take_tokens("visitor#192.0.2.7", 1_000, 50).await;
    let refused = world.embed(&bot).await;
    assert_eq!((refused.status, refused.code()), (429, "rate_limited"));
    assert_eq!(refused.header("access-control-allow-origin"), SITE);
    assert_eq!(refused.header("retry-after"), "1");
    let elsewhere = embed_request(&bot.key).source_ip("198.51.100.1");
    assert_eq!(world.send("desk-widget", &elsewhere).await.status, 201);
}

/// The rest of the five writes of each person is counted as taken.
#[tokio::test]
async fn hundred_people_behind_one_address_open_the_widget_at_once() {
    let (world, _, bot) = world_with_bot().await;
    world.take_tokens("visitor#192.0.2.7", 300, 50).await;
    let mut visitors = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let session = world.visitor_session(&bot).await;
        visitors.insert(text(&session["visitor"], "id").to_owned());
    }
    assert_eq!(visitors.len(), 100);
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let (world, _, bot) = world_with_bot().await;
    let embed = |body: Value| TestRequest::post("/widget/embed", body).header("origin", SITE);
    let session = |body: Value| TestRequest::post("/widget/sessions", body);
    let token = world.embed_token(&bot).await;
    let cases = [
        (embed(json!({})), 400, "bad_json"),
        (
            embed(json!({ "key": bot.key, "origin": SITE })),
            400,
            "bad_json",
        ),
        (embed(json!({ "key": 7 })), 400, "bad_json"),
        (session(json!({})), 400, "bad_json"),
        (
            session(json!({ "embed_token": token, "visitor": "x" })),
            400,
            "bad_json",
        ),
        (
            session(json!({ "embed_token": "" })),
            401,
            "unauthenticated",
        ),
        (
            session(json!({ "embed_token": format!("{token}x") })),
            401,
            "unauthenticated",
        ),
        (
            session(json!({ "embed_token": "x".repeat(70_000) })),
            413,
            "too_large",
        ),
    ];
    world.assert_refused("desk-widget", cases).await;
}

/// What the bot says is what the widget shows before a conversation.
#[test]
fn built_in_texts_are_those_of_the_widget() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../web/widget/frame/languages"
    );
    for language in BUILT_IN_LANGUAGES {
        let texts = std::fs::read_to_string(format!("{folder}/{language}.ts")).unwrap();
        let tag = LanguageTag::parse(language).unwrap();
        for (name, text) in [
            ("title", BotText::Title),
            ("greeting", BotText::Greeting),
            ("prechat", BotText::Prechat),
            ("away", BotText::Away),
        ] {
            let line = format!("  {name}: \"{}\",\n", text.built_in(Some(&tag)));
            assert!(texts.contains(&line), "{language}: {line}");
        }
    }
}

#[tokio::test]
async fn files_of_the_widget_are_for_every_site_and_compressed_where_that_is_accepted() {
    let world = World::open().await;
    for path in ["/w.js", "/w/frame.js", "/w/he.js"] {
        let plain = world.send("desk-widget", &TestRequest::get(path)).await;
        assert_eq!(plain.status, 200, "{path}");
        assert_eq!(
            plain.header("content-type"),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(plain.header("access-control-allow-origin"), "*");
        assert_eq!(plain.header("content-encoding"), "");
        let request = TestRequest::get(path).header("accept-encoding", "br, gzip");
        let compressed = world.send("desk-widget", &request).await;
        assert_eq!(compressed.header("content-encoding"), "gzip", "{path}");
        let hash = hex(&Sha256::digest(&plain.text)[..16]);
        assert_eq!(plain.header("etag"), format!("\"{hash}\""), "{path}");
        assert_eq!(compressed.header("etag"), plain.header("etag"));
        let known = request.header("if-none-match", compressed.header("etag"));
        let known = world.send("desk-widget", &known).await;
        assert_eq!((known.status, known.header("content-encoding")), (304, ""));
    }
    let licences = TestRequest::get("/w/frame.js.LEGAL.txt");
    let licences = world.send("desk-widget", &licences).await;
    assert_eq!(licences.status, 200, "{licences:?}");
    assert_eq!(licences.header("content-type"), "text/plain; charset=utf-8");
    assert!(licences.text.contains("BSD-3-Clause"), "{licences:?}");
    let unknown = world
        .send("desk-widget", &TestRequest::get("/w/none.js"))
        .await;
    assert_eq!((unknown.status, unknown.code()), (404, "widget_not_found"));
}
