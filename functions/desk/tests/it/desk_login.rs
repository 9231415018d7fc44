//! `desk-login`: signs people up and in, and sets passwords.

use std::time::Duration;

use argon2::{Argon2, Params, PasswordHasher, password_hash::SaltString};
use confab_testkit::{Repeated, TestRequest, TestResponse, enumerate_repeated};
use desk_domain::{EmailAddress, Role};
use serde_json::json;

use crate::{
    people::{
        OTHER_PASSWORD, PASSWORD, Session, cookie_of, login_request, mobile_login_request,
        sign_up_body, sign_up_request, verify_request, verify_with,
    },
    world::{CONSOLE, World, text},
};

const DANA: &str = "dana@shop.example";
const DAY_SECONDS: u64 = 86_400;

fn forgot_request(email: &str) -> TestRequest {
    TestRequest::post("/auth/password/forgot", json!({ "email": email }))
}

fn reset_request(token: &str, password: &str) -> TestRequest {
    let body = json!({ "token": token, "password": password });
    TestRequest::post("/auth/password/reset", body)
}

fn change_request(session: &Session, current: &str, password: &str) -> TestRequest {
    let body = json!({ "current": current, "password": password });
    TestRequest::put("/auth/password", body).token(&session.token)
}

/// The answer without what differs for each request.
fn without_id(mut answer: TestResponse) -> (u16, String) {
    if let Some(problem) = answer.body.as_object_mut() {
        problem.remove("correlation_id");
    }
    (answer.status, answer.body.to_string())
}

fn key_of(email: &str) -> String {
    let email = EmailAddress::parse(email).unwrap();
    email.key().as_str().to_owned()
}

async fn send(world: &World, request: &TestRequest) -> TestResponse {
    world.send("desk-login", request).await
}

// Sign-up.

#[tokio::test]
async fn person_signs_up_verifies_the_address_and_owns_a_workspace() {
    let world = World::open().await;
    let accepted = send(&world, &sign_up_request("Dana@shop.example")).await;
    assert_eq!((accepted.status, accepted.text.as_str()), (202, ""));
    let mail = &world.mails_to("Dana@shop.example")[0];
    assert_eq!(
        (text(mail, "kind"), text(mail, "language")),
        ("verify", "he")
    );
    assert!(text(mail, "link").starts_with("https://desk.example/desk/verify#token="));
    let link = world.last_link("Dana@shop.example", "verify");
    let verified = send(&world, &verify_request(&link)).await;
    let session = Session::of(&verified, "");
    assert_eq!(verified.body["role"], "owner");
    assert_eq!(verified.body["expires_in"], 600);
    assert_eq!(verified.body["tenants"][0]["name"], "Flowers");
    assert_eq!(
        verified.body["tenants"][0]["id"],
        verified.body["tenant_id"]
    );
    assert_eq!(text(&verified.body["user"], "email"), "Dana@shop.example");
    assert_eq!(
        verified.body["refresh_token"],
        json!(null),
        "it is in the cookie"
    );
    assert_eq!(verified.header("cache-control"), "no-store");
    assert!(world.is_signed_in(&session).await);
    let login = send(&world, &login_request(DANA, PASSWORD)).await;
    assert_eq!(login.body["tenant_id"], verified.body["tenant_id"]);
}

#[tokio::test]
async fn sign_up_answers_the_same_for_new_unverified_and_known_addresses() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    send(&world, &sign_up_request("noa@shop.example")).await;
    let mut answers = Vec::new();
    for email in ["omer@shop.example", "noa@shop.example", DANA] {
        let before = world.person(dana.id).await;
        answers.push(without_id(send(&world, &sign_up_request(email)).await));
        assert_eq!(world.person(dana.id).await, before);
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:?}"
    );
    assert_eq!(world.mail_kinds("omer@shop.example"), ["verify"]);
    assert_eq!(world.mail_kinds("noa@shop.example"), ["verify"; 2]);
    assert_eq!(world.mail_kinds(DANA), ["verify", "already_registered"]);
}

#[tokio::test]
async fn malformed_sign_ups_store_nothing_and_mail_nothing() {
    let world = World::open().await;
    let with = |name: &str, value: &str| {
        let mut body = sign_up_body(DANA);
        body[name] = json!(value);
        TestRequest::post("/auth/signup", body)
    };
    let cases = [
        (with("email", "dana"), 400, "bad_email"),
        (with("password", "short"), 400, "password_too_short"),
        (
            with("password", "Password2026"),
            400,
            "password_is_guessable",
        ),
        (with("password", DANA), 400, "password_is_personal"),
        (with("name", " "), 400, "bad_name"),
        (with("tenant_name", " "), 400, "bad_tenant_name"),
        (with("locale", "hebrew"), 400, "bad_language"),
        (with("role", "owner"), 400, "bad_json"),
        (with("name", &"x".repeat(70_000)), 413, "too_large"),
        (
            TestRequest::post("/auth/signup", json!({})),
            400,
            "bad_json",
        ),
    ];
    world.assert_refused("desk-login", cases).await;
    assert!(world.mails_to(DANA).is_empty());
}

/// A sign-up with another password and workspace than the usual ones.
fn other_sign_up_request() -> TestRequest {
    let mut body = sign_up_body(DANA);
    body["password"] = json!(OTHER_PASSWORD);
    body["tenant_name"] = json!("Roses");
    TestRequest::post("/auth/signup", body)
}

#[tokio::test]
async fn later_sign_up_replaces_nothing_and_the_first_verified_one_gets_the_address() {
    let world = World::open().await;
    send(&world, &sign_up_request(DANA)).await;
    let first = world.last_link(DANA, "verify");
    send(&world, &other_sign_up_request()).await;
    let second = world.last_link(DANA, "verify");
    let mixed_up = [
        (verify_with(&first, OTHER_PASSWORD), 403, "wrong_password"),
        (verify_with(&second, PASSWORD), 403, "wrong_password"),
    ];
    world.assert_refused("desk-login", mixed_up).await;
    let verified = send(&world, &verify_request(&first)).await;
    assert_eq!(verified.body["tenants"][0]["name"], "Flowers");
    let late = verify_with(&second, OTHER_PASSWORD);
    let refused = [
        (late, 409, "link_used"),
        (login_request(DANA, OTHER_PASSWORD), 401, "bad_credentials"),
    ];
    world.assert_refused("desk-login", refused).await;
    let login = send(&world, &login_request(DANA, PASSWORD)).await;
    assert_eq!(login.body["tenant_id"], verified.body["tenant_id"]);
    assert_eq!(workspaces(&world).await, 1);
}

#[tokio::test]
async fn password_of_a_stranger_never_becomes_valid() {
    let world = World::open().await;
    // A stranger signs up with Dana's address, and she opens the link that she is mailed.
    send(&world, &other_sign_up_request()).await;
    let link = world.last_link(DANA, "verify");
    let refused = [
        (verify_request(&link), 403, "wrong_password"),
        (verify_with(&link, ""), 403, "wrong_password"),
        (
            verify_with(&link, &"x".repeat(5_000)),
            403,
            "wrong_password",
        ),
        (login_request(DANA, OTHER_PASSWORD), 401, "bad_credentials"),
    ];
    world.assert_refused("desk-login", refused).await;
    let without = TestRequest::post("/auth/verify", json!({ "token": link }));
    let without = [(without, 400, "bad_json")];
    world.assert_refused("desk-login", without).await;
    // She sets another password by a link of her own.
    send(&world, &forgot_request(DANA)).await;
    let reset = world.last_link(DANA, "reset_password");
    let reset = send(&world, &reset_request(&reset, PASSWORD)).await;
    assert_eq!(reset.status, 204, "{reset:?}");
    let refused = [
        (verify_with(&link, OTHER_PASSWORD), 409, "link_used"),
        (verify_request(&link), 409, "link_used"),
        (login_request(DANA, OTHER_PASSWORD), 401, "bad_credentials"),
    ];
    world.assert_refused("desk-login", refused).await;
    let login = send(&world, &login_request(DANA, PASSWORD)).await;
    assert_eq!(login.status, 200, "{login:?}");
}

#[tokio::test]
async fn reset_of_one_sign_up_voids_the_others_with_the_address() {
    let world = World::open().await;
    send(&world, &other_sign_up_request()).await;
    let first = world.last_link(DANA, "verify");
    send(&world, &forgot_request(DANA)).await;
    let early = world.last_link(DANA, "reset_password");
    send(&world, &sign_up_request(DANA)).await;
    send(&world, &forgot_request(DANA)).await;
    let reset = world.last_link(DANA, "reset_password");
    let reset = reset_request(&reset, "nine quiet harbors");
    assert_eq!(send(&world, &reset).await.status, 204);
    let refused = [
        (verify_with(&first, OTHER_PASSWORD), 409, "link_used"),
        (reset_request(&early, "four slow barges"), 409, "link_used"),
    ];
    world.assert_refused("desk-login", refused).await;
    let login = send(&world, &login_request(DANA, "nine quiet harbors")).await;
    assert_eq!(login.body["tenants"][0]["name"], "Flowers");
}

#[tokio::test]
async fn passwords_of_a_link_are_tried_ten_times() {
    let world = World::open().await;
    send(&world, &sign_up_request(DANA)).await;
    let link = world.last_link(DANA, "verify");
    let pointer = world.row(&format!("E#{}", key_of(DANA)), "PERSON").await;
    let key = format!("verify#{}", text(&pointer, "user_id"));
    world.fill_limit(&key, 9, Duration::from_secs(360)).await;
    let wrong = verify_with(&link, OTHER_PASSWORD);
    assert_eq!(send(&world, &wrong).await.code(), "wrong_password");
    let limited = send(&world, &verify_request(&link)).await;
    assert_eq!(limited.code(), "rate_limited");
    assert!(!limited.header("retry-after").is_empty());
    world.advance(360);
    assert_eq!(send(&world, &verify_request(&link)).await.status, 200);
}

#[tokio::test]
async fn links_work_once_within_a_day_and_cannot_be_forged() {
    let world = World::open().await;
    send(&world, &sign_up_request(DANA)).await;
    let link = world.last_link(DANA, "verify");
    let forged = verify_request(&format!("{link}x"));
    let elsewhere = verify_request(&link).header("origin", "https://evil.example");
    let cases = [
        (forged, 401, "unauthenticated"),
        (elsewhere, 403, "origin_not_allowed"),
        (reset_request(&link, OTHER_PASSWORD), 401, "unauthenticated"),
    ];
    world.assert_refused("desk-login", cases).await;
    assert_eq!(send(&world, &verify_request(&link)).await.status, 200);
    let again = [(verify_request(&link), 409, "link_used")];
    world.assert_refused("desk-login", again).await;
    send(&world, &sign_up_request("noa@shop.example")).await;
    let link = world.last_link("noa@shop.example", "verify");
    world.advance(DAY_SECONDS);
    let late = [(verify_request(&link), 401, "expired")];
    world.assert_refused("desk-login", late).await;
}

#[tokio::test]
async fn sign_ups_and_verifications_at_once_make_one_account_and_one_workspace() {
    let world = World::open().await;
    let request = sign_up_request(DANA);
    let both = tokio::join!(send(&world, &request), send(&world, &request));
    assert_eq!((both.0.status, both.1.status), (202, 202));
    let rows = world.rows().await;
    let people = rows.iter().filter(|row| text(row, "pk").starts_with("U#"));
    let pointers = rows.iter().filter(|row| text(row, "pk").starts_with("E#"));
    assert_eq!((people.count(), pointers.count()), (2, 1));
    let mails = world.mails_to(DANA);
    let requests = mails
        .iter()
        .map(|mail| verify_request(&crate::people::link_token(mail)));
    let requests: Vec<_> = requests.collect();
    let (one, other) = tokio::join!(send(&world, &requests[0]), send(&world, &requests[1]));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(
        statuses,
        [200, 409],
        "the first one that is verified gets the address"
    );
    assert_eq!(workspaces(&world).await, 1);
}

#[tokio::test]
async fn link_that_is_opened_twice_at_once_makes_one_workspace() {
    let world = World::open().await;
    send(&world, &sign_up_request(DANA)).await;
    let verify = verify_request(&world.last_link(DANA, "verify"));
    let (one, other) = tokio::join!(send(&world, &verify), send(&world, &verify));
    let statuses = [one.status, other.status];
    assert!(statuses.contains(&200), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 409)),
        "{statuses:?}"
    );
    assert_eq!(workspaces(&world).await, 1);
}

async fn workspaces(world: &World) -> usize {
    let rows = world.rows().await;
    let tenants = rows
        .iter()
        .filter(|row| text(row, "sk") == "TENANT" && text(row, "pk").starts_with("T#"));
    tenants.count()
}

#[tokio::test]
async fn sign_up_that_is_never_verified_is_forgotten_and_its_address_is_free() {
    let world = World::open().await;
    send(&world, &sign_up_request(DANA)).await;
    let key = format!("E#{}", key_of(DANA));
    let expires_at = world.row(&key, "PERSON").await["expires_at"].clone();
    assert_eq!(expires_at, world.now().as_second() + 7 * 86_400);
    let person = world.row(&key, "PERSON").await["user_id"].clone();
    world.advance(7 * DAY_SECONDS + 1);
    let pk = format!("U#{}", person.as_str().unwrap());
    // TTL deletes the rows at different times.
    let row = confab_aws::Table::key(pk, "PERSON");
    world.table().delete(row).await.unwrap();
    let dana = world.sign_up(DANA).await;
    assert_ne!(json!(dana.id), person);
    let row = world.row(&key, "PERSON").await;
    assert_eq!(
        (&row["user_id"], &row["expires_at"]),
        (&json!(dana.id), &json!(null))
    );
}

// Sign-in.

#[tokio::test]
async fn browsers_get_a_cookie_and_mobile_clients_a_token() {
    let world = World::open().await;
    world.sign_up(DANA).await;
    let browser = send(&world, &login_request("DANA@shop.example", PASSWORD)).await;
    assert_eq!(browser.status, 200, "{browser:?}");
    let cookie = browser.header("set-cookie");
    for attribute in [
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=Strict",
        "Max-Age=1209600",
    ] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert_eq!(browser.body["refresh_token"], json!(null));
    let mobile = send(&world, &mobile_login_request(DANA, PASSWORD)).await;
    assert_eq!(mobile.header("set-cookie"), "");
    assert!(text(&mobile.body, "refresh_token").starts_with("desk_rt_"));
}

#[tokio::test]
async fn unknown_and_unverified_addresses_and_wrong_passwords_get_the_same_answer() {
    let world = World::open().await;
    world.sign_up(DANA).await;
    send(&world, &sign_up_request("noa@shop.example")).await;
    let attempts = [
        login_request("unknown@shop.example", PASSWORD),
        login_request("noa@shop.example", PASSWORD),
        login_request(DANA, OTHER_PASSWORD),
        login_request(DANA, &"x".repeat(200)),
        login_request(DANA, ""),
    ];
    let mut answers = Vec::new();
    for attempt in &attempts {
        answers.push(without_id(send(&world, attempt).await));
    }
    assert_eq!(answers[0].0, 401);
    assert!(answers[0].1.contains("bad_credentials"), "{answers:?}");
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:?}"
    );
}

#[tokio::test]
async fn malformed_and_foreign_sign_ins_are_refused() {
    let world = World::open().await;
    world.sign_up(DANA).await;
    let noa = world.sign_up("noa@shop.example").await;
    let with = |change: serde_json::Value| {
        let mut body = json!({ "email": DANA, "password": PASSWORD });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        TestRequest::post("/auth/login", body)
    };
    let unknown = "ten_00000000000000000000000000";
    let elsewhere = login_request(DANA, PASSWORD).header("origin", "https://evil.example");
    let cases = [
        (with(json!({ "email": "dana" })), 400, "bad_email"),
        (with(json!({ "client": "watch" })), 400, "bad_json"),
        (with(json!({ "remember": true })), 400, "bad_json"),
        (
            with(json!({ "tenant": noa.tenant })),
            404,
            "workspace_not_found",
        ),
        (
            with(json!({ "tenant": unknown })),
            404,
            "workspace_not_found",
        ),
        (elsewhere, 403, "origin_not_allowed"),
    ];
    world.assert_refused("desk-login", cases).await;
}

#[tokio::test]
async fn person_of_two_workspaces_signs_in_to_the_named_one() {
    let world = World::open().await;
    let (dana, noa) = (
        world.sign_up(DANA).await,
        world.sign_up("noa@shop.example").await,
    );
    world.add_member(dana.id, noa.tenant, Role::Agent).await;
    let body = json!({ "email": DANA, "password": PASSWORD, "tenant": noa.tenant });
    let login = send(&world, &TestRequest::post("/auth/login", body)).await;
    assert_eq!(login.body["tenant_id"], json!(noa.tenant));
    assert_eq!(login.body["role"], "agent");
    assert_eq!(login.body["tenants"].as_array().unwrap().len(), 2);
    let first = send(&world, &login_request(DANA, PASSWORD)).await;
    assert_eq!(first.body["tenant_id"], json!(dana.tenant));
}

#[tokio::test]
async fn passwords_of_an_address_are_tried_ten_times_and_others_are_not_kept_out() {
    let world = World::open().await;
    world.sign_up(DANA).await;
    let key = format!("login#{}", key_of(DANA));
    world.fill_limit(&key, 9, Duration::from_secs(360)).await;
    let wrong = login_request(DANA, OTHER_PASSWORD);
    let statuses = [
        send(&world, &wrong).await.status,
        send(&world, &wrong).await.status,
    ];
    assert_eq!(statuses, [401, 429]);
    let right = send(&world, &login_request(DANA, PASSWORD)).await;
    assert_eq!(right.code(), "rate_limited");
    assert!(!right.header("retry-after").is_empty());
    world.sign_up("noa@shop.example").await;
    assert_eq!(
        send(&world, &forgot_request(DANA)).await.status,
        202,
        "mails are counted apart"
    );
    world.advance(360);
    assert_eq!(
        send(&world, &login_request(DANA, PASSWORD)).await.status,
        200
    );
}

/// The last of a hundred people with three attempts each, behind one address.
#[tokio::test]
async fn office_behind_one_address_signs_in_and_a_flood_does_not() {
    let world = World::open().await;
    world.sign_up(DANA).await;
    world
        .fill_limit("login#192.0.2.7", 298, Duration::from_secs(12))
        .await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(send(&world, &login_request(DANA, PASSWORD)).await.status);
    }
    assert_eq!(statuses, [200, 200, 429]);
    let elsewhere = login_request(DANA, PASSWORD).source_ip("192.0.2.8");
    assert_eq!(send(&world, &elsewhere).await.status, 200);
}

#[tokio::test]
async fn cheap_hash_is_replaced_at_the_next_sign_in() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let cheap = Argon2::from(Params::new(64, 1, 1, None).unwrap());
    let salt = SaltString::encode_b64(&[7; 16]).unwrap();
    let hash = cheap.hash_password(PASSWORD.as_bytes(), &salt).unwrap();
    let person = world
        .person(dana.id)
        .await
        .rehash_password(hash.to_string());
    world.put_person(&person).await;
    assert_eq!(
        send(&world, &login_request(DANA, PASSWORD)).await.status,
        200
    );
    let stored = world.person(dana.id).await;
    let hash = stored.password_hash.as_ref().unwrap().as_str();
    assert!(hash.contains("m=19456,t=2,p=1"), "{hash}");
    assert_eq!(stored.session_epoch, person.session_epoch);
    assert!(world.is_signed_in(&dana.session).await);
    assert_eq!(
        send(&world, &login_request(DANA, PASSWORD)).await.status,
        200
    );
}

// Passwords.

#[tokio::test]
async fn forgotten_password_is_reset_once_and_all_sessions_end() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let unknown = send(&world, &forgot_request("unknown@shop.example")).await;
    let known = send(&world, &forgot_request(DANA)).await;
    assert_eq!(without_id(unknown), without_id(known));
    assert!(world.mails_to("unknown@shop.example").is_empty());
    let link = world.last_link(DANA, "reset_password");
    let cases = [
        (reset_request(&link, "short"), 400, "password_too_short"),
        (
            reset_request(&format!("{link}x"), OTHER_PASSWORD),
            401,
            "unauthenticated",
        ),
        (verify_request(&link), 401, "unauthenticated"),
    ];
    world.assert_refused("desk-login", cases).await;
    let reset = send(&world, &reset_request(&link, OTHER_PASSWORD)).await;
    assert_eq!(reset.status, 204, "{reset:?}");
    assert!(!world.is_signed_in(&dana.session).await);
    assert_eq!(world.removals_of(dana.id).len(), 1);
    assert_eq!(
        send(&world, &login_request(DANA, PASSWORD)).await.status,
        401
    );
    assert_eq!(
        send(&world, &login_request(DANA, OTHER_PASSWORD))
            .await
            .status,
        200
    );
    let again = send(&world, &reset_request(&link, OTHER_PASSWORD)).await;
    assert_eq!(again.status, 204, "the answer may have been lost");
    let other = [(reset_request(&link, "nine quiet harbors"), 409, "link_used")];
    world.assert_refused("desk-login", other).await;
    assert!(
        world
            .mail_kinds(DANA)
            .contains(&"password_changed".to_owned())
    );
}

#[tokio::test]
async fn reset_link_is_valid_for_an_hour_and_void_after_another_change() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    send(&world, &forgot_request(DANA)).await;
    let late = world.last_link(DANA, "reset_password");
    let change = change_request(&dana.session, PASSWORD, OTHER_PASSWORD);
    assert_eq!(send(&world, &change).await.status, 204);
    let void = [(reset_request(&late, "nine quiet harbors"), 409, "link_used")];
    world.assert_refused("desk-login", void).await;
    world.advance(3_600);
    let expired = [(reset_request(&late, "nine quiet harbors"), 401, "expired")];
    world.assert_refused("desk-login", expired).await;
}

#[tokio::test]
async fn reset_proves_the_address_of_an_unverified_person_and_the_sign_in_makes_the_workspace() {
    let world = World::open().await;
    send(&world, &sign_up_request(DANA)).await;
    send(&world, &forgot_request(DANA)).await;
    let link = world.last_link(DANA, "reset_password");
    assert_eq!(
        send(&world, &reset_request(&link, OTHER_PASSWORD))
            .await
            .status,
        204
    );
    let login = send(&world, &login_request(DANA, OTHER_PASSWORD)).await;
    assert_eq!((login.status, &login.body["role"]), (200, &json!("owner")));
    assert_eq!(workspaces(&world).await, 1);
}

#[tokio::test]
async fn changed_password_ends_all_sessions_but_the_one_that_changed_it() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(world.log_in(DANA).await);
    }
    let change = change_request(&dana.session, PASSWORD, OTHER_PASSWORD);
    for _ in 0..2 {
        let changed = send(&world, &change).await;
        assert_eq!(changed.status, 204, "{changed:?}");
    }
    assert!(world.is_signed_in(&dana.session).await);
    for other in &others {
        assert!(!world.is_signed_in(other).await);
    }
    let refused = send(
        &world,
        &change_request(&others[0], OTHER_PASSWORD, PASSWORD),
    )
    .await;
    assert_eq!(
        refused.code(),
        "unauthenticated",
        "its access token is still valid"
    );
    assert_eq!(
        send(&world, &login_request(DANA, OTHER_PASSWORD))
            .await
            .status,
        200
    );
    assert!(
        world
            .mail_kinds(DANA)
            .contains(&"password_changed".to_owned())
    );
}

#[tokio::test]
async fn password_is_changed_by_its_owner_alone() {
    let world = World::open().await;
    let dana = world.sign_up(DANA).await;
    let change = |current: &str, password: &str| change_request(&dana.session, current, password);
    let unsigned = TestRequest::put(
        "/auth/password",
        json!({ "current": PASSWORD, "password": OTHER_PASSWORD }),
    );
    let cases = [
        (unsigned, 401, "unauthenticated"),
        (change("wrong", OTHER_PASSWORD), 403, "wrong_password"),
        (
            change(PASSWORD, "password1234"),
            400,
            "password_is_guessable",
        ),
        (change(PASSWORD, "short"), 400, "password_too_short"),
    ];
    world.assert_refused("desk-login", cases).await;
    let key = format!("password#{}", dana.id);
    world.fill_limit(&key, 10, Duration::from_secs(360)).await;
    let tried = send(&world, &change(PASSWORD, OTHER_PASSWORD)).await;
    assert_eq!(tried.status, 429);
}

#[tokio::test]
async fn pages_of_the_console_may_read_the_answers_and_others_may_not() {
    let world = World::open().await;
    let preflight = TestRequest::new("OPTIONS", "/auth/login").header("origin", CONSOLE);
    let answer = send(&world, &preflight).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    let other = login_request(DANA, PASSWORD).header("origin", "https://evil.example");
    let refused = send(&world, &other).await;
    assert_eq!(refused.header("access-control-allow-origin"), "");
    assert_eq!(cookie_of(&refused), None);
}

// The process dies, and calls fail.

struct SignUp;

impl Repeated for SignUp {
    type World = World;

    const FUNCTION: &'static str = "desk-login";
    const SUCCESS: &'static [u16] = &[202];

    async fn arrange() -> (Self, World, TestRequest) {
        (Self, World::open().await, sign_up_request(DANA))
    }

    async fn check(&self, world: &World, story: &str) {
        let link = world.last_link(DANA, "verify");
        let verified = send(world, &verify_request(&link)).await;
        assert_eq!(verified.status, 200, "{story}: {verified:?}");
    }
}

#[tokio::test]
async fn sign_ups_end_with_a_link_that_works_whatever_call_fails() {
    let ran = enumerate_repeated::<SignUp>().await;
    assert!(ran.calls >= 6, "{ran:?}");
}

struct Verification;

impl Repeated for Verification {
    type World = World;

    const FUNCTION: &'static str = "desk-login";
    /// The first answer may have been lost.
    const SUCCESS: &'static [u16] = &[200, 409];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        send(&world, &sign_up_request(DANA)).await;
        let link = world.last_link(DANA, "verify");
        (Self, world, verify_request(&link))
    }

    async fn check(&self, world: &World, story: &str) {
        assert_eq!(workspaces(world).await, 1, "{story}");
        let login = send(world, &login_request(DANA, PASSWORD)).await;
        assert_eq!(
            (login.status, &login.body["role"]),
            (200, &json!("owner")),
            "{story}"
        );
        let person = text(&login.body["user"], "id").parse().unwrap();
        let person = world.person(person).await;
        assert_eq!(
            (person.tenants.len(), person.trials_started),
            (1, 1),
            "{story}"
        );
        assert_eq!(person.wanted_tenant, None, "{story}");
    }
}

#[tokio::test]
async fn verifications_end_with_one_workspace_whatever_call_fails() {
    let ran = enumerate_repeated::<Verification>().await;
    assert!(ran.calls >= 8, "{ran:?}");
}

struct Reset;

impl Repeated for Reset {
    type World = World;

    const FUNCTION: &'static str = "desk-login";
    const SUCCESS: &'static [u16] = &[204];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        world.sign_up(DANA).await;
        send(&world, &forgot_request(DANA)).await;
        let link = world.last_link(DANA, "reset_password");
        (Self, world, reset_request(&link, OTHER_PASSWORD))
    }

    async fn check(&self, world: &World, story: &str) {
        let login = send(world, &login_request(DANA, OTHER_PASSWORD)).await;
        assert_eq!(login.status, 200, "{story}: {login:?}");
        let user = text(&login.body["user"], "id").parse().unwrap();
        assert!(!world.removals_of(user).is_empty(), "{story}");
        let kinds = world.mail_kinds(DANA);
        assert!(
            kinds.contains(&"password_changed".to_owned()),
            "{story}: {kinds:?}"
        );
    }
}

#[tokio::test]
async fn resets_are_mailed_and_close_sockets_whatever_call_fails() {
    let ran = enumerate_repeated::<Reset>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}

struct Change;

impl Repeated for Change {
    type World = World;

    const FUNCTION: &'static str = "desk-login";
    const SUCCESS: &'static [u16] = &[204];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let dana = world.sign_up(DANA).await;
        world.log_in(DANA).await;
        let change = change_request(&dana.session, PASSWORD, OTHER_PASSWORD);
        (Self, world, change)
    }

    async fn check(&self, world: &World, story: &str) {
        let login = send(world, &login_request(DANA, OTHER_PASSWORD)).await;
        assert_eq!(login.status, 200, "{story}: {login:?}");
        let user = text(&login.body["user"], "id").parse().unwrap();
        let epoch = world.person(user).await.session_epoch;
        let rows = world.rows().await;
        let families = rows.iter().filter(|row| text(row, "sk") == "FAMILY");
        let live = families.filter(|row| row["epoch"] == json!(epoch));
        assert_eq!(
            live.count(),
            2,
            "{story}: that of the change and the new one"
        );
        assert!(!world.removals_of(user).is_empty(), "{story}");
        let kinds = world.mail_kinds(DANA);
        assert!(
            kinds.contains(&"password_changed".to_owned()),
            "{story}: {kinds:?}"
        );
    }
}

#[tokio::test]
async fn changes_of_the_password_end_the_other_sessions_whatever_call_fails() {
    let ran = enumerate_repeated::<Change>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}
