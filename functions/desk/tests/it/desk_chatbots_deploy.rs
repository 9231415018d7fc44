//! `desk-chatbots`: deployments of chatbots, and their keys.

use confab_testkit::TestRequest;
use serde_json::{Value, json};

use crate::{
    bots::{SITE, check_bots, id_of},
    world::{World, text},
};

#[tokio::test]
async fn deployed_draft_is_numbered_and_an_equal_one_keeps_its_number() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.bot(&workspace).await;
    let id = id_of(&bot);
    let refused = world.deploy(&workspace, id, json!({ "version": 1 })).await;
    assert_eq!((refused.status, refused.code()), (409, "no_origins"));
    let with_site = |draft: &mut Value| draft["origins"] = json!([SITE]);
    world.change_bot(&workspace, &bot, with_site).await;
    let stale = world.deploy(&workspace, id, json!({ "version": 1 })).await;
    assert_eq!((stale.status, stale.code()), (409, "changed_meanwhile"));
    let asked = json!({ "version": 2, "note": "First" });
    let first = world.deploy(&workspace, id, asked).await;
    assert_eq!((first.status, &first.body["number"]), (201, &json!(1)));
    let key = text(&first.body, "deployment_key");
    let snippet =
        format!(r#"<script async src="https://api.desk.example/w.js" data-key="{key}"></script>"#);
    assert_eq!(first.body["snippet"], json!(snippet));
    let again = world.deploy(&workspace, id, json!({ "version": 2 })).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let second = world
        .redeploy(&workspace, id, |draft| draft["csat"] = json!(false))
        .await;
    assert_eq!(
        (&second["number"], text(&second, "deployment_key")),
        (&json!(2), key)
    );
    let shown = world.show_bot(&workspace, id).await;
    assert_eq!(shown.body["live"], second);
    check_bots(&world, &workspace, "two deployments").await;
}

#[tokio::test]
async fn earlier_deployment_is_live_again_in_one_call() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.deployed_bot(&workspace).await;
    world
        .redeploy(&workspace, bot.id, |draft| draft["csat"] = json!(false))
        .await;
    let path = format!("/chatbots/{}/deployments", bot.id);
    let activate = |number: &str| TestRequest::post(format!("{path}/{number}/activate"), json!({}));
    for _ in 0..2 {
        let back = world.admin(&workspace, activate("1")).await;
        assert_eq!((back.status, &back.body["number"]), (200, &json!(1)));
    }
    for unknown in ["0", "3", "x"] {
        let refused = world.admin(&workspace, activate(unknown)).await;
        assert_eq!(
            (refused.status, refused.code()),
            (404, "deployment_not_found")
        );
    }
    let page = world
        .admin(&workspace, TestRequest::get(format!("{path}?limit=1")))
        .await;
    let item = &page.body["items"][0];
    assert_eq!(
        (&item["number"], &item["is_live"]),
        (&json!(2), &json!(false))
    );
    let next = text(&page.body, "next");
    let last = TestRequest::get(format!("{path}?limit=1&after={next}"));
    let last = world.admin(&workspace, last).await.body;
    assert_eq!(
        (&last["items"][0]["number"], &last["next"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(last["items"][0]["is_live"], true);
    check_bots(&world, &workspace, "a rollback").await;
}

#[tokio::test]
async fn two_deployments_at_once_are_one_number() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.embeddable_bot(&workspace).await;
    let deploy = || world.deploy(&workspace, id_of(&bot), json!({ "version": 2 }));
    let (one, other) = tokio::join!(deploy(), deploy());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201], "{one:?} {other:?}");
    assert_eq!(one.body, other.body);
    check_bots(&world, &workspace, "two deployments at once").await;
}

#[tokio::test]
async fn rotated_key_is_new_and_the_old_one_is_kept_for_a_day() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.deployed_bot(&workspace).await;
    let asked = json!({ "version": 2, "rotate_key": true });
    let rotated = world.deploy(&workspace, bot.id, asked.clone()).await;
    assert_eq!((rotated.status, &rotated.body["number"]), (200, &json!(1)));
    assert_ne!(text(&rotated.body, "deployment_key"), bot.key);
    let old = world.row(&format!("D#{}", bot.key), "BOT").await;
    let end = world.now().as_second() + 86_400;
    assert_eq!(old["expires_at"], json!(end), "{old}");
    check_bots(&world, &workspace, "a rotated key").await;
    for status in [200, 200, 409] {
        let again = world.deploy(&workspace, bot.id, asked.clone()).await;
        assert_eq!(again.status, status, "{again:?}");
    }
    check_bots(&world, &workspace, "rotated keys").await;
}
