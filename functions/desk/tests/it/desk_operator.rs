//! `desk-operator`: commands of operators, which `confab` invokes.

use confab_core::{Error, Result};
use confab_testkit::{Faults, Scenario, TestRequest, enumerate, invocation, sample};
use desk::workers::desk_operator::{self, OperatorCommand};
use serde_json::{Value, json};

use crate::{
    tenants::{Colleague, UNKNOWN_TENANT},
    world::{BROADCAST_QUEUE, World, text},
};

const BY: &str = "arn:aws:iam::123456789012:user/olga";
const DAY: u64 = 86_400;

impl World {
    /// Executes a command as `confab` invokes it.
    async fn try_command(&self, command: &Value) -> Result<Value> {
        let state = self.state("desk-operator").await;
        let command = serde_json::from_value(command.clone()).unwrap();
        invocation(desk_operator::handle(state, command)).await
    }

    async fn command(&self, step: &str, mut command: Value) -> Value {
        command["step"] = json!(step);
        command["by"] = json!(BY);
        self.try_command(&command).await.unwrap()
    }

    /// Executes a command about a workspace.
    async fn command_in(&self, step: &str, of: &Colleague, mut command: Value) -> Value {
        command["tenant"] = json!(of.tenant);
        self.command(step, command).await
    }
}

fn refusal(answer: &Value) -> &str {
    text(&answer["refused"], "code")
}

fn ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| text(item, "id")).collect()
}

fn limit<'a>(limits: &'a Value, name: &str) -> &'a Value {
    let limits = limits["limits"].as_array().unwrap();
    limits.iter().find(|limit| limit["name"] == name).unwrap()
}

fn suspensions(world: &World) -> usize {
    let jobs = world.cloud.queued(BROADCAST_QUEUE);
    let updates = jobs.iter().flat_map(|job| job["news"].as_array().unwrap());
    updates
        .filter(|update| update["kind"] == "removed" && update["reason"] == "suspended")
        .count()
}

#[tokio::test]
async fn operators_list_workspaces_by_status_and_go_on_after_a_page() {
    let world = World::open().await;
    let mut owners = Vec::new();
    for _ in 0..3 {
        world.advance(1);
        owners.insert(0, world.owner().await);
    }
    let all: Vec<_> = owners
        .iter()
        .map(|owner| owner.tenant.to_string())
        .collect();
    let first = world.command("tenants", json!({ "limit": 2 })).await;
    assert_eq!(ids(&first), all[..2]);
    let after = text(&first, "next");
    let second = world
        .command("tenants", json!({ "limit": 2, "after": after }))
        .await;
    assert_eq!(ids(&second), all[2..]);
    assert_eq!(second["next"], Value::Null);
    let reason = json!({ "reason": "Sends spam" });
    world.command_in("suspend", &owners[1], reason).await;
    let suspended = world
        .command("tenants", json!({ "status": "suspended", "plan": "trial" }))
        .await;
    assert_eq!(ids(&suspended), [all[1].as_str()]);
    let visits = world.partition("P#AUDIT#2026-11").await;
    assert_eq!(visits[0]["actor"], json!({ "kind": "operator", "id": BY }));
}

#[tokio::test]
async fn operators_see_a_workspace_with_its_setup_and_what_it_uses() {
    let world = World::open().await;
    let owner = world.owner().await;
    world.run_setups().await;
    let shown = world.command_in("tenant", &owner, json!({})).await;
    let tenant = &shown["tenant"];
    assert_eq!(text(tenant, "status"), "trial");
    assert_eq!(
        (&tenant["members"], &tenant["owners"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(text(&shown["setup"], "state"), "ready");
    assert_eq!(shown["setup"]["steps"].as_array().unwrap().len(), 5);
    assert_eq!(limit(&shown["limits"], "seats")["used"], 1);
    let limits = world.command_in("limits", &owner, json!({})).await;
    assert_eq!(limits, shown["limits"]);
    let request = TestRequest::get(owner.path("/limits")).token(&owner.token);
    let own = world.send("desk-tenants", &request).await;
    assert_eq!(limits, own.body, "operators and owners see the same");
    let audited = world.audited(&owner).await;
    let visits = audited
        .iter()
        .filter(|action| *action == "platform.request");
    assert_eq!(visits.count(), 2);
}

#[tokio::test]
async fn suspended_workspace_is_closed_until_it_is_resumed_by_a_command() {
    let world = World::open().await;
    let owner = world.owner().await;
    let spam = || json!({ "reason": "Sends spam" });
    let suspended = world.command_in("suspend", &owner, spam()).await;
    assert_eq!(text(&suspended["tenant"], "status"), "suspended");
    world.advance(1);
    let again = json!({ "reason": "Another" });
    let again = world.command_in("suspend", &owner, again).await;
    let note = &again["tenant"]["holds"]["platform"]["note"];
    assert_eq!(note, "Sends spam", "the first reason stays");
    assert_eq!(suspensions(&world), 2);
    world.advance(31);
    let show = |by: &Colleague| TestRequest::get(by.path("")).token(&by.token);
    let owner = world.fresh(&owner);
    let refused = world.send("desk-tenants", &show(&owner)).await;
    assert_eq!((refused.status, refused.code()), (403, "suspended"));
    let resume = json!({ "reason": "A mistake" });
    let resumed = world.command_in("resume", &owner, resume).await;
    assert_eq!(text(&resumed["tenant"], "status"), "trial");
    world.advance(31);
    let owner = world.fresh(&owner);
    let shown = world.send("desk-tenants", &show(&owner)).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    let audited = world.audited(&owner).await;
    for action in ["tenant.suspended", "tenant.resumed"] {
        let count = audited.iter().filter(|audited| *audited == action).count();
        assert_eq!(count, 1, "{action}");
    }
}

#[tokio::test]
async fn audit_shows_operators_to_operators_and_members_that_it_was_one() {
    let world = World::open().await;
    let owner = world.owner().await;
    world.advance(40 * DAY);
    let suspend = json!({ "reason": "Sends spam" });
    world.command_in("suspend", &owner, suspend).await;
    world.advance(1);
    let resume = json!({ "reason": "A mistake" });
    world.command_in("resume", &owner, resume).await;
    world.advance(1);
    let since = confab_core::before(world.now(), std::time::Duration::from_secs(DAY));
    let listed = world
        .command_in("audit", &owner, json!({ "since": since }))
        .await;
    let actions = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| text(item, "action").to_owned()).collect()
    };
    let latest = ["tenant.resumed", "tenant.suspended"];
    assert_eq!(actions(&listed)[..2], latest);
    assert_eq!(listed["next"], Value::Null);
    let entry = &listed["items"][0];
    assert_eq!(entry["actor"], json!({ "kind": "operator", "id": BY }));
    assert_eq!(text(entry, "note"), "A mistake");
    let page = world
        .command_in("audit", &owner, json!({ "limit": 1 }))
        .await;
    let after = text(&page, "next");
    let page = json!({ "limit": 100, "after": after });
    let rest = world.command_in("audit", &owner, page).await;
    assert!(actions(&rest).contains(&"tenant.created".to_owned()));

    let owner = world.fresh(&owner);
    let request = TestRequest::get("/audit").token(&owner.token);
    let seen = world.send("desk-trust", &request).await;
    assert_eq!(seen.status, 200, "{seen:?}");
    let actor = &seen.body["items"][0]["actor"];
    assert_eq!(*actor, json!({ "kind": "operator", "id": "operator" }));
    assert!(!seen.text.contains("olga"), "{seen:?}");
}

#[tokio::test]
async fn amounts_and_plans_are_set_and_enforced() {
    let world = World::open().await;
    let owner = world.owner().await;
    let seats = |amount: Value| json!({ "amounts": { "seats": amount }, "reason": "A pilot" });
    let set = world
        .command_in("set_limits", &owner, seats(json!(1)))
        .await;
    assert_eq!(set["tenant"]["amounts"], json!({ "seats": 1 }));
    let invitation = || world.invitation("noa@example.com", "agent");
    let refused = world.members(&owner, invitation()).await;
    assert_eq!((refused.status, refused.code()), (402, "limit_reached"));
    let set = world
        .command_in("set_limits", &owner, seats(Value::Null))
        .await;
    assert_eq!(set["tenant"]["amounts"], json!({}));
    let invited = world.members(&owner, invitation()).await;
    assert_eq!(invited.status, 201, "{invited:?}");

    let team = json!({ "plan": "team", "reason": "Invoice 7 is paid" });
    let set = world.command_in("set_plan", &owner, team).await;
    let tenant = &set["tenant"];
    assert_eq!(
        (text(tenant, "plan"), text(tenant, "status")),
        ("team", "active")
    );
    assert_eq!(tenant["trial_ends_at"], Value::Null);
    let limits = world.command_in("limits", &owner, json!({})).await;
    assert_eq!(limit(&limits, "seats")["limit"], 15);
    let audited = world.audited(&owner).await;
    let of = |action: &str| audited.iter().filter(|audited| *audited == action).count();
    assert_eq!(
        (of("tenant.limits_changed"), of("tenant.plan_changed")),
        (2, 1)
    );
}

#[tokio::test]
async fn appointed_operator_sees_workspaces_until_dismissed() {
    let world = World::open().await;
    let account = world.account("Olga").await;
    let set = |is_operator: bool| json!({ "email": account.email, "is_operator": is_operator, "reason": "On call" });
    let list = TestRequest::get("/tenants").token(&account.token);
    for (is_operator, status) in [(true, 200), (true, 200), (false, 403)] {
        let set = world.command("set_operator", set(is_operator)).await;
        assert_eq!(set["is_operator"], is_operator, "{set}");
        let listed = world.send("desk-tenants", &list).await;
        assert_eq!(listed.status, status, "{listed:?}");
    }
    let entries = world.partition("P#AUDIT#2026-11").await;
    let mut actions: Vec<_> = entries.iter().map(|entry| text(entry, "action")).collect();
    actions.retain(|action| action.starts_with("operator."));
    actions.sort_unstable();
    assert_eq!(actions, ["operator.appointed", "operator.dismissed"]);
    let unknown = json!({ "email": "eve@example.com", "is_operator": true, "reason": "x" });
    let refused = world.command("set_operator", unknown).await;
    assert_eq!(refusal(&refused), "person_not_found");
}

#[tokio::test]
async fn person_without_a_verified_address_becomes_no_operator() {
    let world = World::open().await;
    let account = world.account("Eve").await;
    let mut person = world.person_row(account.id).await;
    person.email_verified_at = None;
    world
        .write(&format!("U#{}", account.id), "PERSON", &person)
        .await;
    let appoint = json!({ "email": account.email, "is_operator": true, "reason": "x" });
    let refused = world.command("set_operator", appoint).await;
    assert_eq!(refusal(&refused), "person_not_found");
    let row = world.person_row(account.id).await;
    assert_eq!(row.platform_role, None);
}

#[tokio::test]
async fn mistakes_of_operators_are_answered_and_change_nothing() {
    let world = World::open().await;
    let owner = world.owner().await;
    let tenant = json!(owner.tenant);
    let long = "x".repeat(501);
    let cases = [
        (
            json!({ "step": "suspend", "by": BY, "tenant": tenant, "reason": " " }),
            "bad_reason",
        ),
        (
            json!({ "step": "resume", "by": BY, "tenant": tenant, "reason": long }),
            "bad_reason",
        ),
        (
            json!({ "step": "suspend", "by": "", "tenant": tenant, "reason": "x" }),
            "bad_operator",
        ),
        (
            json!({ "step": "tenant", "by": BY, "tenant": UNKNOWN_TENANT }),
            "workspace_not_found",
        ),
        (
            json!({ "step": "suspend", "by": BY, "tenant": UNKNOWN_TENANT, "reason": "x" }),
            "workspace_not_found",
        ),
        (
            json!({ "step": "set_limits", "by": BY, "tenant": tenant, "amounts": { "chairs": 1 }, "reason": "x" }),
            "bad_limit",
        ),
        (
            json!({ "step": "set_limits", "by": BY, "tenant": tenant, "amounts": { "seats": 2_000_000_000 }, "reason": "x" }),
            "bad_amount",
        ),
        (
            json!({ "step": "set_plan", "by": BY, "tenant": tenant, "plan": "trial", "reason": "x" }),
            "bad_plan",
        ),
        (
            json!({ "step": "tenants", "by": BY, "limit": 0 }),
            "bad_limit",
        ),
        (
            json!({ "step": "audit", "by": BY, "tenant": tenant, "after": "x" }),
            "bad_cursor",
        ),
        (
            json!({ "step": "set_operator", "by": BY, "email": "olga", "is_operator": true, "reason": "x" }),
            "bad_email",
        ),
    ];
    let before = world.rows().await;
    for (command, code) in cases {
        let answer = world.try_command(&command).await.unwrap();
        assert_eq!(refusal(&answer), code, "{command}");
    }
    assert_eq!(world.rows().await, before);
}

#[test]
fn desk_operator_samples_are_commands() {
    for name in ["suspend", "tenants"] {
        let mut command = sample("desk", &format!("desk-operator.{name}"));
        serde_json::from_value::<OperatorCommand>(command.clone()).unwrap();
        command["force"] = json!(true);
        serde_json::from_value::<OperatorCommand>(command).unwrap_err();
    }
}

/// An operator repeats a command until it is answered.
struct Suspension(World, Colleague);

impl Scenario for Suspension {
    async fn arrange() -> Self {
        let world = World::open().await;
        let owner = world.owner().await;
        world.state("desk-operator").await;
        Self(world, owner)
    }

    fn faults(&self) -> &Faults {
        self.0.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let command = json!({
            "step": "suspend", "by": BY, "tenant": self.1.tenant, "reason": "Sends spam",
        });
        let answer = self.0.try_command(&command).await?;
        if answer["tenant"]["status"] == "suspended" {
            return Ok(());
        }
        Err(Error::internal("not_suspended", answer.to_string()))
    }

    async fn check(&self, story: &str) {
        let audited = self.0.audited(&self.1).await;
        let count = audited
            .iter()
            .filter(|action| *action == "tenant.suspended")
            .count();
        assert_eq!(count, 1, "{story}");
        assert!(suspensions(&self.0) > 0, "{story}: sockets stay open");
    }
}

#[tokio::test]
async fn workspace_is_suspended_by_a_command_whatever_call_fails() {
    let ran = enumerate::<Suspension>().await;
    assert!(ran.calls >= 3, "{ran:?}");
}
