//! `desk-provision`: the setup of a workspace, step by step.

use confab_core::{Error, Result};
use confab_testkit::{Faults, Scenario, TestRequest, enumerate};
use desk_domain::Role;
use serde_json::{Value, json};

use crate::{
    tenants::Colleague,
    world::{PROVISION_QUEUE, World, text},
};

async fn progress(world: &World, of: &Colleague) -> Value {
    let of = world.fresh(of);
    let request = TestRequest::get(of.path("")).token(&of.token);
    let shown = world.send("desk-tenants", &request).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    shown.body["provisioning"].clone()
}

/// Checks that a workspace is set up once, without leftovers.
pub(crate) async fn check_ready(world: &World, owner: &Colleague, story: &str) {
    let runs = world.partition(&owner.pk("#RUN")).await;
    assert_eq!(runs.len(), 1, "{story}");
    assert_eq!(text(&runs[0], "state"), "ready", "{story}");
    let steps = runs[0]["completed"].as_array().unwrap();
    let names: Vec<_> = steps.iter().map(|step| text(step, "step")).collect();
    let expected = ["validated", "identity", "defaults", "index", "ready"];
    assert_eq!(names, expected, "{story}");
    let rows = world.rows().await;
    let bots: Vec<_> = rows
        .iter()
        .filter(|row| text(row, "pk").contains("#BOT#"))
        .collect();
    assert_eq!(bots.len(), 1, "{story}");
    assert_eq!(text(bots[0], "sk"), "DRAFT", "{story}");
    let usage = world.row(&owner.pk("#USE"), "NOW").await;
    assert_eq!(usage["bots"], 1, "{story}");
    let hours = world.row(&owner.pk(""), "HOURS").await;
    assert_eq!(hours["version"], 1, "{story}");
    let tenant = world.row(&owner.pk(""), "TENANT").await;
    assert_eq!(tenant["setup_due_at"], Value::Null, "{story}");
    let audited = world.audited(owner).await;
    for action in ["hours.created", "chatbot.created", "tenant.ready"] {
        let count = audited.iter().filter(|audited| *audited == action).count();
        assert_eq!(count, 1, "{story}: {action}");
    }
    world.check_counts(owner, story).await;
}

#[tokio::test]
async fn workspace_is_set_up_with_hours_and_a_bot() {
    let world = World::open().await;
    let owner = world.owner().await;
    world.run_setups().await;
    check_ready(&world, &owner, "a setup").await;
    let state = progress(&world, &owner).await;
    assert_eq!(
        state,
        json!({ "state": "ready", "current": "ready", "step": 5, "of": 5 })
    );
}

#[tokio::test]
async fn copies_and_late_messages_change_nothing() {
    let world = World::open().await;
    let owner = world.owner().await;
    world.run_setups().await;
    let jobs = world.cloud.queued(PROVISION_QUEUE);
    assert_eq!(jobs.len(), 5);
    let before = world.rows_without_limits().await;
    for job in jobs.iter().rev().chain(&jobs) {
        world.perform_step(job).await.unwrap();
    }
    assert_eq!(world.rows_without_limits().await, before);
    check_ready(&world, &owner, "copies").await;
}

#[tokio::test]
async fn hours_and_bots_that_admins_have_made_stay() {
    let world = World::open().await;
    let owner = world.owner().await;
    let body = json!({ "version": 0, "timezone": "UTC", "week": {} });
    let hours = TestRequest::put("/hours", body).token(&owner.token);
    assert_eq!(world.send("desk-settings", &hours).await.status, 200);
    let bot = json!({ "name": "Mine", "language": "en", "template": "blank" });
    for _ in 0..2 {
        let bot = TestRequest::post("/chatbots", bot.clone()).token(&owner.token);
        assert_eq!(world.send("desk-chatbots", &bot).await.status, 201);
    }
    world.run_setups().await;
    let hours = world.row(&owner.pk(""), "HOURS").await;
    assert_eq!(hours["hours"]["week"]["mon"], json!([]));
    assert_eq!(world.row(&owner.pk("#USE"), "NOW").await["bots"], 2);
    assert_eq!(progress(&world, &owner).await["state"], "ready");
}

#[tokio::test]
async fn message_of_a_workspace_that_is_gone_is_dropped() {
    let world = World::open().await;
    let owner = world.owner().await;
    let jobs = world.cloud.queued(PROVISION_QUEUE);
    let run = world.partition(&owner.pk("#RUN")).await;
    let key = confab_aws::Table::key(owner.pk("#RUN"), text(&run[0], "sk"));
    world.table().delete(key).await.unwrap();
    world.perform_step(&jobs[0]).await.unwrap();
}

#[tokio::test]
async fn step_that_cannot_succeed_fails_the_setup_and_another_request_goes_on() {
    let world = World::open().await;
    let owner = world.owner().await;
    let with = |isolation| {
        move |tenant: desk_domain::Tenant| desk_domain::Tenant {
            isolation,
            ..tenant
        }
    };
    world
        .change_tenant_row(&owner, with(desk_domain::Isolation::Table))
        .await;
    world.run_setups().await;
    let failed = progress(&world, &owner).await;
    assert_eq!(
        failed,
        json!({ "state": "failed", "code": "payment_needed", "current": "validated", "step": 0, "of": 5 })
    );
    world
        .change_tenant_row(&owner, with(desk_domain::Isolation::Pooled))
        .await;
    let body = json!({ "isolation": "pooled" });
    let again = TestRequest::post(owner.path("/provision"), body).token(&owner.token);
    assert_eq!(world.send("desk-tenants", &again).await.status, 202);
    world.run_setups().await;
    check_ready(&world, &owner, "a continued setup").await;
}

/// Makes a workspace whose first steps are performed. Returns the message of the next step, too.
pub(crate) async fn arrange_step(number: usize) -> (World, Colleague, Value) {
    let world = World::open().await;
    let owner = world.owner().await;
    world.state("desk-provision").await;
    let mut jobs = world.take(PROVISION_QUEUE);
    for _ in 0..number {
        world.perform_step(&jobs[0]).await.unwrap();
        jobs = world.take(PROVISION_QUEUE);
    }
    (world, owner, jobs.remove(0))
}

/// One step of a setup, whose message comes again until it is handled.
struct Step<const NUMBER: usize> {
    world: World,
    owner: Colleague,
    job: Value,
}

impl<const NUMBER: usize> Scenario for Step<NUMBER> {
    async fn arrange() -> Self {
        let (world, owner, job) = arrange_step(NUMBER).await;
        Self { world, owner, job }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<(), Error> {
        self.world.perform_step(&self.job).await
    }

    async fn check(&self, story: &str) {
        self.world.run_setups().await;
        check_ready(&self.world, &self.owner, story).await;
    }
}

#[tokio::test]
async fn first_step_is_performed_whatever_call_fails() {
    enumerate::<Step<0>>().await;
}

#[tokio::test]
async fn defaults_are_made_once_whatever_call_fails() {
    let ran = enumerate::<Step<2>>().await;
    assert!(ran.calls >= 7, "{ran:?}");
}

#[tokio::test]
async fn setup_ends_once_whatever_call_fails() {
    enumerate::<Step<4>>().await;
}

#[tokio::test]
async fn members_see_how_far_the_setup_is() {
    let world = World::open().await;
    let owner = world.owner().await;
    let viewer = world.colleague(&owner, Role::Viewer).await;
    let job = world.take(PROVISION_QUEUE).remove(0);
    world.perform_step(&job).await.unwrap();
    let state = progress(&world, &viewer).await;
    assert_eq!(
        (&state["step"], text(&state, "current")),
        (&json!(1), "identity")
    );
}
