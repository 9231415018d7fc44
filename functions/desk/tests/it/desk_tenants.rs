//! `desk-tenants`: workspaces, their settings, setup, limits and life.

use std::time::Duration;

use confab_testkit::{Repeated, TestRequest, TestResponse, enumerate_repeated};
use desk_domain::{Role, Tenant};
use serde_json::{Value, json};

use crate::{
    tenants::{Account, Colleague, UNKNOWN_TENANT, delete_with},
    world::{ATTEMPT_SECONDS, BROADCAST_QUEUE, PROVISION_QUEUE, World, text},
};

const DAY: u64 = 86_400;
const ROSES: &str = "roses";

async fn send(world: &World, request: &TestRequest) -> TestResponse {
    world.send("desk-tenants", request).await
}

async fn of(world: &World, by: &Colleague, request: TestRequest) -> TestResponse {
    send(world, &request.token(&by.token)).await
}

async fn show(world: &World, by: &Colleague) -> Value {
    let shown = of(world, by, TestRequest::get(by.path(""))).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    shown.body
}

/// Sends a request of an operator in a workspace.
async fn operate(
    world: &World,
    operator: &Account,
    tenant: &Colleague,
    request: TestRequest,
) -> TestResponse {
    let request = request
        .token(&world.renewed(operator).token)
        .header("x-tenant-id", tenant.tenant.to_string());
    send(world, &request).await
}

/// The settings of a workspace as a client sends them back.
async fn settings(world: &World, by: &Colleague) -> Value {
    let shown = show(world, by).await;
    let mut settings = json!({});
    for name in [
        "version", "name", "locale", "timezone", "branding", "privacy", "security", "ai",
    ] {
        settings[name] = shown[name].clone();
    }
    settings
}

fn update(by: &Colleague, settings: &Value) -> TestRequest {
    TestRequest::put(by.path(""), settings.clone()).token(&by.token)
}

// Creation.

#[tokio::test]
async fn person_creates_a_workspace_and_owns_it() {
    let world = World::open().await;
    let dana = world.account("Dana").await;
    let body = json!({ "name": " Dana's  Flowers ", "locale": "he", "plan": "trial" });
    let created = send(&world, &world.tenant_request(&dana, body)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let view = &created.body;
    let fields = [
        "slug",
        "name",
        "status",
        "plan",
        "isolation",
        "version",
        "locale",
    ];
    let values = fields.map(|name| view[name].clone());
    let expected = json!([
        "dana-s-flowers",
        "Dana's Flowers",
        "trial",
        "trial",
        "pooled",
        1,
        "he"
    ]);
    assert_eq!(json!(values), expected);
    let tenant = text(view, "id").parse().unwrap();
    let owner = world.colleague_of(&dana, tenant, Role::Owner);
    world.check_counts(&owner, "a new workspace").await;
    assert_eq!(world.person_row(dana.id).await.trials_started, 1);
    let slug = world.row("S#dana-s-flowers", "TENANT").await;
    assert_eq!(slug["tenant"], json!(tenant));
    assert_eq!(world.audited(&owner).await, ["tenant.created"]);
    assert_eq!(world.cloud.queued(PROVISION_QUEUE).len(), 1);
    let provisioning = &show(&world, &owner).await["provisioning"];
    assert_eq!(
        *provisioning,
        json!({ "state": "running", "current": "validated", "step": 0, "of": 5 })
    );
}

#[tokio::test]
async fn names_that_are_taken_get_an_ending_and_wanted_ones_are_refused() {
    let world = World::open().await;
    let (dana, noa) = (world.account("Dana").await, world.account("Noa").await);
    let roses = json!({ "name": "Roses" });
    let first = send(&world, &world.tenant_request(&dana, roses.clone())).await;
    assert_eq!(text(&first.body, "slug"), ROSES);
    let second = send(&world, &world.tenant_request(&noa, roses)).await;
    assert_eq!(second.status, 201, "{second:?}");
    let slug = text(&second.body, "slug");
    assert!(
        slug.starts_with("roses-") && slug.len() == "roses-".len() + 6,
        "{slug}"
    );
    let wanted = |slug: &str| world.tenant_request(&noa, json!({ "name": "Roses", "slug": slug }));
    let cases = [
        (wanted(ROSES), 409, "slug_taken"),
        (wanted("admin"), 409, "slug_taken"),
        (wanted("No Good"), 400, "bad_slug"),
    ];
    world.assert_refused("desk-tenants", cases).await;
    let tulips = send(&world, &wanted("tulips")).await;
    assert_eq!((tulips.status, text(&tulips.body, "slug")), (201, "tulips"));
}

#[tokio::test]
async fn workspaces_are_refused_to_strangers_keys_and_odd_requests() {
    let world = World::open().await;
    let owner = world.owner().await;
    let dana = &owner.account;
    let key = world.api_key(&owner, &["members:write"]).await;
    let new = |body: Value| world.tenant_request(dana, body);
    let cases = [
        (
            TestRequest::post("/tenants", json!({ "name": "Roses" })),
            401,
            "unauthenticated",
        ),
        (
            new(json!({ "name": "Roses" })).token(&key),
            403,
            "forbidden",
        ),
        (new(json!({ "name": " " })), 400, "bad_name"),
        (new(json!({ "name": "x".repeat(81) })), 400, "bad_name"),
        (new(json!({})), 400, "bad_json"),
        (
            new(json!({ "name": "Roses", "owner": dana.id })),
            400,
            "bad_json",
        ),
        (
            new(json!({ "name": "Roses", "locale": "klingon" })),
            400,
            "bad_json",
        ),
        (
            new(json!({ "name": "Roses", "plan": "team" })),
            400,
            "bad_plan",
        ),
        (
            new(json!({ "name": "Roses" })).header("idempotency-key", "a b"),
            400,
            "bad_idempotency_key",
        ),
    ];
    world.assert_refused("desk-tenants", cases).await;
}

#[tokio::test]
async fn person_starts_three_trials_at_most() {
    let world = World::open().await;
    let dana = world.account("Dana").await;
    for name in ["One", "Two", "Three"] {
        world.tenant_of(&dana, name).await;
    }
    let fourth = world.tenant_request(&dana, json!({ "name": "Four" }));
    let cases = [(fourth, 409, "too_many_trials")];
    world.assert_refused("desk-tenants", cases).await;
    assert_eq!(world.person_row(dana.id).await.tenants.len(), 3);
}

#[tokio::test]
async fn repeated_creation_with_a_key_is_one_workspace() {
    let world = World::open().await;
    let dana = world.account("Dana").await;
    let request = |name: &str| {
        let body = json!({ "name": name });
        world
            .tenant_request(&dana, body)
            .header("idempotency-key", "first")
    };
    let first = send(&world, &request("Roses")).await;
    let again = send(&world, &request("Roses")).await;
    assert_eq!((again.status, &again.text), (201, &first.text));
    assert_eq!(again.header("content-type"), "application/json");
    let other = send(&world, &request("Tulips")).await;
    assert_eq!((other.status, other.code()), (422, "key_reused"));
    assert_eq!(world.person_row(dana.id).await.tenants.len(), 1);
    world.advance(DAY);
    let dana = world.renewed(&dana);
    let body = json!({ "name": "Tulips" });
    let next_day = world
        .tenant_request(&dana, body)
        .header("idempotency-key", "first");
    assert_eq!(send(&world, &next_day).await.status, 201);
}

#[tokio::test]
async fn two_creations_at_once_are_one_with_a_key_and_two_without() {
    let world = World::open().await;
    let dana = world.account("Dana").await;
    let body = json!({ "name": "Roses" });
    let request = world
        .tenant_request(&dana, body.clone())
        .header("idempotency-key", "k");
    let (one, other) = tokio::join!(send(&world, &request), send(&world, &request));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert!(
        statuses == [201, 201] || statuses == [201, 409],
        "{one:?} {other:?}"
    );
    assert_eq!(world.person_row(dana.id).await.tenants.len(), 1);
    let noa = world.account("Noa").await;
    let request = world.tenant_request(&noa, body);
    let (one, other) = tokio::join!(send(&world, &request), send(&world, &request));
    assert_eq!((one.status, other.status), (201, 201), "{one:?} {other:?}");
    let person = world.person_row(noa.id).await;
    assert_eq!((person.tenants.len(), person.trials_started), (2, 2));
}

struct Creation {
    account: Account,
}

impl Repeated for Creation {
    type World = World;

    const FUNCTION: &'static str = "desk-tenants";
    const SUCCESS: &'static [u16] = &[201];
    const RETRY_SECONDS: u64 = ATTEMPT_SECONDS;

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let account = world.account("Dana").await;
        let request = world.tenant_request(&account, json!({ "name": "Roses" }));
        let request = request.header("idempotency-key", "once");
        (Self { account }, world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        let person = world.person_row(self.account.id).await;
        assert_eq!(
            (person.tenants.len(), person.trials_started),
            (1, 1),
            "{story}"
        );
        let tenant = *person.tenants.first().unwrap();
        let owner = world.colleague_of(&self.account, tenant, Role::Owner);
        world.check_counts(&owner, story).await;
        let rows = world.rows().await;
        let count = |prefix: &str| {
            let keys = rows.iter().map(|row| text(row, "pk"));
            keys.filter(|pk| pk.starts_with(prefix)).count()
        };
        assert_eq!((count("S#"), count("P#TENANTS")), (1, 1), "{story}");
        world.run_setups().await;
        let state = &show(world, &owner).await["provisioning"]["state"];
        assert_eq!(*state, "ready", "{story}");
    }
}

#[tokio::test]
async fn workspace_is_created_once_whatever_call_fails() {
    let ran = enumerate_repeated::<Creation>().await;
    assert!(ran.calls >= 6, "{ran:?}");
}

// Reading and changing.

#[tokio::test]
async fn members_see_their_workspace_and_admins_its_security() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let viewer = world.colleague(&owner, Role::Viewer).await;
    let admin = world.colleague(&owner, Role::Admin).await;
    assert_eq!(show(&world, &viewer).await["security"], Value::Null);
    let security = &show(&world, &admin).await["security"];
    assert_eq!(security["session_hours"], 720);
}

#[tokio::test]
async fn workspaces_of_others_are_answered_as_unknown_ones() {
    let world = World::open().await;
    let (owner, other) = (world.owner().await, world.owner().await);
    let mut cases = Vec::new();
    for id in [
        owner.tenant.to_string(),
        UNKNOWN_TENANT.to_owned(),
        "x".to_owned(),
    ] {
        let path = |rest: &str| format!("/tenants/{id}{rest}");
        let body = settings(&world, &other).await;
        for request in [
            TestRequest::get(path("")),
            TestRequest::get(path("/limits")),
            TestRequest::put(path(""), body),
            TestRequest::post(path("/provision"), json!({ "isolation": "pooled" })),
            TestRequest::post(path("/suspend"), json!({ "reason": "Spam" })),
            TestRequest::post(path("/resume"), json!({ "reason": "Spam" })),
            TestRequest::post(path("/restore"), json!({})),
            delete_with(path(""), &json!({ "confirm": "flowers" })),
        ] {
            cases.push((request.token(&other.token), 404, "workspace_not_found"));
        }
    }
    let named = TestRequest::get(owner.path(""))
        .token(&other.token)
        .header("x-tenant-id", owner.tenant.to_string());
    cases.push((named, 403, "tenant_mismatch"));
    cases.push((TestRequest::get(owner.path("")), 401, "unauthenticated"));
    world.assert_refused("desk-tenants", cases).await;
}

#[tokio::test]
async fn admins_change_settings_and_stale_ones_are_refused() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let admin = world.colleague(&owner, Role::Admin).await;
    let before = settings(&world, &admin).await;
    let mut renamed = before.clone();
    renamed["name"] = json!("Roses");
    renamed["timezone"] = json!("Asia/Jerusalem");
    for _ in 0..2 {
        let updated = send(&world, &update(&admin, &renamed)).await;
        assert_eq!(updated.status, 200, "{updated:?}");
        assert_eq!(
            (&updated.body["version"], text(&updated.body, "name")),
            (&json!(2), "Roses")
        );
    }
    let audited = world.audited(&owner).await;
    assert_eq!(
        audited
            .iter()
            .filter(|action| *action == "tenant.changed")
            .count(),
        1
    );
    let mut stale = before.clone();
    stale["name"] = json!("Tulips");
    let mut secure = settings(&world, &admin).await;
    secure["security"]["session_hours"] = json!(8);
    let mut odd = secure.clone();
    odd["status"] = json!("active");
    let cases = [
        (update(&admin, &stale), 409, "changed_meanwhile"),
        (update(&admin, &secure), 403, "forbidden"),
        (update(&admin, &odd), 400, "bad_json"),
    ];
    world.assert_refused("desk-tenants", cases).await;
    assert_eq!(send(&world, &update(&owner, &secure)).await.status, 200);
}

#[tokio::test]
async fn security_that_cannot_be_enforced_yet_is_refused() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let with = |mut settings: Value, name: &str, value: Value| {
        settings["security"][name] = value;
        settings
    };
    let settings = settings(&world, &owner).await;
    assert_eq!(settings["security"]["methods"], json!(["password"]));
    let mfa = with(settings.clone(), "mfa_required", json!(true));
    let google = with(settings.clone(), "methods", json!(["password", "google"]));
    let saml = with(settings.clone(), "methods", json!(["saml"]));
    let none = with(settings, "methods", json!([]));
    let cases = [
        (update(&owner, &mfa), 422, "mfa_not_available"),
        (update(&owner, &google), 422, "method_not_available"),
        (update(&owner, &saml), 422, "method_not_available"),
        (update(&owner, &none), 400, "bad_methods"),
    ];
    world.assert_refused("desk-tenants", cases).await;
}

#[tokio::test]
async fn settings_are_refused_to_agents_viewers_and_keys() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let (agent, viewer) = (
        world.colleague(&owner, Role::Agent).await,
        world.colleague(&owner, Role::Viewer).await,
    );
    let key = world
        .api_key(&owner, &["members:write", "billing:read"])
        .await;
    let settings = settings(&world, &owner).await;
    let cases = [
        (update(&agent, &settings), 403, "forbidden"),
        (update(&viewer, &settings), 403, "forbidden"),
        (update(&owner, &settings).token(&key), 403, "forbidden"),
    ];
    world.assert_refused("desk-tenants", cases).await;
}

/// The access token says the old role for up to ten minutes.
#[tokio::test]
async fn settings_and_security_are_changed_with_the_role_that_a_member_has_now() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let (former_owner, former_admin) = (
        world.colleague(&owner, Role::Owner).await,
        world.colleague(&owner, Role::Admin).await,
    );
    for (colleague, role) in [(&former_owner, "admin"), (&former_admin, "viewer")] {
        let path = format!("/members/{}", colleague.id());
        let change = TestRequest::patch(path, json!({ "role": role }));
        assert_eq!(world.members(&owner, change).await.status, 200);
    }
    let mut renamed = settings(&world, &owner).await;
    renamed["name"] = json!("Roses");
    let mut secure = settings(&world, &owner).await;
    secure["security"]["session_hours"] = json!(8);
    let slug = text(&show(&world, &owner).await, "slug").to_owned();
    let delete = delete_with(owner.path(""), &json!({ "confirm": slug }));
    let setup = TestRequest::post(owner.path("/provision"), json!({ "isolation": "pooled" }));
    let cases = [
        (update(&former_owner, &secure), 403, "forbidden"),
        (delete.token(&former_owner.token), 403, "forbidden"),
        (setup.token(&former_owner.token), 403, "forbidden"),
        (update(&former_admin, &renamed), 403, "forbidden"),
    ];
    world.assert_refused("desk-tenants", cases).await;
    let renamed = send(&world, &update(&former_owner, &renamed)).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_saved() {
    let world = World::open().await;
    let owner = world.owner().await;
    let with_name = |mut settings: Value, name: &str| {
        settings["name"] = json!(name);
        settings
    };
    let settings = settings(&world, &owner).await;
    let (one, other) = (
        update(&owner, &with_name(settings.clone(), "Roses")),
        update(&owner, &with_name(settings, "Tulips")),
    );
    let (one, other) = tokio::join!(send(&world, &one), send(&world, &other));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {other:?}");
    assert_eq!(show(&world, &owner).await["version"], 2);
}

// Limits.

fn limit<'a>(limits: &'a Value, name: &str) -> &'a Value {
    let limits = limits["limits"].as_array().unwrap();
    limits.iter().find(|limit| limit["name"] == name).unwrap()
}

async fn limits(world: &World, by: &Colleague) -> Value {
    let shown = of(world, by, TestRequest::get(by.path("/limits"))).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    shown.body
}

#[tokio::test]
async fn limits_are_those_that_the_guards_enforce() {
    let world = World::open().await;
    let owner = world.owner().await;
    let shown = limits(&world, &owner).await;
    assert_eq!(
        (text(&shown, "plan"), text(&shown, "period")),
        ("trial", "2026-11")
    );
    assert_eq!(
        *limit(&shown, "seats"),
        json!({
            "name": "seats", "unit": "seat", "limit": 3, "cap": null, "used": 1, "reserved": 0,
            "resets_at": null, "policy": "hard",
        })
    );
    assert_eq!(
        limit(&shown, "conversations")["resets_at"],
        "2026-12-01T00:00:00Z"
    );
    for email in ["noa@example.com", "omer@example.com"] {
        let invited = world
            .members(&owner, world.invitation(email, "agent"))
            .await;
        assert_eq!(invited.status, 201, "{invited:?}");
    }
    let shown = limits(&world, &owner).await;
    let seats = limit(&shown, "seats");
    assert_eq!((&seats["used"], &seats["reserved"]), (&json!(1), &json!(2)));
    let refused = world
        .members(&owner, world.invitation("ella@example.com", "agent"))
        .await;
    assert_eq!((refused.status, refused.code()), (402, "limit_reached"));
    assert_eq!(refused.body["errors"], json!({ "limit": "seats" }));
    world.advance(7 * DAY);
    let owner = world.fresh(&owner);
    let shown = limits(&world, &owner).await;
    assert_eq!(limit(&shown, "seats")["reserved"], 0);
    let invited = world
        .members(&owner, world.invitation("ella@example.com", "agent"))
        .await;
    assert_eq!(invited.status, 201, "{invited:?}");
    world.check_counts(&owner, "after the expired ones").await;
}

#[tokio::test]
async fn limits_are_shown_to_viewers_and_keys_of_billing() {
    let world = World::open().await;
    let owner = world.owner().await;
    let viewer = world.colleague(&owner, Role::Viewer).await;
    limits(&world, &viewer).await;
    let request = TestRequest::get(owner.path("/limits"));
    let key = world.api_key(&owner, &["billing:read"]).await;
    assert_eq!(send(&world, &request.clone().token(&key)).await.status, 200);
    let other = world.api_key(&owner, &["members:read"]).await;
    let cases = [
        (request.clone().token(&other), 403, "forbidden"),
        (request, 401, "unauthenticated"),
    ];
    world.assert_refused("desk-tenants", cases).await;
}

// Suspension.

fn suspension(by: &Colleague) -> TestRequest {
    TestRequest::post(by.path("/suspend"), json!({ "reason": "Sends spam" }))
}

fn resumption(by: &Colleague) -> TestRequest {
    TestRequest::post(by.path("/resume"), json!({ "reason": "A mistake" }))
}

fn suspensions(world: &World) -> usize {
    let jobs = world.cloud.queued(BROADCAST_QUEUE);
    let updates = jobs.iter().flat_map(|job| job["news"].as_array().unwrap());
    updates
        .filter(|update| update["kind"] == "removed" && update["reason"] == "suspended")
        .count()
}

#[tokio::test]
async fn suspended_workspace_is_closed_until_it_is_resumed() {
    let world = World::open().await;
    let (owner, operator) = (world.owner().await, world.operator().await);
    let suspended = operate(&world, &operator, &owner, suspension(&owner)).await;
    assert_eq!(
        (suspended.status, text(&suspended.body, "status")),
        (200, "suspended")
    );
    assert_eq!(suspended.body["holds"]["platform"]["note"], "Sends spam");
    assert_eq!(suspensions(&world), 1);
    world.advance(30);
    let owner = world.fresh(&owner);
    for request in [
        TestRequest::get(owner.path("")),
        TestRequest::get(owner.path("/limits")),
    ] {
        let refused = of(&world, &owner, request).await;
        assert_eq!((refused.status, refused.code()), (403, "suspended"));
    }
    let seen = operate(&world, &operator, &owner, TestRequest::get(owner.path(""))).await;
    assert_eq!(seen.status, 200, "{seen:?}");
    let resumed = operate(&world, &operator, &owner, resumption(&owner)).await;
    assert_eq!(
        (resumed.status, text(&resumed.body, "status")),
        (200, "trial")
    );
    world.advance(30);
    show(&world, &world.fresh(&owner)).await;
    let audited = world.audited(&owner).await;
    for action in ["tenant.suspended", "tenant.resumed"] {
        assert_eq!(
            audited.iter().filter(|audited| *audited == action).count(),
            1,
            "{action}"
        );
    }
}

#[tokio::test]
async fn repeated_suspension_keeps_the_first_reason_and_closes_sockets_again() {
    let world = World::open().await;
    let (owner, operator) = (world.owner().await, world.operator().await);
    operate(&world, &operator, &owner, suspension(&owner)).await;
    world.advance(1);
    let again = TestRequest::post(owner.path("/suspend"), json!({ "reason": "Another" }));
    let again = operate(&world, &operator, &owner, again).await;
    assert_eq!(again.body["holds"]["platform"]["note"], "Sends spam");
    assert_eq!(suspensions(&world), 2);
}

#[tokio::test]
async fn suspension_is_the_operators_alone_and_needs_a_reason() {
    let world = World::open().await;
    let owner = world.owner().await;
    let cases = [
        (suspension(&owner).token(&owner.token), 403, "forbidden"),
        (resumption(&owner).token(&owner.token), 403, "forbidden"),
        (suspension(&owner), 401, "unauthenticated"),
    ];
    world.assert_refused("desk-tenants", cases).await;
    let operator = world.operator().await;
    let blank = TestRequest::post(owner.path("/suspend"), json!({ "reason": " " }));
    let refused = operate(&world, &operator, &owner, blank).await;
    assert_eq!((refused.status, refused.code()), (400, "reason_missing"));
}

struct Suspension {
    owner: Colleague,
}

impl Repeated for Suspension {
    type World = World;

    const FUNCTION: &'static str = "desk-tenants";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let (owner, operator) = (world.owner().await, world.operator().await);
        let request = suspension(&owner)
            .token(&operator.token)
            .header("x-tenant-id", owner.tenant.to_string());
        (Self { owner }, world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        let row = world.row(&self.owner.pk(""), "TENANT").await;
        assert_eq!(
            row["lifecycle"]["holds"]["platform"]["note"], "Sends spam",
            "{story}"
        );
        let audited = world.audited(&self.owner).await;
        let count = audited
            .iter()
            .filter(|action| *action == "tenant.suspended")
            .count();
        assert_eq!(count, 1, "{story}");
        let listed = world.row("P#TENANTS", &self.owner.tenant.to_string()).await;
        assert_eq!(listed["status"], "suspended", "{story}");
        assert!(suspensions(world) > 0, "{story}: sockets stay open");
    }
}

#[tokio::test]
async fn workspace_is_suspended_whatever_call_fails() {
    let ran = enumerate_repeated::<Suspension>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

// Deletion.

fn deletion(by: &Colleague) -> TestRequest {
    delete_with(by.path(""), &json!({ "confirm": "flowers" })).token(&by.token)
}

fn restoration(by: &Colleague) -> TestRequest {
    TestRequest::post(by.path("/restore"), json!({})).token(&by.token)
}

#[tokio::test]
async fn deleted_workspace_is_read_only_and_is_restored_within_thirty_days() {
    let world = World::open().await;
    let owner = world.owner().await;
    for _ in 0..2 {
        let deleted = send(&world, &deletion(&owner)).await;
        assert_eq!(
            (deleted.status, text(&deleted.body, "status")),
            (202, "deleting")
        );
        assert_eq!(deleted.body["erase_at"], "2026-12-29T12:00:00Z");
    }
    world.advance(31);
    let owner = world.fresh(&owner);
    let body = settings(&world, &owner).await;
    let mut renamed = body.clone();
    renamed["name"] = json!("Roses");
    let refused = send(&world, &update(&owner, &renamed)).await;
    assert_eq!((refused.status, refused.code()), (402, "payment_needed"));
    world.advance(30 * DAY - 32);
    let owner = world.fresh(&owner);
    for _ in 0..2 {
        let restored = send(&world, &restoration(&owner)).await;
        assert_eq!(
            (restored.status, &restored.body["erase_at"]),
            (200, &Value::Null)
        );
    }
}

#[tokio::test]
async fn former_owner_changes_and_deletes_nothing_with_the_last_access_token() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let former = world.colleague(&owner, Role::Owner).await;
    let mut renamed = settings(&world, &former).await;
    renamed["name"] = json!("Roses");
    let removal = TestRequest::delete(format!("/members/{}", former.id()));
    let removed = world.members(&owner, removal).await;
    assert_eq!(removed.status, 204, "{removed:?}");
    let cases = [
        (update(&former, &renamed), 403, "forbidden"),
        (deletion(&former), 403, "forbidden"),
    ];
    world.assert_refused("desk-tenants", cases).await;
}

#[tokio::test]
async fn deletion_needs_the_slug_and_an_owner_and_ends_after_thirty_days() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let admin = world.colleague(&owner, Role::Admin).await;
    let wrong = delete_with(owner.path(""), &json!({ "confirm": "roses" }));
    let cases = [
        (wrong.token(&owner.token), 422, "not_confirmed"),
        (deletion(&admin), 403, "forbidden"),
        (restoration(&admin), 403, "forbidden"),
        (
            TestRequest::delete(owner.path("")).token(&owner.token),
            400,
            "bad_json",
        ),
    ];
    world.assert_refused("desk-tenants", cases).await;
    send(&world, &deletion(&owner)).await;
    world.advance(30 * DAY);
    let late = restoration(&world.fresh(&owner));
    let cases = [(late, 409, "already_erased")];
    world.assert_refused("desk-tenants", cases).await;
}

// Setup.

fn provision(by: &Colleague, isolation: &str) -> TestRequest {
    TestRequest::post(by.path("/provision"), json!({ "isolation": isolation })).token(&by.token)
}

#[tokio::test]
async fn setup_goes_on_when_it_is_requested_again() {
    let world = World::open().await;
    let owner = world.owner().await;
    let again = send(&world, &provision(&owner, "pooled")).await;
    assert_eq!((again.status, text(&again.body, "state")), (202, "running"));
    assert_eq!(again.body["steps"], json!([]));
    world.run_setups().await;
    let ready = send(&world, &provision(&owner, "pooled")).await;
    assert_eq!((ready.status, text(&ready.body, "state")), (200, "ready"));
    assert_eq!(ready.body["run_id"], again.body["run_id"]);
    assert_eq!(ready.body["steps"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn setup_is_the_owners_and_another_isolation_is_refused() {
    let world = World::open().await;
    let owner = world.owner_of_team().await;
    let admin = world.colleague(&owner, Role::Admin).await;
    let cases = [
        (provision(&admin, "pooled"), 403, "forbidden"),
        (provision(&owner, "table"), 402, "payment_needed"),
        (provision(&owner, "stack"), 402, "payment_needed"),
        (provision(&owner, "cloud"), 400, "bad_json"),
    ];
    world.assert_refused("desk-tenants", cases).await;
    let operator = world.operator().await;
    let other = operate(&world, &operator, &owner, provision(&owner, "stack")).await;
    assert_eq!((other.status, other.code()), (409, "isolation_differs"));
}

// Operators of the platform.

#[tokio::test]
async fn operators_read_a_workspace_and_each_route_is_audited_once_a_minute() {
    let world = World::open().await;
    let (owner, operator) = (world.owner().await, world.operator().await);
    for _ in 0..3 {
        let seen = operate(&world, &operator, &owner, TestRequest::get(owner.path(""))).await;
        assert_eq!(seen.status, 200, "{seen:?}");
    }
    operate(
        &world,
        &operator,
        &owner,
        TestRequest::get(owner.path("/limits")),
    )
    .await;
    let visits = |audited: Vec<String>| {
        audited
            .iter()
            .filter(|action| *action == "platform.request")
            .count()
    };
    assert_eq!(visits(world.audited(&owner).await), 2);
    world.advance(60);
    operate(&world, &operator, &owner, TestRequest::get(owner.path(""))).await;
    assert_eq!(visits(world.audited(&owner).await), 3);
}

#[tokio::test]
async fn operators_change_nothing_of_a_workspace_and_name_it() {
    let world = World::open().await;
    let (owner, operator) = (world.owner().await, world.operator().await);
    let settings = settings(&world, &owner).await;
    let confirm = json!({ "confirm": "flowers" });
    for request in [
        TestRequest::put(owner.path(""), settings),
        delete_with(owner.path(""), &confirm),
        TestRequest::post(owner.path("/restore"), json!({})),
    ] {
        let refused = operate(&world, &operator, &owner, request).await;
        assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    }
    let unnamed = TestRequest::get(owner.path("")).token(&operator.token);
    assert_eq!(send(&world, &unnamed).await.code(), "forbidden");
    let unknown = unnamed.header("x-tenant-id", UNKNOWN_TENANT);
    assert_eq!(send(&world, &unknown).await.code(), "workspace_not_found");
}

async fn list(world: &World, operator: &Account, query: &str) -> TestResponse {
    let request = TestRequest::get(format!("/tenants{query}")).token(&operator.token);
    send(world, &request).await
}

fn ids(list: &TestResponse) -> Vec<String> {
    assert_eq!(list.status, 200, "{list:?}");
    let items = list.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| text(item, "id").to_owned())
        .collect()
}

#[tokio::test]
async fn operators_list_workspaces_by_status_and_plan() {
    let world = World::open().await;
    let operator = world.operator().await;
    let (one, two) = (world.owner().await, world.owner().await);
    operate(&world, &operator, &one, suspension(&one)).await;
    let mut all = ids(&list(&world, &operator, "").await);
    all.sort();
    let mut expected = [one.tenant.to_string(), two.tenant.to_string()];
    expected.sort();
    assert_eq!(all, expected);
    let suspended = list(&world, &operator, "?status=suspended").await;
    assert_eq!(ids(&suspended), [one.tenant.to_string()]);
    assert_eq!(
        suspended.body["items"][0].get("name"),
        None,
        "a name is the tenant's"
    );
    let trials = list(&world, &operator, "?status=trial&plan=trial").await;
    assert_eq!(ids(&trials), [two.tenant.to_string()]);
    assert!(ids(&list(&world, &operator, "?plan=team").await).is_empty());
}

#[tokio::test]
async fn list_of_operators_goes_on_after_its_cursor() {
    let world = World::open().await;
    let operator = world.operator().await;
    let mut created = Vec::new();
    for _ in 0..3 {
        world.advance(1);
        created.insert(0, world.owner().await.tenant.to_string());
    }
    let first = list(&world, &operator, "?limit=2").await;
    assert_eq!(ids(&first), created[..2]);
    let cursor = text(&first.body, "next");
    let second = list(&world, &operator, &format!("?limit=2&after={cursor}")).await;
    assert_eq!(ids(&second), created[2..]);
    assert_eq!(second.body["next"], Value::Null);
    for query in [
        format!("?status=trial&after={cursor}"),
        "?after=forged.cursor".to_owned(),
        format!("?after={cursor}x"),
    ] {
        let refused = list(&world, &operator, &query).await;
        assert_eq!(
            (refused.status, refused.code()),
            (400, "bad_cursor"),
            "{query}"
        );
    }
    for (query, code) in [
        ("?limit=0", "bad_limit"),
        ("?limit=101", "bad_limit"),
        ("?plan=x", "bad_query"),
    ] {
        assert_eq!(list(&world, &operator, query).await.code(), code);
    }
}

#[tokio::test]
async fn list_is_the_operators_alone() {
    let world = World::open().await;
    let owner = world.owner().await;
    let key = world.api_key(&owner, &["members:read"]).await;
    let request = || TestRequest::get("/tenants");
    let cases = [
        (request(), 401, "unauthenticated"),
        (request().token(&owner.token), 403, "forbidden"),
        (request().token(&owner.account.token), 403, "forbidden"),
        (request().token(&key), 403, "forbidden"),
    ];
    world.assert_refused("desk-tenants", cases).await;
}

#[tokio::test]
async fn trial_that_has_ended_is_read_only() {
    let world = World::open().await;
    let owner = world.owner().await;
    let ended = |tenant: Tenant| {
        let now = confab_core::after(tenant.created_at, Duration::from_secs(14 * DAY));
        tenant
            .apply(&desk_domain::LifecycleEvent::CheckTrial, now)
            .unwrap()
    };
    world.change_tenant_row(&owner, ended).await;
    world.advance(31);
    let owner = world.fresh(&owner);
    assert_eq!(text(&show(&world, &owner).await, "status"), "suspended");
    let mut body = settings(&world, &owner).await;
    body["name"] = json!("Roses");
    let refused = send(&world, &update(&owner, &body)).await;
    assert_eq!((refused.status, refused.code()), (402, "payment_needed"));
    assert_eq!(send(&world, &deletion(&owner)).await.status, 202);
}
