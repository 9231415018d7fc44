//! `desk-sessions`: refreshes and ends sessions, and tells what a token stands for.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use confab_core::{Sealed, TenantId, seal};
use confab_testkit::{Repeated, TestRequest, TestResponse, enumerate_repeated};
use desk_domain::{ACCESS_TTL, BotId, LifecycleEvent, Role, VisitorId};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    people::{
        PASSWORD, Session, SignedUp, cookie_of, cookie_request, login_request,
        mobile_login_request, refresh_request, switch_request,
    },
    world::{CONSOLE, World, text},
};

const DANA: &str = "dana@shop.example";
const NOA: &str = "noa@shop.example";
/// Longer than a token stays the current one at least, and than its predecessor is accepted.
const ROTATION_SECONDS: u64 = 61;
const GRACE_SECONDS: u64 = 21;
const DAY_SECONDS: u64 = 86_400;
const UNKNOWN_TENANT: &str = "ten_00000000000000000000000000";

async fn send(world: &World, request: &TestRequest) -> TestResponse {
    world.send("desk-sessions", request).await
}

fn get(path: &str, session: &Session) -> TestRequest {
    TestRequest::get(path).token(&session.token)
}

fn mobile_refresh_request(refresh: &str) -> TestRequest {
    TestRequest::post("/auth/refresh", json!({ "refresh_token": refresh }))
}

fn end_request(session: &Session, id: &str) -> TestRequest {
    TestRequest::delete(format!("/auth/sessions/{id}")).token(&session.token)
}

/// The id of a session, as its refresh token names it.
fn id_of(session: &Session) -> String {
    let letters = session.refresh.strip_prefix("desk_rt_").unwrap();
    format!("ses_{}", &letters[..26])
}

async fn family(world: &World, session: &Session) -> Value {
    let pk = format!("F#{}", id_of(session));
    world.row(&pk, "FAMILY").await
}

async fn audit_of(world: &World, tenant: TenantId, action: &str) -> Vec<Value> {
    let rows = world.rows().await;
    let prefix = format!("T#{tenant}#AUDIT#");
    let is_entry = |row: &Value| text(row, "pk").starts_with(&prefix) && row["action"] == action;
    rows.into_iter().filter(is_entry).collect()
}

// Refresh.

#[tokio::test]
async fn refresh_gives_the_next_access_token_and_rotates_the_cookie_once_a_minute() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let first = send(&world, &refresh_request(&dana.session.refresh)).await;
    let session = Session::of(&first, "");
    assert_eq!(first.body["tenant_id"], json!(dana.tenant));
    assert_eq!(first.header("cache-control"), "no-store");
    assert_ne!(session.refresh, dana.session.refresh);
    world.advance(30);
    let young = send(&world, &refresh_request(&session.refresh)).await;
    assert_eq!(
        (young.status, cookie_of(&young)),
        (200, None),
        "the token stays"
    );
    assert_ne!(text(&young.body, "access_token"), session.token);
    world.advance(ROTATION_SECONDS);
    assert_ne!(world.refresh(&session).await.refresh, session.refresh);
}

#[tokio::test]
async fn fifty_tabs_that_refresh_at_once_all_stay_signed_in() {
    let world = World::open().await;
    let mut session = world.sign_up(DANA).await.session;
    for number in 1..=3 {
        let request = refresh_request(&session.refresh);
        let answers = join_all((0..50).map(|_| send(&world, &request))).await;
        let mut next: Vec<_> = answers
            .iter()
            .map(|answer| Session::of(answer, &session.refresh).refresh)
            .filter(|refresh| *refresh != session.refresh)
            .collect();
        next.dedup();
        assert_eq!(next.len(), 1, "all tabs get the same successor");
        assert_eq!(family(&world, &session).await["number"], number);
        session.refresh = next.remove(0);
        world.advance(ROTATION_SECONDS);
    }
    assert!(
        world
            .mail_kinds(DANA)
            .iter()
            .all(|kind| kind != "session_reused")
    );
}

#[tokio::test]
async fn lost_answer_is_repeated_and_a_stolen_token_ends_the_session() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let stolen = dana.session.clone();
    let own = world.refresh(&dana.session).await;
    assert_eq!(
        world.refresh(&stolen).await.refresh,
        own.refresh,
        "within the grace"
    );
    world.advance(GRACE_SECONDS);
    let reused = send(&world, &refresh_request(&stolen.refresh)).await;
    assert_eq!((reused.status, reused.code()), (401, "session_reused"));
    assert_eq!(cookie_of(&reused), None);
    for refresh in [&own.refresh, &stolen.refresh] {
        let over = send(&world, &refresh_request(refresh)).await;
        assert_eq!((over.status, over.code()), (401, "session_reused"));
    }
    let mails = world.mails_to(DANA);
    let mails: Vec<_> = mails
        .iter()
        .filter(|mail| mail["kind"] == "session_reused")
        .collect();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(
        audit_of(&world, dana.tenant, "session.reused").await.len(),
        1
    );
    let removals = world.removals_of(dana.id);
    assert_eq!(
        removals,
        [(dana.tenant.to_string(), "signed_out".to_owned())]
    );
    assert!(world.is_signed_in(&world.log_in(DANA).await).await);
}

#[tokio::test]
async fn mobile_clients_refresh_with_their_token_in_the_body() {
    let world = World::open().await;
    world.sign_up(DANA).await;
    let login = mobile_login_request(DANA, PASSWORD);
    let session = Session::of(&world.send("desk-login", &login).await, "");
    let refreshed = send(&world, &mobile_refresh_request(&session.refresh)).await;
    assert_eq!(refreshed.header("set-cookie"), "");
    let next = Session::of(&refreshed, "");
    assert_ne!(next.refresh, session.refresh);
}

/// A script in the console cannot read the cookie, and gets no other copy of the token.
#[tokio::test]
async fn session_of_a_browser_is_never_answered_in_the_body() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let refreshed = send(&world, &mobile_refresh_request(&dana.session.refresh)).await;
    assert_eq!(refreshed.body["refresh_token"], json!(null));
    assert!(cookie_of(&refreshed).is_some());
}

#[tokio::test]
async fn malformed_forged_and_foreign_refreshes_are_refused() {
    let world = World::open().await;
    let (dana, noa) = (world.sign_up(DANA).await, world.sign_up(NOA).await);
    let refresh = &dana.session.refresh;
    let forged = format!("{}AAAA", &refresh[..refresh.len() - 4]);
    let without_row = refresh.replace(&refresh[8..34], "00000000000000000000000000");
    let evil = refresh_request(refresh).header("origin", "https://evil.example");
    let unknown = json!({ "tenant_id": UNKNOWN_TENANT });
    let cases = [
        (
            TestRequest::post("/auth/refresh", json!({})),
            401,
            "unauthenticated",
        ),
        (refresh_request(""), 401, "unauthenticated"),
        (refresh_request("desk_rt_x"), 401, "unauthenticated"),
        (refresh_request(&forged), 401, "unauthenticated"),
        (refresh_request(&without_row), 401, "unauthenticated"),
        (evil, 403, "origin_not_allowed"),
        (
            cookie_request("/auth/refresh", refresh, json!({ "all": true })),
            400,
            "bad_json",
        ),
        (
            switch_request(refresh, noa.tenant),
            404,
            "workspace_not_found",
        ),
        (
            cookie_request("/auth/refresh", refresh, unknown),
            404,
            "workspace_not_found",
        ),
    ];
    world.assert_refused("desk-sessions", cases).await;
    assert!(world.is_signed_in(&dana.session).await);
}

#[tokio::test]
async fn sessions_expire_when_idle_and_a_month_after_the_sign_in() {
    let world = World::open().await;
    let mut session = world.sign_up(DANA).await.session;
    world.advance(13 * DAY_SECONDS);
    session = world.refresh(&session).await;
    world.advance(13 * DAY_SECONDS);
    session = world.refresh(&session).await;
    world.advance(4 * DAY_SECONDS);
    assert!(!world.is_signed_in(&session).await, "30 days old");
    let session = world.log_in(DANA).await;
    world.advance(14 * DAY_SECONDS);
    assert!(!world.is_signed_in(&session).await, "14 days idle");
}

#[tokio::test]
async fn session_switches_between_the_workspaces_of_its_person() {
    let world = World::open().await;
    let (dana, noa) = (world.sign_up(DANA).await, world.sign_up(NOA).await);
    world.add_member(dana.id, noa.tenant, Role::Viewer).await;
    let switch = switch_request(&dana.session.refresh, noa.tenant);
    let switched = send(&world, &switch).await;
    assert_eq!(switched.body["tenant_id"], json!(noa.tenant));
    assert_eq!(switched.body["role"], "viewer");
    let session = Session::of(&switched, "");
    let validated = send(&world, &get("/auth/validate", &session)).await;
    assert_eq!(validated.body["tenant_id"], json!(noa.tenant));
    let stays = send(&world, &refresh_request(&session.refresh)).await;
    assert_eq!(stays.body["tenant_id"], json!(noa.tenant));
    // Removed from it, the session goes on in the other one.
    let mut person = world.person(dana.id).await;
    person.tenants.remove(&noa.tenant);
    world.put_person(&person).await;
    let back = send(&world, &refresh_request(&session.refresh)).await;
    assert_eq!(back.body["tenant_id"], json!(dana.tenant));
}

#[tokio::test]
async fn workspace_decides_about_networks_and_the_length_of_sessions() {
    let world = World::open().await;
    let (dana, noa) = (world.sign_up(DANA).await, world.sign_up(NOA).await);
    world.add_member(dana.id, noa.tenant, Role::Agent).await;
    let office = "203.0.113.0/24".parse().unwrap();
    world
        .change_tenant(noa.tenant, |tenant| {
            tenant.settings.security.ip_allow = [office].into();
            tenant.settings.security.session_hours = 1;
        })
        .await;
    let switch = switch_request(&dana.session.refresh, noa.tenant);
    let elsewhere = [(switch.clone(), 403, "source_not_allowed")];
    world.assert_refused("desk-sessions", elsewhere).await;
    let switched = send(&world, &switch.source_ip("203.0.113.7")).await;
    let session = Session::of(&switched, "");
    world.advance(3_600);
    let late = refresh_request(&session.refresh).source_ip("203.0.113.7");
    assert_eq!(
        send(&world, &late).await.status,
        401,
        "an hour after the sign-in"
    );
    let again = switch_request(&session.refresh, noa.tenant).source_ip("203.0.113.7");
    assert_eq!(send(&world, &again).await.status, 401);
    let back = send(&world, &switch_request(&session.refresh, dana.tenant)).await;
    assert_eq!(back.status, 200, "{back:?}");
    let refused = switch_request(&Session::of(&back, &session.refresh).refresh, noa.tenant);
    let refused = send(&world, &refused.source_ip("203.0.113.7")).await;
    assert_eq!((refused.status, refused.code()), (403, "sign_in_again"));
}

// Logout.

#[tokio::test]
async fn logout_ends_the_session_clears_the_cookie_and_closes_sockets() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let other = world.log_in(DANA).await;
    let logout = cookie_request("/auth/logout", &dana.session.refresh, json!({}));
    for _ in 0..2 {
        let answer = send(&world, &logout).await;
        assert_eq!(answer.status, 204, "{answer:?}");
        assert_eq!(cookie_of(&answer).as_deref(), Some(""));
        assert!(answer.header("set-cookie").contains("Max-Age=0"));
    }
    let over = send(&world, &refresh_request(&dana.session.refresh)).await;
    assert_eq!((over.status, over.code()), (401, "unauthenticated"));
    assert!(world.is_signed_in(&other).await);
    let removal = (dana.tenant.to_string(), "signed_out".to_owned());
    assert!(world.removals_of(dana.id).contains(&removal));
}

#[tokio::test]
async fn logout_is_answered_the_same_without_a_session_and_not_to_other_sites() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let path = "/auth/logout";
    let forged = format!(
        "{}AAAA",
        &dana.session.refresh[..dana.session.refresh.len() - 4]
    );
    for request in [
        TestRequest::new("POST", path),
        TestRequest::post(path, json!({ "all": true })),
        TestRequest::post(path, json!({})).token("forged"),
        cookie_request(path, "desk_rt_x", json!({})),
        cookie_request(path, &forged, json!({ "all": true })),
        TestRequest::post(path, json!({ "refresh_token": forged })),
    ] {
        let answer = send(&world, &request).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (204, ""),
            "{request:?}"
        );
    }
    let evil = cookie_request(path, &dana.session.refresh, json!({}));
    let evil = evil.header("origin", "https://evil.example");
    let unknown = cookie_request(path, &dana.session.refresh, json!({ "every": true }));
    let cases = [
        (evil, 403, "origin_not_allowed"),
        (unknown, 400, "bad_json"),
    ];
    world.assert_refused("desk-sessions", cases).await;
    assert!(world.is_signed_in(&dana.session).await);
    assert!(world.removals_of(dana.id).is_empty());
}

#[tokio::test]
async fn mobile_client_logs_out_with_its_token_and_with_its_access_token() {
    let world = World::open().await;
    world.sign_up(DANA).await;
    for by_refresh_token in [true, false] {
        let login = mobile_login_request(DANA, PASSWORD);
        let session = Session::of(&world.send("desk-login", &login).await, "");
        let logout = if by_refresh_token {
            let body = json!({ "refresh_token": session.refresh });
            TestRequest::post("/auth/logout", body)
        } else {
            TestRequest::post("/auth/logout", json!({})).token(&session.token)
        };
        assert_eq!(send(&world, &logout).await.status, 204);
        let refreshed = send(&world, &mobile_refresh_request(&session.refresh)).await;
        assert_eq!(refreshed.status, 401);
    }
}

#[tokio::test]
async fn logout_of_all_ends_every_session_at_once() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(world.log_in(DANA).await);
    }
    let all = cookie_request(
        "/auth/logout",
        &dana.session.refresh,
        json!({ "all": true }),
    );
    assert_eq!(send(&world, &all).await.status, 204);
    for session in others.iter().chain([&dana.session]) {
        assert!(!world.is_signed_in(session).await);
    }
    let again = world.log_in(DANA).await;
    assert_eq!(send(&world, &all).await.status, 204);
    assert!(
        world.is_signed_in(&again).await,
        "the ended session ends no others"
    );
}

// Who a token is.

#[derive(Serialize, Deserialize)]
struct VisitorToken {
    tenant: TenantId,
    bot: BotId,
    visitor: VisitorId,
    is_verified: bool,
}

impl Sealed for VisitorToken {
    const PURPOSE: &'static str = "desk-visitor";
}

#[tokio::test]
async fn tokens_of_people_keys_and_visitors_are_validated() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let user = send(&world, &get("/auth/validate", &dana.session)).await;
    assert_eq!(user.status, 200, "{user:?}");
    assert_eq!(
        (&user.body["kind"], &user.body["role"]),
        (&json!("user"), &json!("owner"))
    );
    assert_eq!(user.body["user_id"], json!(dana.id));
    let expires_at = confab_core::after(world.now(), ACCESS_TTL);
    assert_eq!(user.body["expires_at"], json!(expires_at));
    let scopes = user.body["scopes"].as_array().unwrap();
    assert!(scopes.contains(&json!("members:write")));
    let key = create_key(
        &world,
        &dana,
        json!({ "name": "Export", "scopes": ["ai:use"] }),
    )
    .await;
    let request = TestRequest::get("/auth/validate").token(text(&key, "key"));
    let validated = send(&world, &request).await;
    let expected = json!({
        "kind": "key", "tenant_id": dana.tenant, "scopes": ["ai:use"], "expires_at": null,
    });
    assert_eq!(validated.body, expected);
    let now = world.now();
    let visitor = VisitorToken {
        tenant: dana.tenant,
        bot: BotId::new(now, &|| [1; 10]),
        visitor: VisitorId::new(now, &|| [2; 10]),
        is_verified: false,
    };
    let expires_at = confab_core::after(now, std::time::Duration::from_secs(600));
    let token = seal(b"desk-seal-secret", &visitor, expires_at).unwrap();
    let request = TestRequest::get("/auth/validate").token(&token);
    let validated = send(&world, &request).await;
    assert_eq!(validated.body["kind"], "visitor");
    assert_eq!(validated.body["tenant_id"], json!(dana.tenant));
}

#[tokio::test]
async fn validation_refuses_missing_scopes_and_tokens_that_stand_for_nothing() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let key = create_key(
        &world,
        &dana,
        json!({ "name": "Export", "scopes": ["ai:use"] }),
    )
    .await;
    let with_scope = |scope: &str| {
        let path = format!("/auth/validate?scope={scope}");
        TestRequest::get(path).token(text(&key, "key"))
    };
    assert_eq!(send(&world, &with_scope("ai:use")).await.status, 200);
    let signed = &dana.session.token;
    let changed = format!("{}AAAA", &signed[..signed.len() - 4]);
    let cases = [
        (with_scope("chatbots:read"), 403, "forbidden"),
        (with_scope("everything"), 400, "bad_scope"),
        (TestRequest::get("/auth/validate"), 401, "unauthenticated"),
        (
            TestRequest::get("/auth/validate").token("x"),
            401,
            "unauthenticated",
        ),
        (
            TestRequest::get("/auth/validate").token(&changed),
            401,
            "unauthenticated",
        ),
    ];
    world.assert_refused("desk-sessions", cases).await;
}

#[tokio::test]
async fn validation_sees_ends_of_sessions_and_changes_of_members_at_once() {
    let world = World::open().await;
    let (dana, noa) = (world.sign_up(DANA).await, world.sign_up(NOA).await);
    world.add_member(noa.id, dana.tenant, Role::Admin).await;
    let switch = switch_request(&noa.session.refresh, dana.tenant);
    let session = Session::of(&send(&world, &switch).await, "");
    let validate = get("/auth/validate?scope=chatbots:write", &session);
    assert_eq!(send(&world, &validate).await.status, 200);
    world.add_member(noa.id, dana.tenant, Role::Viewer).await;
    assert_eq!(send(&world, &validate).await.status, 403);
    let member = confab_aws::Table::key(format!("T#{}", dana.tenant), format!("MEMBER#{}", noa.id));
    world.table().delete(member).await.unwrap();
    assert_eq!(send(&world, &validate).await.status, 401);
    let logout = cookie_request("/auth/logout", &dana.session.refresh, json!({}));
    send(&world, &logout).await;
    let validate = get("/auth/validate", &dana.session);
    assert_eq!(send(&world, &validate).await.status, 401);
}

#[tokio::test]
async fn suspended_workspace_is_told_by_the_validation() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let suspend = LifecycleEvent::Suspend {
        reason: "Spam".to_owned(),
    };
    world
        .change_tenant(dana.tenant, |tenant| {
            *tenant = tenant.apply(&suspend, tenant.created_at).unwrap();
        })
        .await;
    let validated = send(&world, &get("/auth/validate", &dana.session)).await;
    assert_eq!((validated.status, validated.code()), (403, "suspended"));
}

#[tokio::test]
async fn person_sees_themselves_and_their_workspaces() {
    let world = World::open().await;
    let (dana, noa) = (world.sign_up(DANA).await, world.sign_up(NOA).await);
    world.add_member(dana.id, noa.tenant, Role::Agent).await;
    let me = send(&world, &get("/auth/me", &dana.session)).await;
    let expected = json!({
        "user": { "id": dana.id, "email": DANA, "name": "Dana" },
        "tenant_id": dana.tenant,
        "role": "owner",
        "tenants": [
            { "id": dana.tenant, "name": "Flowers", "role": "owner" },
            { "id": noa.tenant, "name": "Flowers", "role": "agent" },
        ],
    });
    assert_eq!(me.body, expected);
    let foreign = get("/auth/me", &dana.session).header("x-tenant-id", noa.tenant.to_string());
    let cases = [
        (TestRequest::get("/auth/me"), 401, "unauthenticated"),
        (foreign, 403, "tenant_mismatch"),
    ];
    world.assert_refused("desk-sessions", cases).await;
    world.advance(631);
    assert_eq!(
        send(&world, &get("/auth/me", &dana.session)).await.status,
        401
    );
}

#[tokio::test]
async fn person_without_a_workspace_has_a_session() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let mut person = world.person(dana.id).await;
    person.tenants.clear();
    world.put_person(&person).await;
    let session = world.log_in(DANA).await;
    let me = send(&world, &get("/auth/me", &session)).await;
    assert_eq!((me.status, &me.body["tenant_id"]), (200, &json!(null)));
    let validated = send(&world, &get("/auth/validate", &session)).await;
    assert_eq!(
        (validated.status, &validated.body["scopes"]),
        (200, &json!([]))
    );
    let keys = send(&world, &get("/auth/api-keys", &session)).await;
    assert_eq!(keys.status, 403);
}

#[tokio::test]
async fn public_keys_verify_access_tokens_and_may_be_cached() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let keys = send(&world, &TestRequest::get("/.well-known/jwks.json")).await;
    assert_eq!(keys.header("cache-control"), "public, max-age=300");
    let key = &keys.body["keys"][0];
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
    );
    let (signed, signature) = dana.session.token.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&BASE64.decode(header).unwrap()).unwrap();
    assert_eq!(header["kid"], key["kid"]);
    let public = BASE64.decode(text(key, "x")).unwrap();
    let public = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, public);
    let signature = BASE64.decode(signature).unwrap();
    public.verify(signed.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn ways_to_sign_in_depend_on_the_address_alone() {
    let world = World::open().await;
    world.sign_up(DANA).await;
    for email in [DANA, "unknown@shop.example"] {
        let request = TestRequest::get(format!("/auth/methods?email={email}"));
        assert_eq!(send(&world, &request).await.body, json!(["password"]));
    }
    let cases = [
        (TestRequest::get("/auth/methods"), 400, "bad_query"),
        (
            TestRequest::get("/auth/methods?email=dana"),
            400,
            "bad_email",
        ),
    ];
    world.assert_refused("desk-sessions", cases).await;
}

// Devices.

#[tokio::test]
async fn person_sees_their_devices_and_ends_one() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    world.advance(1);
    let login = login_request(DANA, PASSWORD).header("user-agent", "Firefox on Linux");
    let other = Session::of(&world.send("desk-login", &login).await, "");
    let list = send(&world, &get("/auth/sessions", &dana.session)).await;
    let items = list.body["items"].as_array().unwrap();
    let shown: Vec<_> = items
        .iter()
        .map(|item| (text(item, "id").to_owned(), item["is_current"].clone()))
        .collect();
    let expected = [
        (id_of(&other), json!(false)),
        (id_of(&dana.session), json!(true)),
    ];
    assert_eq!(shown, expected);
    assert_eq!(
        (&items[0]["name"], &items[0]["ip"]),
        (&json!("Firefox on Linux"), &json!("192.0.2.7"))
    );
    assert!(!list.text.contains("secret"));
    for _ in 0..2 {
        let ended = send(&world, &end_request(&dana.session, &id_of(&other))).await;
        assert_eq!((ended.status, cookie_of(&ended)), (204, None));
    }
    assert!(!world.is_signed_in(&other).await);
    assert!(world.is_signed_in(&dana.session).await);
    let list = send(&world, &get("/auth/sessions", &dana.session)).await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
    let own = send(&world, &end_request(&dana.session, &id_of(&dana.session))).await;
    assert_eq!(cookie_of(&own).as_deref(), Some(""));
    let after = send(&world, &get("/auth/sessions", &dana.session)).await;
    assert_eq!(after.status, 401);
}

#[tokio::test]
async fn sessions_of_others_are_answered_like_unknown_ones() {
    let world = World::open().await;
    let (dana, noa) = (world.sign_up(DANA).await, world.sign_up(NOA).await);
    let end = |id: &str| end_request(&dana.session, id);
    let cases = [
        (end(&id_of(&noa.session)), 404, "session_not_found"),
        (
            end("ses_00000000000000000000000000"),
            404,
            "session_not_found",
        ),
        (end("dana"), 404, "session_not_found"),
        (
            TestRequest::delete(format!("/auth/sessions/{}", id_of(&dana.session))),
            401,
            "unauthenticated",
        ),
    ];
    world.assert_refused("desk-sessions", cases).await;
    assert!(world.is_signed_in(&noa.session).await);
}

// API keys.

fn key_request(session: &Session, body: Value) -> TestRequest {
    TestRequest::post("/auth/api-keys", body).token(&session.token)
}

fn delete_key_request(session: &Session, id: &str) -> TestRequest {
    TestRequest::delete(format!("/auth/api-keys/{id}")).token(&session.token)
}

fn export_key() -> Value {
    json!({ "name": "Export", "scopes": ["conversations:read"] })
}

async fn create_key(world: &World, person: &SignedUp, body: Value) -> Value {
    let created = send(world, &key_request(&person.session, body)).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.header("cache-control"), "no-store");
    created.body
}

async fn is_valid(world: &World, key: &Value) -> bool {
    let request = TestRequest::get("/auth/validate").token(text(key, "key"));
    send(world, &request).await.status == 200
}

#[tokio::test]
async fn key_is_shown_once_works_at_once_and_ends_with_its_deletion() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let key = create_key(&world, &dana, export_key()).await;
    assert!(text(&key, "key").starts_with(text(&key, "prefix")));
    assert!(is_valid(&world, &key).await);
    let list = send(&world, &get("/auth/api-keys", &dana.session)).await;
    let item = &list.body["items"][0];
    assert_eq!((&item["id"], &item["name"]), (&key["id"], &json!("Export")));
    assert_eq!(item["last_ip"], "192.0.2.7");
    assert_eq!(item["last_used_at"], json!(world.now()));
    let rows = json!(world.rows().await).to_string();
    for shown in [&list.text, &rows] {
        assert!(!shown.contains(text(&key, "key")));
    }
    let delete = delete_key_request(&dana.session, text(&key, "id"));
    assert_eq!(send(&world, &delete).await.status, 204);
    assert!(!is_valid(&world, &key).await);
    let again = [(delete, 404, "api_key_not_found")];
    world.assert_refused("desk-sessions", again).await;
    let list = send(&world, &get("/auth/api-keys", &dana.session)).await;
    assert_eq!(list.body, json!({ "items": [], "next": null }));
    for action in ["api_key.created", "api_key.deleted"] {
        assert_eq!(
            audit_of(&world, dana.tenant, action).await.len(),
            1,
            "{action}"
        );
    }
}

#[tokio::test]
async fn keys_are_made_by_admins_with_fields_in_order() {
    let world = World::open().await;
    let (dana, noa) = (world.sign_up(DANA).await, world.sign_up(NOA).await);
    let key = create_key(&world, &dana, export_key()).await;
    world.add_member(noa.id, dana.tenant, Role::Agent).await;
    let switch = switch_request(&noa.session.refresh, dana.tenant);
    let agent = Session::of(&send(&world, &switch).await, "");
    let by_key = |request: TestRequest| request.token(text(&key, "key"));
    let create = |body: Value| key_request(&dana.session, body);
    let id = text(&key, "id");
    let cases = [
        (
            TestRequest::post("/auth/api-keys", export_key()),
            401,
            "unauthenticated",
        ),
        (key_request(&agent, export_key()), 403, "forbidden"),
        (get("/auth/api-keys", &agent), 403, "forbidden"),
        (delete_key_request(&agent, id), 403, "forbidden"),
        (
            by_key(TestRequest::post("/auth/api-keys", export_key())),
            403,
            "forbidden",
        ),
        (by_key(TestRequest::get("/auth/api-keys")), 403, "forbidden"),
        (
            create(json!({ "name": "x", "scopes": [] })),
            400,
            "bad_scope",
        ),
        (
            create(json!({ "name": " ", "scopes": ["ai:use"] })),
            400,
            "bad_name",
        ),
        (
            create(json!({ "name": "x", "scopes": ["ai:use"], "role": "owner" })),
            400,
            "bad_json",
        ),
    ];
    // The key's last use is written by its first request.
    is_valid(&world, &key).await;
    world.assert_refused("desk-sessions", cases).await;
}

#[tokio::test]
async fn keys_of_another_workspace_are_answered_like_unknown_ones() {
    let world = World::open().await;
    let (dana, noa) = (world.sign_up(DANA).await, world.sign_up(NOA).await);
    let key = create_key(&world, &dana, export_key()).await;
    let delete = |id: &str| delete_key_request(&noa.session, id);
    let cases = [
        (delete(text(&key, "id")), 404, "api_key_not_found"),
        (
            delete("key_00000000000000000000000000"),
            404,
            "api_key_not_found",
        ),
        (delete("x"), 404, "api_key_not_found"),
    ];
    world.assert_refused("desk-sessions", cases).await;
    assert!(is_valid(&world, &key).await);
    let list = send(&world, &get("/auth/api-keys", &noa.session)).await;
    assert_eq!(list.body["items"], json!([]));
}

#[tokio::test]
async fn workspace_has_at_most_fifty_keys_even_if_two_are_made_at_once() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let request = key_request(&dana.session, export_key());
    let first = create_key(&world, &dana, export_key()).await;
    for _ in 0..48 {
        create_key(&world, &dana, export_key()).await;
    }
    let (one, other) = tokio::join!(send(&world, &request), send(&world, &request));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 402]);
    let full = [(request.clone(), 402, "limit_reached")];
    world.assert_refused("desk-sessions", full).await;
    let delete = delete_key_request(&dana.session, text(&first, "id"));
    assert_eq!(send(&world, &delete).await.status, 204);
    assert_eq!(send(&world, &request).await.status, 201);
}

#[tokio::test]
async fn keys_end_when_they_expire_and_work_from_their_networks_alone() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let body = json!({
        "name": "Export", "scopes": ["ai:use"], "expires_at": "2026-11-29T13:00:00Z",
        "allowed_ips": ["203.0.113.0/24"],
    });
    let key = create_key(&world, &dana, body).await;
    assert!(!is_valid(&world, &key).await);
    let office = TestRequest::get("/auth/validate").token(text(&key, "key"));
    let office = office.source_ip("203.0.113.9");
    let validated = send(&world, &office).await;
    assert_eq!(validated.body["expires_at"], "2026-11-29T13:00:00Z");
    world.advance(3_600);
    assert_eq!(send(&world, &office).await.status, 401);
}

#[tokio::test]
async fn leaked_key_is_deleted_in_a_workspace_that_is_read_only() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let key = create_key(&world, &dana, export_key()).await;
    world
        .change_tenant(dana.tenant, |tenant| {
            let later = confab_core::after(
                tenant.created_at,
                std::time::Duration::from_secs(15 * 86_400),
            );
            *tenant = tenant.apply(&LifecycleEvent::CheckTrial, later).unwrap();
        })
        .await;
    let create = [(
        key_request(&dana.session, export_key()),
        402,
        "payment_needed",
    )];
    world.assert_refused("desk-sessions", create).await;
    let delete = delete_key_request(&dana.session, text(&key, "id"));
    assert_eq!(send(&world, &delete).await.status, 204);
    assert!(!is_valid(&world, &key).await);
}

#[tokio::test]
async fn ended_session_makes_and_deletes_no_keys_with_its_last_access_token() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let key = create_key(&world, &dana, export_key()).await;
    let logout = cookie_request("/auth/logout", &dana.session.refresh, json!({}));
    send(&world, &logout).await;
    let cases = [
        (
            key_request(&dana.session, export_key()),
            401,
            "unauthenticated",
        ),
        (
            delete_key_request(&dana.session, text(&key, "id")),
            401,
            "unauthenticated",
        ),
        (get("/auth/sessions", &dana.session), 401, "unauthenticated"),
    ];
    world.assert_refused("desk-sessions", cases).await;
}

#[tokio::test]
async fn keys_are_limited_to_bots_of_their_workspace() {
    let world = World::open().await;
    let (dana, noa) = (world.sign_up(DANA).await, world.sign_up(NOA).await);
    let workspace = |id: TenantId| crate::bots::Workspace { id };
    let own = world.bot(&workspace(dana.tenant)).await;
    let foreign = world.bot(&workspace(noa.tenant)).await;
    let unknown = json!({ "id": BotId::new(world.now(), &|| [7; 10]) });
    let limited = |bots: &[&Value]| {
        let ids: Vec<_> = bots.iter().map(|bot| bot["id"].clone()).collect();
        let body = json!({ "name": "Bot", "scopes": ["chatbots:read"], "bot_ids": ids });
        key_request(&dana.session, body)
    };
    let cases = [
        (limited(&[&foreign]), 400, "bad_bot"),
        (limited(&[&unknown]), 400, "bad_bot"),
        (limited(&[&own, &foreign]), 400, "bad_bot"),
    ];
    world.assert_refused("desk-sessions", cases).await;
    assert_eq!(send(&world, &limited(&[&own])).await.status, 201);
}

#[tokio::test]
async fn former_and_lowered_admins_make_and_delete_no_keys_with_their_last_access_token() {
    let world = World::open().await;
    let (dana, noa) = (world.sign_up(DANA).await, world.sign_up(NOA).await);
    let key = create_key(&world, &dana, export_key()).await;
    world.add_member(noa.id, dana.tenant, Role::Admin).await;
    let switch = switch_request(&noa.session.refresh, dana.tenant);
    let admin = Session::of(&send(&world, &switch).await, "");
    let cases = || {
        let delete = delete_key_request(&admin, text(&key, "id"));
        [
            (key_request(&admin, export_key()), 403, "forbidden"),
            (delete, 403, "forbidden"),
        ]
    };
    world.add_member(noa.id, dana.tenant, Role::Viewer).await;
    world.assert_refused("desk-sessions", cases()).await;
    let member = confab_aws::Table::key(format!("T#{}", dana.tenant), format!("MEMBER#{}", noa.id));
    world.table().delete(member).await.unwrap();
    world.assert_refused("desk-sessions", cases()).await;
}

// The process dies, and calls fail.

struct Refreshed;

impl Repeated for Refreshed {
    type World = World;

    const FUNCTION: &'static str = "desk-sessions";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let dana = world.sign_up(DANA).await;
        (Self, world, refresh_request(&dana.session.refresh))
    }

    async fn check(&self, world: &World, story: &str) {
        let rows = world.rows().await;
        let families = rows.iter().filter(|row| text(row, "sk") == "FAMILY");
        let families: Vec<_> = families.collect();
        assert_eq!(families.len(), 1, "{story}");
        assert_eq!(
            (&families[0]["number"], &families[0]["end"]),
            (&json!(1), &json!(null)),
            "{story}"
        );
    }
}

#[tokio::test]
async fn refreshes_rotate_once_whatever_call_fails() {
    let ran = enumerate_repeated::<Refreshed>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

struct Reused;

impl Repeated for Reused {
    type World = World;

    const FUNCTION: &'static str = "desk-sessions";
    const SUCCESS: &'static [u16] = &[401];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let dana = world.sign_up(DANA).await;
        world.refresh(&dana.session).await;
        world.advance(GRACE_SECONDS);
        (Self, world, refresh_request(&dana.session.refresh))
    }

    async fn check(&self, world: &World, story: &str) {
        let kinds = world.mail_kinds(DANA);
        assert!(
            kinds.contains(&"session_reused".to_owned()),
            "{story}: {kinds:?}"
        );
        let rows = world.rows().await;
        let find = |sk: &str| rows.iter().find(|row| text(row, "sk") == sk).unwrap();
        let family = find("FAMILY");
        assert_eq!(family["end"]["reason"], "reused", "{story}");
        assert_eq!(family["end"]["is_notified"], true, "{story}");
        let tenant = text(family, "tenant").parse().unwrap();
        let audited = audit_of(world, tenant, "session.reused").await;
        assert_eq!(audited.len(), 1, "{story}");
        let user = text(family, "user").parse().unwrap();
        assert!(!world.removals_of(user).is_empty(), "{story}");
    }
}

#[tokio::test]
async fn reused_tokens_end_the_session_and_are_mailed_whatever_call_fails() {
    let ran = enumerate_repeated::<Reused>().await;
    assert!(ran.calls >= 7, "{ran:?}");
}

struct LoggedOut;

impl Repeated for LoggedOut {
    type World = World;

    const FUNCTION: &'static str = "desk-sessions";
    const SUCCESS: &'static [u16] = &[204];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let dana = world.sign_up(DANA).await;
        let body = json!({ "all": true });
        let logout = cookie_request("/auth/logout", &dana.session.refresh, body);
        (Self, world, logout)
    }

    async fn check(&self, world: &World, story: &str) {
        let rows = world.rows().await;
        let find = |sk: &str| {
            let mut rows = rows.iter().filter(|row| text(row, "sk") == sk);
            rows.find(|row| !text(row, "pk").starts_with("E#")).unwrap()
        };
        let (family, person) = (find("FAMILY"), find("PERSON"));
        assert_ne!(family["epoch"], person["session_epoch"], "{story}");
        let user = text(family, "user").parse().unwrap();
        assert!(!world.removals_of(user).is_empty(), "{story}");
    }
}

#[tokio::test]
async fn logouts_of_all_sessions_close_sockets_whatever_call_fails() {
    let ran = enumerate_repeated::<LoggedOut>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}

/// Counts the rows of keys, their pointers and the keys that the limit counts.
async fn count_keys(world: &World) -> [usize; 3] {
    let rows = world.rows().await;
    let of_tenant = |row: &&Value| text(row, "pk").starts_with("T#");
    let records = rows
        .iter()
        .filter(of_tenant)
        .filter(|row| text(row, "sk").starts_with("KEY#"));
    let pointers = rows.iter().filter(|row| text(row, "pk").starts_with("K#"));
    let usage = rows
        .iter()
        .find(|row| text(row, "pk").ends_with("#USE") && text(row, "sk") == "NOW");
    let counted = usage.map_or(0, |row| row["api_keys"].as_u64().unwrap_or_default());
    [
        records.count(),
        pointers.count(),
        usize::try_from(counted).unwrap(),
    ]
}

struct KeyCreated;

impl Repeated for KeyCreated {
    type World = World;

    const FUNCTION: &'static str = "desk-sessions";
    const SUCCESS: &'static [u16] = &[201];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let dana = world.sign_up(DANA).await;
        (Self, world, key_request(&dana.session, export_key()))
    }

    async fn check(&self, world: &World, story: &str) {
        let [records, pointers, counted] = count_keys(world).await;
        assert!(
            (1..=2).contains(&records),
            "{story}: the first answer may have been lost"
        );
        assert_eq!((pointers, counted), (records, records), "{story}");
    }
}

#[tokio::test]
async fn keys_are_counted_and_found_whatever_call_fails() {
    let ran = enumerate_repeated::<KeyCreated>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}

struct KeyDeleted;

impl Repeated for KeyDeleted {
    type World = World;

    const FUNCTION: &'static str = "desk-sessions";
    /// The first answer may have been lost.
    const SUCCESS: &'static [u16] = &[204, 404];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let dana = world.sign_up(DANA).await;
        let key = create_key(&world, &dana, export_key()).await;
        let delete = delete_key_request(&dana.session, text(&key, "id"));
        (Self, world, delete)
    }

    async fn check(&self, world: &World, story: &str) {
        assert_eq!(count_keys(world).await, [0, 0, 0], "{story}");
    }
}

#[tokio::test]
async fn deleted_keys_leave_nothing_whatever_call_fails() {
    let ran = enumerate_repeated::<KeyDeleted>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}

#[tokio::test]
async fn console_may_refresh_from_its_own_origin_and_programs_without_one() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let bare = TestRequest::post("/auth/refresh", json!({}))
        .header("cookie", format!("__Host-desk={}", dana.session.refresh));
    assert_eq!(send(&world, &bare).await.status, 200);
    let own = send(&world, &refresh_request(&dana.session.refresh)).await;
    assert_eq!(own.header("access-control-allow-origin"), CONSOLE);
}
