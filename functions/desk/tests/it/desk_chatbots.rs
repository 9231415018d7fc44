//! `desk-chatbots`: keeps, deploys and deletes the chatbots of a tenant.

use confab_aws::Table;
use confab_testkit::TestRequest;
use desk_domain::TeamId;
use serde_json::{Value, json};

use crate::{
    bots::{SITE, UNKNOWN_BOT, check_bots, draft_of, id_of, list_bots, names, new_bot},
    world::{World, text},
};

#[tokio::test]
async fn created_bots_have_the_draft_of_their_template() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let request = TestRequest::post("/chatbots", new_bot());
    let created = world.admin(&workspace, request).await;
    assert_eq!(created.status, 201, "{created:?}");
    let bot = &created.body;
    assert_eq!(
        (&bot["name"], &bot["version"]),
        (&json!("Helper"), &json!(1))
    );
    assert_eq!(
        bot["languages"],
        json!(["en", "ar", "de", "es", "fr", "he", "pt", "ru"])
    );
    assert_eq!(bot["prechat"][1]["key"], "email");
    assert_eq!(bot["live"], Value::Null);
    let shown = world.show_bot(&workspace, id_of(bot)).await;
    assert_eq!((shown.status, &shown.body), (200, bot));
    check_bots(&world, &workspace, "a new bot").await;
}

#[tokio::test]
async fn bots_are_listed_page_by_page() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    for name in ["One", "Two"] {
        world.create_bot(&workspace, name).await;
        world.advance(1);
    }
    let first = list_bots(&world, &workspace, "?limit=1").await;
    assert_eq!(names(&first), ["One"]);
    let next = text(&first.body, "next");
    let second = list_bots(&world, &workspace, &format!("?limit=1&after={next}")).await;
    assert_eq!(
        (names(&second), &second.body["next"]),
        (vec!["Two"], &Value::Null)
    );
    let other = world.workspace().await;
    let foreign = list_bots(&world, &other, &format!("?after={next}")).await;
    assert_eq!((foreign.status, foreign.code()), (400, "bad_cursor"));
    assert_eq!(names(&list_bots(&world, &other, "").await), [""; 0]);
    for (query, code) in [("?limit=0", "bad_limit"), ("?after=x", "bad_cursor")] {
        let refused = list_bots(&world, &workspace, query).await;
        assert_eq!((refused.status, refused.code()), (400, code));
    }
}

#[tokio::test]
async fn strangers_and_lower_roles_change_nothing() {
    let world = World::open().await;
    let (workspace, other) = (world.workspace().await, world.workspace().await);
    let bot = world.deployed_bot(&workspace).await;
    let draft = draft_of(&world.show_bot(&workspace, bot.id).await.body);
    let requests = |id: &str| {
        let path = format!("/chatbots/{id}");
        vec![
            TestRequest::put(path.as_str(), draft.clone()),
            TestRequest::delete(path.as_str()),
            TestRequest::post(format!("{path}/deploy"), json!({ "version": 2 })),
            TestRequest::post(format!("{path}/deployments/1/activate"), json!({})),
            TestRequest::post(format!("{path}/identity-secret"), json!({})),
        ]
    };
    let own = bot.id.to_string();
    let mut cases = Vec::new();
    for request in requests(&own) {
        cases.push((request.clone(), 401, "unauthenticated"));
        cases.push((request.clone().token("x"), 401, "unauthenticated"));
        for role in ["viewer", "agent"] {
            let token = world.member_token(&workspace, role);
            cases.push((request.clone().token(&token), 403, "forbidden"));
        }
        let foreign = world.stored_admin(&other).await;
        cases.push((request.token(&foreign), 404, "chatbot_not_found"));
    }
    let admin = world.stored_admin(&workspace).await;
    for id in [UNKNOWN_BOT, "bot_1", "x"] {
        let unknown = requests(id).into_iter();
        cases.extend(unknown.map(|request| (request.token(&admin), 404, "chatbot_not_found")));
    }
    let creation = TestRequest::post("/chatbots", new_bot());
    let viewer = world.member_token(&workspace, "viewer");
    cases.push((creation.clone(), 401, "unauthenticated"));
    cases.push((creation.token(&viewer), 403, "forbidden"));
    let foreign = world.member_token(&other, "viewer");
    for path in ["", "/deployments"] {
        let read = TestRequest::get(format!("/chatbots/{own}{path}"));
        cases.push((read.token(&foreign), 404, "chatbot_not_found"));
    }
    world.assert_refused("desk-chatbots", cases).await;
    let read = TestRequest::get(format!("/chatbots/{own}")).token(&viewer);
    assert_eq!(world.send("desk-chatbots", &read).await.status, 200);
}

#[tokio::test]
async fn invalid_bots_are_refused_and_store_nothing() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.bot(&workspace).await;
    let admin = world.member_token(&workspace, "admin");
    let creation = |name: &str, value: Value| {
        let mut new = new_bot();
        new[name] = value;
        TestRequest::post("/chatbots", new).token(&admin)
    };
    let update = |name: &str, value: Value| {
        let mut draft = draft_of(&bot);
        draft[name] = value;
        TestRequest::put(format!("/chatbots/{}", text(&bot, "id")), draft).token(&admin)
    };
    let cases = [
        (creation("name", json!(" ")), 422, "bad_settings"),
        (creation("language", json!("english")), 400, "bad_json"),
        (creation("template", json!("magic")), 400, "bad_json"),
        (creation("origins", json!([SITE])), 400, "bad_json"),
        (
            update("origins", json!(["shop.example"])),
            422,
            "bad_settings",
        ),
        (update("colour", json!("red")), 400, "bad_json"),
        (update("version", json!("1")), 400, "version_required"),
        (
            update("persona", json!("x".repeat(64 * 1024))),
            413,
            "too_large",
        ),
    ];
    world.assert_refused("desk-chatbots", cases).await;
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_draft_is_said_at_once() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.bot(&workspace).await;
    let change = |draft: &mut Value| {
        draft["name"] = json!("");
        draft["origins"] = json!(["http://shop.example"]);
        draft["answer"]["max_turns"] = json!(0);
    };
    let refused = world.change_bot(&workspace, &bot, change).await;
    assert_eq!((refused.status, refused.code()), (422, "bad_settings"));
    let errors = refused.body["errors"].as_array().unwrap();
    let errors: Vec<_> = errors.iter().map(|error| text(error, "field")).collect();
    assert_eq!(errors, ["origins[0]", "name", "answer.max_turns"]);
}

#[tokio::test]
async fn plan_bounds_bots_and_a_deleted_one_gives_its_place_back_once() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let first = world.bot(&workspace).await;
    world.bot(&workspace).await;
    let third = world.create_bot(&workspace, "Third").await;
    assert_eq!((third.status, third.code()), (402, "limit_reached"));
    assert_eq!(third.body["errors"]["limit"], "bots");
    let delete = || TestRequest::delete(format!("/chatbots/{}", text(&first, "id")));
    for _ in 0..2 {
        let deleted = world.admin(&workspace, delete()).await;
        assert_eq!(deleted.status, 204, "{deleted:?}");
    }
    assert_eq!(world.create_bot(&workspace, "Third").await.status, 201);
    assert_eq!(world.create_bot(&workspace, "Fourth").await.status, 402);
    check_bots(&world, &workspace, "a full plan").await;
}

#[tokio::test]
async fn last_place_of_a_plan_is_taken_once() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    world.bot(&workspace).await;
    let create = || world.create_bot(&workspace, "Last");
    let (one, two, three) = tokio::join!(create(), create(), create());
    let mut statuses = [one.status, two.status, three.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 402, 402]);
    check_bots(&world, &workspace, "three at once").await;
}

#[tokio::test]
async fn repeated_creation_makes_one_bot() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let create = |name: &str| {
        let mut new = new_bot();
        new["name"] = json!(name);
        TestRequest::post("/chatbots", new).header("idempotency-key", "first-bot")
    };
    let first = world.admin(&workspace, create("Helper")).await;
    let again = world.admin(&workspace, create("Helper")).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    let other = world.admin(&workspace, create("Other")).await;
    assert_eq!((other.status, other.code()), (422, "key_reused"));
    assert_eq!(names(&list_bots(&world, &workspace, "").await), ["Helper"]);
}

#[tokio::test]
async fn updates_apply_to_the_version_that_the_admin_saw() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.bot(&workspace).await;
    let rename = |name: &'static str| move |draft: &mut Value| draft["name"] = json!(name);
    let renamed = world.change_bot(&workspace, &bot, rename("Robo")).await;
    assert_eq!((renamed.status, &renamed.body["version"]), (200, &json!(2)));
    let again = world.change_bot(&workspace, &bot, rename("Robo")).await;
    assert_eq!(
        (again.status, &again.body),
        (200, &renamed.body),
        "a lost answer"
    );
    let stale = world.change_bot(&workspace, &bot, rename("Stale")).await;
    assert_eq!((stale.status, stale.code()), (409, "changed_meanwhile"));
    let bot = renamed.body;
    let (one, other) = tokio::join!(
        world.change_bot(&workspace, &bot, rename("One")),
        world.change_bot(&workspace, &bot, rename("Other")),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    check_bots(&world, &workspace, "two updates at once").await;
}

#[tokio::test]
async fn deleted_bots_are_gone_and_their_history_stays() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.deployed_bot(&workspace).await;
    let path = format!("/chatbots/{}", bot.id);
    let deleted = world
        .admin(&workspace, TestRequest::delete(path.as_str()))
        .await;
    assert_eq!(deleted.status, 204);
    assert_eq!(world.show_bot(&workspace, bot.id).await.status, 404);
    assert_eq!(names(&list_bots(&world, &workspace, "").await), [""; 0]);
    let pointer = world.row(&format!("D#{}", bot.key), "BOT").await;
    assert_eq!(pointer, Value::Null);
    let admin = world.stored_admin(&workspace).await;
    let post =
        |part: &str, body: Value| TestRequest::post(format!("{path}/{part}"), body).token(&admin);
    let cases = [
        (
            post("deploy", json!({ "version": 2 })),
            404,
            "chatbot_not_found",
        ),
        (
            post("deployments/1/activate", json!({})),
            404,
            "chatbot_not_found",
        ),
        (post("identity-secret", json!({})), 404, "chatbot_not_found"),
    ];
    world.assert_refused("desk-chatbots", cases).await;
    let deployment = world
        .row(&workspace.bot_pk(bot.id), "DEPLOY#0000000001")
        .await;
    assert_eq!(deployment["number"], 1);
    check_bots(&world, &workspace, "a deleted bot").await;
}

#[tokio::test]
async fn bot_that_is_deployed_and_deleted_at_once_has_no_key() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.embeddable_bot(&workspace).await;
    let id = id_of(&bot);
    let delete = TestRequest::delete(format!("/chatbots/{id}"));
    let (deployed, deleted) = tokio::join!(
        world.deploy(&workspace, id, json!({ "version": 2 })),
        world.admin(&workspace, delete),
    );
    assert!(matches!(deployed.status, 201 | 404), "{deployed:?}");
    assert_eq!(deleted.status, 204, "{deleted:?}");
    check_bots(&world, &workspace, "deployed and deleted").await;
}

#[tokio::test]
async fn keys_of_bots_see_only_theirs() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let (own, other) = (world.bot(&workspace).await, world.bot(&workspace).await);
    let scopes = ["chatbots:read", "chatbots:write"];
    let key = world.bot_key(&workspace, &scopes, &[id_of(&own)]).await;
    let list = TestRequest::get("/chatbots").token(&key);
    let list = world.send("desk-chatbots", &list).await;
    assert_eq!(names(&list).len(), 1);
    assert_eq!(list.body["items"][0]["id"], own["id"]);
    let path = |bot: &Value| format!("/chatbots/{}", text(bot, "id"));
    let shown = TestRequest::get(path(&own)).token(&key);
    assert_eq!(world.send("desk-chatbots", &shown).await.status, 200);
    let cases = [
        (TestRequest::get(path(&other)), 404, "chatbot_not_found"),
        (TestRequest::delete(path(&other)), 404, "chatbot_not_found"),
        (
            TestRequest::get(format!("{}/deployments", path(&other))),
            404,
            "chatbot_not_found",
        ),
        (TestRequest::post("/chatbots", new_bot()), 403, "forbidden"),
        (
            TestRequest::post(format!("{}/identity-secret", path(&own)), json!({})),
            403,
            "forbidden",
        ),
    ];
    let cases = cases.map(|(request, status, code)| (request.token(&key), status, code));
    world.assert_refused("desk-chatbots", cases).await;
    let reader = world.bot_key(&workspace, &["chatbots:read"], &[]).await;
    let list = TestRequest::get("/chatbots").token(&reader);
    assert_eq!(names(&world.send("desk-chatbots", &list).await).len(), 2);
    let delete = TestRequest::delete(path(&own)).token(&reader);
    world
        .assert_refused("desk-chatbots", [(delete, 403, "forbidden")])
        .await;
}

#[tokio::test]
async fn keys_may_deploy_and_their_makers_answer_for_it() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.embeddable_bot(&workspace).await;
    let key = world
        .bot_key(&workspace, &["chatbots:write"], &[id_of(&bot)])
        .await;
    let path = format!("/chatbots/{}/deploy", text(&bot, "id"));
    let deploy = TestRequest::post(path, json!({ "version": 2 })).token(&key);
    let deployed = world.send("desk-chatbots", &deploy).await;
    assert_eq!(deployed.status, 201, "{deployed:?}");
    check_bots(&world, &workspace, "deployed by a key").await;
}

#[tokio::test]
async fn identity_secrets_are_shown_once_and_stored_nowhere() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.deployed_bot(&workspace).await;
    let path = format!("/chatbots/{}/identity-secret", bot.id);
    let admin = world.stored_admin(&workspace).await;
    let rotate = || {
        let request = TestRequest::post(path.as_str(), json!({})).token(&admin);
        request.header("idempotency-key", "one")
    };
    let first = world.send("desk-chatbots", &rotate()).await;
    assert_eq!((first.status, &first.body["generation"]), (201, &json!(1)));
    assert_eq!(first.header("cache-control"), "no-store");
    assert_eq!(first.body["previous_valid_until"], Value::Null);
    let second = world.send("desk-chatbots", &rotate()).await;
    assert_eq!(second.body["generation"], 2);
    // The token of an admin who was removed.
    let removed = world.member_token(&workspace, "admin");
    let removed = [(rotate().token(&removed), 403, "forbidden")];
    world.assert_refused("desk-chatbots", removed).await;
    let (first, second) = (text(&first.body, "secret"), text(&second.body, "secret"));
    assert!(
        first.starts_with("desk_is_") && first.len() == 51,
        "{first}"
    );
    assert_ne!(first, second);
    let rows = json!(world.rows().await).to_string();
    assert!(!rows.contains(first) && !rows.contains(second));
    let other = world.workspace().await;
    let other_bot = world.deployed_bot(&other).await;
    assert_ne!(world.identity_secret(&other, other_bot.id).await, first);
}

#[tokio::test]
async fn drafts_name_teams_of_their_workspace_and_keep_those_that_were_deleted() {
    let world = World::open().await;
    let (workspace, other) = (world.workspace().await, world.workspace().await);
    let team = |byte: u8| TeamId::new(world.now(), &move || [byte; 10]);
    let (own, foreign, unknown) = (team(1), team(2), team(3));
    for (of, id) in [(&workspace, own), (&other, foreign)] {
        let row = json!({ "id": id, "name": "Sales", "version": 1 });
        world.put(&of.pk(""), &format!("TEAM#{id}"), &row).await;
    }
    let bot = world.bot(&workspace).await;
    let hand_to = |id: TeamId| move |draft: &mut Value| draft["handoff"]["team"] = json!(id);
    let rule_to = |id: TeamId| {
        let effect = json!({ "do": "hand_off", "team": id });
        let rule = json!({ "name": "Sales", "when": { "words": ["buy"] }, "then": [effect] });
        move |draft: &mut Value| draft["rules"] = json!([rule])
    };
    for id in [foreign, unknown] {
        let refused = [
            world.change_bot(&workspace, &bot, hand_to(id)).await,
            world.change_bot(&workspace, &bot, rule_to(id)).await,
        ];
        for refused in refused {
            assert_eq!((refused.status, refused.code()), (400, "bad_team"));
        }
    }
    let handed = world.change_bot(&workspace, &bot, hand_to(own)).await;
    assert_eq!(handed.status, 200, "{handed:?}");
    let key = Table::key(workspace.pk(""), format!("TEAM#{own}"));
    world.table().delete(key).await.unwrap();
    let rename = |draft: &mut Value| draft["name"] = json!("Guide");
    let renamed = world.change_bot(&workspace, &handed.body, rename).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    assert_eq!(renamed.body["handoff"]["team"], json!(own));
}

#[tokio::test]
async fn admin_of_a_token_who_is_no_member_gets_no_identity_secret() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.deployed_bot(&workspace).await;
    let former = world.member_token(&workspace, "admin");
    let path = format!("/chatbots/{}/identity-secret", bot.id);
    let rotate = TestRequest::post(path, json!({})).token(&former);
    world
        .assert_refused("desk-chatbots", [(rotate, 403, "forbidden")])
        .await;
}

#[tokio::test]
async fn read_only_workspaces_keep_their_bots_as_they_are() {
    let world = World::open().await;
    let workspace = world.workspace().await;
    let bot = world.bot(&workspace).await;
    let trial_end = desk_domain::LifecycleEvent::CheckTrial;
    let end = confab_core::after(world.now(), desk_domain::TRIAL_LENGTH);
    world
        .change_workspace(&workspace, |tenant| tenant.apply(&trial_end, end).unwrap())
        .await;
    let admin = world.member_token(&workspace, "admin");
    let delete = TestRequest::delete(format!("/chatbots/{}", text(&bot, "id"))).token(&admin);
    world
        .assert_refused("desk-chatbots", [(delete, 402, "payment_needed")])
        .await;
    assert_eq!(list_bots(&world, &workspace, "").await.status, 200);
}
