//! `desk-chatbots`: each call of a request fails, and the admin repeats the request.

use confab_testkit::{Repeated, TestRequest, enumerate_repeated};
use serde_json::{Value, json};

use crate::{
    bots::{Workspace, check_bots, draft_of, list_bots, names, new_bot},
    world::{ATTEMPT_SECONDS, World, text},
};

struct Creation(Workspace);

impl Repeated for Creation {
    type World = World;

    const FUNCTION: &'static str = "desk-chatbots";
    const SUCCESS: &'static [u16] = &[201];
    const RETRY_SECONDS: u64 = ATTEMPT_SECONDS;

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let workspace = world.workspace().await;
        let admin = world.member_token(&workspace, "admin");
        let request = TestRequest::post("/chatbots", new_bot())
            .token(&admin)
            .header("idempotency-key", "first-bot");
        (Self(workspace), world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        let Self(workspace) = self;
        check_bots(world, workspace, story).await;
        let bots = list_bots(world, workspace, "").await;
        assert_eq!(names(&bots), ["Helper"], "{story}");
    }
}

#[tokio::test]
async fn one_bot_is_created_whatever_call_fails() {
    let ran = enumerate_repeated::<Creation>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}

struct Deployment(Workspace);

impl Repeated for Deployment {
    type World = World;

    const FUNCTION: &'static str = "desk-chatbots";
    const SUCCESS: &'static [u16] = &[200, 201];
    const RETRY_SECONDS: u64 = ATTEMPT_SECONDS;

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let workspace = world.workspace().await;
        let bot = world.deployed_bot(&workspace).await;
        let shown = world.show_bot(&workspace, bot.id).await.body;
        let change = |draft: &mut Value| draft["csat"] = json!(false);
        world.change_bot(&workspace, &shown, change).await;
        let path = format!("/chatbots/{}/deploy", bot.id);
        let request = TestRequest::post(path, json!({ "version": 3, "rotate_key": true }))
            .token(&world.member_token(&workspace, "admin"))
            .header("idempotency-key", "second");
        (Self(workspace), world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        let Self(workspace) = self;
        check_bots(world, workspace, story).await;
        let rows = world.rows().await;
        let live = rows.iter().find(|row| row["sk"] == "LIVE").unwrap();
        assert_eq!(
            (&live["number"], &live["last_number"]),
            (&json!(2), &json!(2))
        );
        let retired = live["retired_keys"].as_array().map(Vec::len);
        assert_eq!(retired, Some(1), "{story}: the key is rotated once");
    }
}

#[tokio::test]
async fn draft_is_deployed_once_whatever_call_fails() {
    let ran = enumerate_repeated::<Deployment>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

struct Update(Workspace);

impl Repeated for Update {
    type World = World;

    const FUNCTION: &'static str = "desk-chatbots";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let workspace = world.workspace().await;
        let bot = world.bot(&workspace).await;
        let mut draft = draft_of(&bot);
        draft["name"] = json!("Robo");
        let request = TestRequest::put(format!("/chatbots/{}", text(&bot, "id")), draft);
        let request = request.token(&world.member_token(&workspace, "admin"));
        (Self(workspace), world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        let Self(workspace) = self;
        check_bots(world, workspace, story).await;
        let bots = list_bots(world, workspace, "").await;
        assert_eq!(names(&bots), ["Robo"], "{story}");
    }
}

#[tokio::test]
async fn draft_is_changed_once_whatever_call_fails() {
    let ran = enumerate_repeated::<Update>().await;
    assert!(ran.calls >= 3, "{ran:?}");
}

struct Deletion(Workspace);

impl Repeated for Deletion {
    type World = World;

    const FUNCTION: &'static str = "desk-chatbots";
    const SUCCESS: &'static [u16] = &[204];

    async fn arrange() -> (Self, World, TestRequest) {
        let world = World::open().await;
        let workspace = world.workspace().await;
        let bot = world.deployed_bot(&workspace).await;
        let request = TestRequest::delete(format!("/chatbots/{}", bot.id));
        let request = request.token(&world.member_token(&workspace, "admin"));
        (Self(workspace), world, request)
    }

    async fn check(&self, world: &World, story: &str) {
        let Self(workspace) = self;
        check_bots(world, workspace, story).await;
        let bots = list_bots(world, workspace, "").await;
        assert_eq!(names(&bots), [""; 0], "{story}");
    }
}

#[tokio::test]
async fn bot_is_deleted_once_whatever_call_fails() {
    let ran = enumerate_repeated::<Deletion>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}
