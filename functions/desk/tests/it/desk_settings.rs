//! `desk-settings`: canned replies, tags, views and business hours.

use confab_testkit::{Repeated, TestRequest, TestResponse, enumerate_repeated};
use desk_domain::Role;
use serde_json::{Value, json};

use crate::{
    tenants::Colleague,
    world::{World, text},
};

const UNKNOWN_VIEW: &str = "vie_00000000000000000000000000";
const UNKNOWN_TEAM: &str = "team_00000000000000000000000000";

async fn send(world: &World, request: &TestRequest) -> TestResponse {
    world.send("desk-settings", request).await
}

async fn of(world: &World, by: &Colleague, request: TestRequest) -> TestResponse {
    send(world, &request.token(&by.token)).await
}

async fn items(world: &World, by: &Colleague, path: &str) -> Vec<Value> {
    let listed = of(world, by, TestRequest::get(path)).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    listed.body["items"].as_array().unwrap().clone()
}

/// A workspace with an agent and a viewer.
async fn team(world: &World) -> (Colleague, Colleague, Colleague) {
    let owner = world.owner().await;
    let agent = world.colleague(&owner, Role::Agent).await;
    let viewer = world.colleague(&owner, Role::Viewer).await;
    (owner, agent, viewer)
}

fn canned(shortcut: &str, text: &str) -> TestRequest {
    TestRequest::post("/canned", json!({ "shortcut": shortcut, "text": text }))
}

#[tokio::test]
async fn canned_replies_are_kept_by_their_shortcuts() {
    let world = World::open().await;
    let (owner, agent, _) = team(&world).await;
    let hello = "Hello {{visitor.name}}!";
    for _ in 0..2 {
        let created = of(&world, &owner, canned("/Hello", hello)).await;
        assert_eq!(
            (created.status, text(&created.body, "shortcut")),
            (201, "hello")
        );
    }
    let taken = of(&world, &owner, canned("hello", "Hi!")).await;
    assert_eq!((taken.status, taken.code()), (409, "shortcut_taken"));
    let put = |version: u64, text: &str| {
        let body = json!({ "version": version, "shortcut": "hello", "text": text });
        TestRequest::put("/canned/hello", body)
    };
    for _ in 0..2 {
        let replaced = of(&world, &owner, put(1, "Hi!")).await;
        assert_eq!(
            (replaced.status, &replaced.body["version"]),
            (200, &json!(2))
        );
    }
    let stale = of(&world, &owner, put(1, "Hey!")).await;
    assert_eq!((stale.status, stale.code()), (409, "changed_meanwhile"));
    assert_eq!(
        text(&items(&world, &agent, "/canned").await[0], "text"),
        "Hi!"
    );
    let delete = || TestRequest::delete("/canned/hello");
    assert_eq!(of(&world, &owner, delete()).await.status, 204);
    let again = of(&world, &owner, delete()).await;
    assert_eq!(
        (again.status, again.code()),
        (404, "canned_reply_not_found")
    );
    let audited = world.audited(&owner).await;
    for action in ["canned.created", "canned.changed", "canned.deleted"] {
        let count = audited.iter().filter(|audited| *audited == action).count();
        assert_eq!(count, 1, "{action}");
    }
}

#[tokio::test]
async fn canned_replies_of_others_and_odd_ones_are_refused() {
    let world = World::open().await;
    let (owner, agent, viewer) = team(&world).await;
    let other = world.owner().await;
    of(&world, &owner, canned("hello", "Hello!")).await;
    let with_team = json!({ "shortcut": "hi", "text": "Hi", "team": UNKNOWN_TEAM });
    let put = json!({ "version": 1, "shortcut": "hello", "text": "Hi" });
    let long = format!("/canned/{}", "x".repeat(3_000));
    let odd = json!({ "shortcut": "hi", "text": "Hi", "html": true });
    let by = |colleague: &Colleague, request: TestRequest| request.token(&colleague.token);
    let cases = [
        (canned("hi", "Hi"), 401, "unauthenticated"),
        (by(&agent, canned("hi", "Hi")), 403, "forbidden"),
        (by(&viewer, TestRequest::get("/canned")), 403, "forbidden"),
        (by(&owner, canned("no good", "Hi")), 400, "bad_shortcut"),
        (
            by(&owner, canned("hi", "{{visitor.card}}")),
            400,
            "bad_placeholder",
        ),
        (by(&owner, canned("hi", " ")), 400, "text_missing"),
        (
            by(&owner, canned("hi", &"x".repeat(4_001))),
            400,
            "text_too_long",
        ),
        (
            by(&owner, TestRequest::post("/canned", with_team)),
            400,
            "bad_team",
        ),
        (
            by(&owner, TestRequest::post("/canned", odd)),
            400,
            "bad_json",
        ),
        (
            by(&other, TestRequest::put("/canned/hello", put)),
            404,
            "canned_reply_not_found",
        ),
        (
            by(&other, TestRequest::delete("/canned/hello")),
            404,
            "canned_reply_not_found",
        ),
        (
            by(&owner, TestRequest::delete(long)),
            404,
            "canned_reply_not_found",
        ),
    ];
    world.assert_refused("desk-settings", cases).await;
    assert!(items(&world, &other, "/canned").await.is_empty());
}

struct NewReply {
    owner: Colleague,
}

impl Repeated for NewReply {
    type World = World;

    const FUNCTION: &'static str = "desk-settings";
    const SUCCESS: &'static [u16] = &[201];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let owner = world.owner().await;
        let request = canned("hello", "Hello!").token(&owner.token);
        (Self { owner }, world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        let counts = world.row(&self.owner.pk(""), "SETTINGS").await;
        assert_eq!(counts["canned_reply"], 1, "{story}");
        let audited = world.audited(&self.owner).await;
        let count = audited
            .iter()
            .filter(|action| *action == "canned.created")
            .count();
        assert_eq!(count, 1, "{story}");
    }
}

#[tokio::test]
async fn canned_reply_is_created_once_whatever_call_fails() {
    let ran = enumerate_repeated::<NewReply>().await;
    assert!(ran.calls >= 3, "{ran:?}");
}

fn tag(name: &str, color: Option<&str>) -> TestRequest {
    TestRequest::post("/tags", json!({ "name": name, "color": color }))
}

#[tokio::test]
async fn tags_are_kept_by_their_names() {
    let world = World::open().await;
    let (owner, agent, _) = team(&world).await;
    let created = of(&world, &owner, tag(" VIP ", None)).await;
    assert_eq!((created.status, text(&created.body, "name")), (201, "vip"));
    assert_eq!(
        of(&world, &owner, tag("vip", None)).await.body,
        created.body
    );
    let taken = of(&world, &owner, tag("vip", Some("#1a73e8"))).await;
    assert_eq!((taken.status, taken.code()), (409, "tag_taken"));
    assert_eq!(of(&world, &owner, tag("מנוי", None)).await.status, 201);
    let names: Vec<_> = items(&world, &agent, "/tags").await;
    let names: Vec<_> = names.iter().map(|tag| text(tag, "name")).collect();
    assert_eq!(names, ["vip", "מנוי"]);
    let path = format!("/tags/{}", text(&created.body, "id"));
    let put = |version: u64, color: &str| {
        TestRequest::put(
            &path,
            json!({ "version": version, "name": "vip", "color": color }),
        )
    };
    let colored = of(&world, &owner, put(1, "#1a73e8")).await;
    assert_eq!(
        (colored.status, text(&colored.body, "color")),
        (200, "#1a73e8")
    );
    let other = world.owner().await;
    let cases = [
        (
            put(1, "#000000").token(&owner.token),
            409,
            "changed_meanwhile",
        ),
        (put(2, "red").token(&owner.token), 400, "bad_color"),
        (put(2, "#000000").token(&agent.token), 403, "forbidden"),
        (put(2, "#000000").token(&other.token), 404, "tag_not_found"),
        (
            TestRequest::delete(&path).token(&other.token),
            404,
            "tag_not_found",
        ),
        (tag("", None).token(&owner.token), 400, "bad_tag"),
        (tag("vip", None), 401, "unauthenticated"),
    ];
    world.assert_refused("desk-settings", cases).await;
    assert_eq!(
        of(&world, &owner, TestRequest::delete(&path)).await.status,
        204
    );
    assert_eq!(items(&world, &agent, "/tags").await.len(), 1);
}

fn view(name: &str, shared: bool) -> Value {
    json!({ "name": name, "view": "unassigned", "filter": { "tag": "VIP" }, "shared": shared })
}

#[tokio::test]
async fn agents_keep_views_of_their_own_and_see_shared_ones() {
    let world = World::open().await;
    let (owner, agent, viewer) = team(&world).await;
    let own = of(
        &world,
        &agent,
        TestRequest::post("/views", view("Mine", false)),
    )
    .await;
    assert_eq!(own.status, 201, "{own:?}");
    assert_eq!(own.body["filter"]["tag"], "vip");
    let shared = of(
        &world,
        &owner,
        TestRequest::post("/views", view("Ours", true)),
    )
    .await;
    assert_eq!(shared.status, 201, "{shared:?}");
    let names = |views: Vec<Value>| -> Vec<String> {
        views
            .iter()
            .map(|view| text(view, "name").to_owned())
            .collect()
    };
    let mut seen = names(items(&world, &agent, "/views").await);
    seen.sort();
    assert_eq!(seen, ["Mine", "Ours"]);
    assert_eq!(names(items(&world, &owner, "/views").await), ["Ours"]);
    let path = |view: &TestResponse| format!("/views/{}", text(&view.body, "id"));
    let put = |path: String, body: Value| TestRequest::put(path, body);
    let with = |mut view: Value, version: u64| {
        view["version"] = json!(version);
        view
    };
    let renamed = put(path(&own), with(view("Later", false), 1));
    assert_eq!(of(&world, &agent, renamed).await.body["version"], 2);
    let key = world.api_key(&owner, &["conversations:read"]).await;
    let cases = [
        (
            put(path(&own), with(view("Stale", false), 1)).token(&agent.token),
            409,
            "changed_meanwhile",
        ),
        (
            put(path(&own), with(view("Shared", true), 2)).token(&agent.token),
            403,
            "forbidden",
        ),
        (
            put(path(&own), with(view("Theirs", false), 2)).token(&owner.token),
            404,
            "view_not_found",
        ),
        (
            put(path(&shared), with(view("Theirs", true), 1)).token(&agent.token),
            403,
            "forbidden",
        ),
        (
            TestRequest::delete(path(&own)).token(&owner.token),
            404,
            "view_not_found",
        ),
        (
            TestRequest::delete(path(&shared)).token(&agent.token),
            403,
            "forbidden",
        ),
        (
            TestRequest::delete(format!("/views/{UNKNOWN_VIEW}")).token(&owner.token),
            404,
            "view_not_found",
        ),
        (
            TestRequest::post("/views", view("x", true)).token(&agent.token),
            403,
            "forbidden",
        ),
        (
            TestRequest::post("/views", view("x", false)).token(&viewer.token),
            403,
            "forbidden",
        ),
        (TestRequest::get("/views").token(&key), 403, "forbidden"),
        (TestRequest::get("/views"), 401, "unauthenticated"),
    ];
    world.assert_refused("desk-settings", cases).await;
    assert_eq!(
        of(&world, &agent, TestRequest::delete(path(&own)))
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn view_with_an_idempotency_key_is_created_once() {
    let world = World::open().await;
    let (owner, ..) = team(&world).await;
    let request = TestRequest::post("/views", view("Ours", true)).header("idempotency-key", "k");
    let first = of(&world, &owner, request.clone()).await;
    assert_eq!(of(&world, &owner, request).await.body, first.body);
    assert_eq!(items(&world, &owner, "/views").await.len(), 1);
}

/// The access token of an admin says so for up to ten minutes after the role has changed.
#[tokio::test]
async fn settings_are_written_with_the_role_that_a_member_has_now() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let demoted = world.colleague(&owner, Role::Admin).await;
    let removed = world.colleague(&owner, Role::Admin).await;
    of(&world, &owner, canned("hello", "Hello!")).await;
    let path = |colleague: &Colleague| format!("/members/{}", colleague.id());
    let demotion = TestRequest::patch(path(&demoted), json!({ "role": "agent" }));
    assert_eq!(world.members(&owner, demotion).await.status, 200);
    let removal = TestRequest::delete(path(&removed));
    assert_eq!(world.members(&owner, removal).await.status, 204);
    let replacement = json!({ "version": 1, "shortcut": "hello", "text": "Hi!" });
    let mut cases = Vec::new();
    for colleague in [&demoted, &removed] {
        for request in [
            canned("bye", "Bye!"),
            TestRequest::put("/canned/hello", replacement.clone()),
            TestRequest::delete("/canned/hello"),
            tag("vip", Some("#1a73e8")),
            TestRequest::post("/views", view("Ours", true)),
            hours(0, "09:00"),
        ] {
            cases.push((request.token(&colleague.token), 403, "forbidden"));
        }
    }
    let own_view = || TestRequest::post("/views", view("Mine", false));
    cases.push((own_view().token(&removed.token), 403, "forbidden"));
    world.assert_refused("desk-settings", cases).await;
    assert_eq!(of(&world, &demoted, own_view()).await.status, 201);
    // Reads trust the token.
    let read = of(&world, &removed, TestRequest::get("/canned")).await;
    assert_eq!(read.status, 200, "{read:?}");
    for request in [
        TestRequest::post("/teams", json!({ "name": "Support" })),
        world.invitation("new@example.com", "agent"),
    ] {
        for colleague in [&demoted, &removed] {
            let refused = world.members(colleague, request.clone()).await;
            assert_eq!(refused.code(), "forbidden", "{refused:?}");
        }
    }
}

/// Whatever comes first: a setting is written by an admin, or not at all.
#[tokio::test]
async fn setting_is_not_written_after_its_author_lost_the_role() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    for number in 0..5 {
        let admin = world.colleague(&owner, Role::Admin).await;
        let path = format!("/members/{}", admin.id());
        let demotion = TestRequest::patch(path, json!({ "role": "agent" }));
        let shortcut = format!("hello{number}");
        let (created, demoted) = tokio::join!(
            of(&world, &admin, canned(&shortcut, "Hello!")),
            world.members(&owner, demotion)
        );
        assert_eq!(demoted.status, 200, "{demoted:?}");
        let known = items(&world, &owner, "/canned").await;
        let is_known = known.iter().any(|item| text(item, "shortcut") == shortcut);
        assert_eq!(is_known, created.status == 201, "{created:?}");
        assert!(
            matches!(
                created.code(),
                "" | "forbidden" | "changed_meanwhile" | "contended"
            ),
            "{created:?}"
        );
    }
}

fn hours(version: u64, from: &str) -> TestRequest {
    let body = json!({
        "version": version, "timezone": "Asia/Jerusalem",
        "week": { "sun": [{ "from": from, "to": "17:00" }] },
        "holidays": [{ "date": "2026-12-25", "name": "Christmas" }],
    });
    TestRequest::put("/hours", body)
}

#[tokio::test]
async fn hours_are_replaced_under_their_version() {
    let world = World::open().await;
    let (owner, agent, _) = team(&world).await;
    let none = of(&world, &agent, TestRequest::get("/hours")).await;
    assert_eq!((none.status, &none.body["version"]), (200, &json!(0)));
    assert_eq!(none.body["is_open"], true);
    for _ in 0..2 {
        let set = of(&world, &owner, hours(0, "09:00")).await;
        assert_eq!(
            (set.status, &set.body["version"]),
            (200, &json!(1)),
            "{set:?}"
        );
    }
    let stale = of(&world, &owner, hours(0, "10:00")).await;
    assert_eq!((stale.status, stale.code()), (409, "changed_meanwhile"));
    let shown = of(&world, &agent, TestRequest::get("/hours")).await;
    assert_eq!(text(&shown.body, "timezone"), "Asia/Jerusalem");
    // It is Sunday, two o'clock in Jerusalem.
    assert_eq!(
        (&shown.body["is_open"], &shown.body["opens_at"]),
        (&json!(true), &Value::Null)
    );
    world.advance(4 * 3_600);
    let (owner, agent) = (world.fresh(&owner), world.fresh(&agent));
    let closed = of(&world, &agent, TestRequest::get("/hours")).await;
    assert_eq!(closed.body["is_open"], false);
    assert_eq!(text(&closed.body, "opens_at"), "2026-12-06T07:00:00Z");
    let cases = [
        (hours(1, "18:00").token(&owner.token), 400, "bad_hours"),
        (hours(1, "9").token(&owner.token), 400, "bad_json"),
        (hours(1, "08:00").token(&agent.token), 403, "forbidden"),
        (hours(1, "08:00"), 401, "unauthenticated"),
        (TestRequest::get("/hours"), 401, "unauthenticated"),
    ];
    world.assert_refused("desk-settings", cases).await;
}

#[tokio::test]
async fn of_two_changes_of_the_hours_at_once_one_is_saved() {
    let world = World::open().await;
    let owner = world.owner().await;
    let (one, other) = tokio::join!(
        of(&world, &owner, hours(0, "08:00")),
        of(&world, &owner, hours(0, "09:00"))
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {other:?}");
}
