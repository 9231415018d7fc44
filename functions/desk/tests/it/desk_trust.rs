//! `desk-trust`: the audit of a workspace.

use confab_testkit::{TestRequest, TestResponse};
use desk_domain::Role;
use serde_json::{Value, json};

use crate::{
    tenants::Colleague,
    world::{World, text},
};

const DAY: u64 = 86_400;

async fn audit(world: &World, by: &Colleague, query: &str) -> TestResponse {
    let request = TestRequest::get(format!("/audit{query}")).token(&by.token);
    world.send("desk-trust", &request).await
}

fn actions(answer: &TestResponse) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let items = answer.body["items"].as_array().unwrap();
    items.iter().map(|item| text(item, "action")).collect()
}

async fn create_team(world: &World, by: &Colleague, name: &str) {
    let request = TestRequest::post("/teams", json!({ "name": name }));
    assert_eq!(world.members(by, request).await.status, 201);
}

#[tokio::test]
async fn audit_says_who_did_what_newest_first() {
    let world = World::open().await;
    let owner = world.owner().await;
    world.advance(1);
    let admin = world.colleague(&owner, Role::Admin).await;
    world.advance(1);
    create_team(&world, &admin, "Sales").await;
    let listed = audit(&world, &admin, "").await;
    assert_eq!(actions(&listed)[0], "team.created");
    assert_eq!(actions(&listed)[3], "tenant.created");
    let entry = &listed.body["items"][0];
    assert_eq!(
        entry["actor"],
        json!({ "kind": "person", "id": admin.id() })
    );
    assert_eq!(text(entry, "source"), "192.0.2.7");
    assert!(text(entry, "target").starts_with("team_"));
    assert!(text(entry, "correlation_id").starts_with("cor_"));
    assert_eq!(
        (&entry["before"], text(entry, "after").len()),
        (&Value::Null, 64)
    );
    assert_eq!(listed.body["next"], Value::Null);
}

#[tokio::test]
async fn audit_is_filtered_by_actor_and_action() {
    let world = World::open().await;
    let owner = world.owner().await;
    let admin = world.colleague(&owner, Role::Admin).await;
    create_team(&world, &admin, "Sales").await;
    create_team(&world, &owner, "Support").await;
    let by_admin = audit(&world, &owner, &format!("?actor={}", admin.id())).await;
    let mut found = actions(&by_admin);
    found.sort_unstable();
    assert_eq!(found, ["member.joined", "team.created"]);
    let teams = audit(&world, &owner, "?action=team.created").await;
    assert_eq!(actions(&teams).len(), 2);
    let both = format!("?action=team.created&actor={}", owner.id());
    assert_eq!(
        actions(&audit(&world, &owner, &both).await),
        ["team.created"]
    );
    assert!(actions(&audit(&world, &owner, "?action=team.eaten").await).is_empty());
}

#[tokio::test]
async fn audit_goes_on_after_its_cursor_and_over_months() {
    let world = World::open().await;
    let owner = world.owner().await;
    for number in 0..3 {
        create_team(&world, &owner, &format!("November {number}")).await;
        world.advance(1);
    }
    world.advance(40 * DAY);
    let owner = world.fresh(&owner);
    for number in 0..2 {
        create_team(&world, &owner, &format!("January {number}")).await;
    }
    let (mut seen, mut query) = (0, "?limit=2".to_owned());
    loop {
        let page = audit(&world, &owner, &query).await;
        seen += actions(&page).len();
        let Some(next) = page.body["next"].as_str() else {
            break;
        };
        query = format!("?limit=2&after={next}");
    }
    assert_eq!(seen, 6);
    let first = audit(&world, &owner, "?limit=2").await;
    let cursor = text(&first.body, "next");
    let other = world.owner().await;
    for (by, query) in [
        (&other, format!("?after={cursor}")),
        (&owner, format!("?after={cursor}&action=team.created")),
        (&owner, format!("?after={cursor}x")),
    ] {
        let refused = audit(&world, by, &query).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "bad_cursor"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn audit_is_for_admins_and_operators() {
    let world = World::open().await;
    let owner = world.owner().await;
    let agent = world.colleague(&owner, Role::Agent).await;
    let key = world.api_key(&owner, &["members:read"]).await;
    let list = || TestRequest::get("/audit");
    let long = TestRequest::get(format!("/audit?actor={}", "x".repeat(200)));
    let cases = [
        (list(), 401, "unauthenticated"),
        (list().token(&agent.token), 403, "forbidden"),
        (list().token(&key), 403, "forbidden"),
        (long.token(&owner.token), 400, "bad_query"),
    ];
    world.assert_refused("desk-trust", cases).await;
    let operator = world.operator().await;
    let by_operator = list()
        .token(&operator.token)
        .header("x-tenant-id", owner.tenant.to_string());
    let seen = world.send("desk-trust", &by_operator).await;
    assert_eq!(actions(&seen)[0], "platform.request");
    let entry = &seen.body["items"][0];
    assert_eq!(
        entry["actor"],
        json!({ "kind": "platform", "id": operator.id })
    );
    assert_eq!(text(entry, "target"), "GET /audit");
}

#[tokio::test]
async fn entries_hold_no_names_addresses_or_texts() {
    let world = World::open().await;
    let owner = world.owner().await;
    let invitation = world.invitation("ella.fitzgerald@example.com", "agent");
    world.members(&owner, invitation).await;
    let rows = world.partition(&owner.pk("#AUDIT#2026-11")).await;
    let audit = serde_json::to_string(&rows).unwrap();
    for private in ["ella", "Dana", "Flowers"] {
        assert!(!audit.contains(private), "{private}: {audit}");
    }
}
