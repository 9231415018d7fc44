//! Commands over a place that answers what a test says.

use confab_core::TenantId;
use serde_json::{Value, json};

use super::*;
use crate::{
    fakes::{Person, World},
    ports::Outcome,
};

const ID: &str = "ten_00000000000000000000000000";

fn id() -> TenantId {
    ID.parse().unwrap()
}

fn world(answer: &Value) -> World {
    let outcome = Outcome {
        has_failed: false,
        payload: answer.to_string(),
    };
    World {
        outcome: Some(outcome),
        ..World::default()
    }
}

/// Returns the commands that were given.
fn commands(world: &World) -> Vec<Value> {
    let done = world.done.borrow();
    let commands = done.iter().map(|done| {
        let command = done.strip_prefix("invoke desk-operator ").unwrap();
        serde_json::from_str(command).unwrap()
    });
    commands.collect()
}

fn shown_tenant() -> Value {
    json!({
        "id": ID, "slug": "flowers", "name": "Flowers", "status": "suspended", "plan": "trial",
        "members": 3, "owners": 1, "created_at": "2026-11-01T09:00:00Z",
        "trial_ends_at": "2026-11-15T09:00:00Z", "erase_at": null,
        "holds": { "platform": { "since": "2026-11-02T09:00:00Z", "note": "Sends spam" } },
        "amounts": {},
    })
}

fn shown_limits() -> Value {
    let limit = |name: &str, used: u64, resets_at: Value| {
        json!({
            "name": name, "unit": "x", "limit": 500, "cap": null, "used": used, "reserved": 2,
            "resets_at": resets_at, "policy": "hard",
        })
    };
    let month = json!("2026-12-01T00:00:00Z");
    json!({
        "plan": "trial", "period": "2026-11", "entitlements": [],
        "limits": [limit("seats", 3, Value::Null), limit("conversations", 412, month)],
    })
}

#[tokio::test]
async fn tenants_are_listed_in_columns() {
    let item = json!({
        "id": ID, "slug": "flowers", "status": "trial", "plan": "trial",
        "created_at": "2026-11-01T09:00:00Z",
    });
    let world = world(&json!({ "items": [item], "next": "ten_next" }));
    let filter = TenantFilter {
        state: Some("trial".to_owned()),
        plan: None,
        limit: 1,
    };
    let answer = tenants(&world, &filter).await.unwrap();
    assert_eq!(
        answer.text,
        "workspace                       address  state  plan   created\n\
         ten_00000000000000000000000000  flowers  trial  trial  2026-11-01T09:00:00Z\n\
         There may be more: see --limit.\n"
    );
    assert_eq!(answer.json["next"], "ten_next");
    let command = json!({
        "step": "tenants", "by": "olga", "status": "trial", "plan": null, "limit": 1,
    });
    assert_eq!(commands(&world), [command]);
}

#[tokio::test]
async fn list_without_items_says_so() {
    let world = world(&json!({ "items": [], "next": null }));
    let filter = TenantFilter {
        limit: 5,
        ..TenantFilter::default()
    };
    let answer = tenants(&world, &filter).await.unwrap();
    assert_eq!(answer.text, "There is no such workspace.\n");
    let answer = audit(&world, id(), None, 5).await.unwrap();
    assert_eq!(answer.text, "Nothing was done in that time.\n");
}

#[tokio::test]
async fn tenant_is_shown_with_its_setup_and_limits() {
    let setup = json!({ "state": "ready", "current": "ready", "step": 5, "of": 5, "tries": 1 });
    let shown = json!({ "tenant": shown_tenant(), "setup": setup, "limits": shown_limits() });
    let answer = tenant(&world(&shown), id()).await.unwrap();
    assert!(answer.is_fine);
    assert_eq!(
        answer.text,
        "workspace ten_00000000000000000000000000\n\
         name      Flowers (flowers)\n\
         state     suspended\n\
         held      platform since 2026-11-02T09:00:00Z: Sends spam\n\
         plan      trial until 2026-11-15T09:00:00Z\n\
         members   3, owners 1\n\
         created   2026-11-01T09:00:00Z\n\
         setup     ready, 5 of 5 steps\n\
         \n\
         limit          used  reserved  amount  cap  beyond  counted\n\
         seats             3         2     500    -  hard    now\n\
         conversations   412         2     500    -  hard    in 2026-11\n"
    );
}

#[tokio::test]
async fn setup_that_was_given_up_is_a_problem() {
    let setup = json!({
        "state": "failed", "code": "no_owner", "current": "identity", "step": 1, "of": 5,
        "tries": 60, "last_code": "no_owner",
    });
    let shown = json!({ "tenant": shown_tenant(), "setup": setup, "limits": shown_limits() });
    let answer = tenant(&world(&shown), id()).await.unwrap();
    assert!(!answer.is_fine);
    let words = "failed, 1 of 5 steps; identity was tried 60 times, last code no_owner";
    assert!(answer.text.contains(words), "{}", answer.text);
}

#[tokio::test]
async fn changes_name_the_caller_and_the_reason() {
    let world = world(&json!({ "tenant": shown_tenant() }));
    let yes = Person::who_says(true);
    suspend(&world, id(), "Sends spam", &yes).await.unwrap();
    resume(&world, id(), "A mistake").await.unwrap();
    set_plan(&world, id(), "team", "Paid", &yes).await.unwrap();
    let amounts = ["seats=7", "bots=plan"].map(|amount| parse_amount(amount).unwrap());
    let reason = Some("A pilot");
    set_limits(&world, id(), &amounts, reason, &yes)
        .await
        .unwrap();
    set_operator(&world, "olga@example.com", true, "On call", &yes)
        .await
        .unwrap();
    assert_eq!(yes.asked.get(), 4);
    let expected = [
        json!({ "step": "suspend", "by": "olga", "tenant": ID, "reason": "Sends spam" }),
        json!({ "step": "resume", "by": "olga", "tenant": ID, "reason": "A mistake" }),
        json!({ "step": "set_plan", "by": "olga", "tenant": ID, "plan": "team", "reason": "Paid" }),
        json!({
            "step": "set_limits", "by": "olga", "tenant": ID, "reason": "A pilot",
            "amounts": { "seats": 7, "bots": null },
        }),
        json!({
            "step": "set_operator", "by": "olga", "email": "olga@example.com", "is_operator": true,
            "reason": "On call",
        }),
    ];
    assert_eq!(commands(&world), expected);
}

#[tokio::test]
async fn nothing_is_changed_without_a_yes_a_reason_or_with_two_amounts() {
    let world = world(&json!({ "tenant": shown_tenant() }));
    let no = Person::who_says(false);
    let answer = suspend(&world, id(), "Sends spam", &no).await.unwrap();
    assert_eq!(answer.text, "Nothing was changed.\n");
    set_plan(&world, id(), "team", "Paid", &no).await.unwrap();
    let yes = Person::who_says(true);
    let twice = ["seats=7", "seats=8"].map(|amount| parse_amount(amount).unwrap());
    for (amounts, reason) in [(&twice[..1], None), (&twice[..], Some("A pilot"))] {
        let error = set_limits(&world, id(), amounts, reason, &yes)
            .await
            .unwrap_err();
        assert!(error.is::<crate::answer::Misused>(), "{error}");
    }
    assert_eq!(world.done.borrow().len(), 0);
}

#[tokio::test]
async fn refusals_are_shown_in_the_words_of_desk() {
    let refused =
        json!({ "code": "workspace_not_found", "message": "There is no such workspace." });
    let world = world(&json!({ "refused": refused }));
    let error = tenant(&world, id()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "There is no such workspace. (workspace_not_found)"
    );
}

#[tokio::test]
async fn audit_shows_who_did_what_and_why() {
    let entry = json!({
        "at": "2026-11-02T09:00:00Z", "actor": { "kind": "operator", "id": "olga" },
        "action": "tenant.suspended", "target": "x", "note": "Sends\nspam",
    });
    let world = world(&json!({ "items": [entry], "next": null }));
    let since = parse_since("2026-11-01").unwrap();
    let answer = audit(&world, id(), Some(since), 5).await.unwrap();
    assert_eq!(
        answer.text,
        "time                  action            by             on  reason\n\
         2026-11-02T09:00:00Z  tenant.suspended  operator olga  x   Sends spam\n"
    );
    assert_eq!(commands(&world)[0]["since"], "2026-11-01T00:00:00Z");
}
