//! Cursors, tickets and tokens that we have sealed: changed, for another purpose, or of another workspace.

use confab_testkit::{TestRequest, TestResponse};
use serde_json::json;

use super::{Scene, identities::Identity, places::Place};
use crate::{
    bots::SITE,
    talk::{path, start_body},
    world::text,
};

/// Changes a letter of a sealed value, or of a token.
fn changed(sealed: &str) -> String {
    let first = if sealed.starts_with('e') { "f" } else { "e" };
    format!("{first}{}", &sealed[1..])
}

/// A list of which one page is not all.
struct List<'a> {
    function: &'static str,
    path: String,
    who: &'a Identity,
}

/// Reads a page of one item, with a query that goes on such as `&after=..`.
async fn page(scene: &Scene, list: &List<'_>, after: &str) -> TestResponse {
    let request = TestRequest::get(format!("{}?limit=1{after}", list.path));
    let request = list.who.sign(request);
    scene.world.send(list.function, &request).await
}

/// Returns lists of a workspace.
fn lists<'a>(scene: &'a Scene, place: &Place, owner: &str, visitor: &str) -> Vec<List<'a>> {
    let list = |function, path: &str, who: &str| List {
        function,
        path: path.to_owned(),
        who: scene.identity(who),
    };
    let history = format!("/conversations/visitor/{}", place.id("visitor"));
    vec![
        list("desk-conversations", &history, owner),
        list("desk-conversations", &history, visitor),
        list("desk-conversations", "/conversations", owner),
        list("desk-members", "/members", owner),
        list("desk-trust", "/audit", owner),
    ]
}

/// Starts a conversation of the other visitor, so that the inbox has two.
async fn start_another(scene: &Scene, place: &Place) {
    let body = start_body("conversation-3", Some("a human, please"));
    let request = TestRequest::post("/conversations", body).token(&place.other_visitor.token);
    let started = scene.world.send("desk-conversations", &request).await;
    assert_eq!(started.status, 201, "{started:?}");
}

#[tokio::test]
async fn cursors_of_another_workspace_or_list_are_refused_like_changed_ones() {
    let scene = Box::pin(Scene::open()).await;
    for place in [&scene.a, &scene.b] {
        start_another(&scene, place).await;
    }
    let mut own = lists(&scene, &scene.a, "owner", "visitor");
    own.push(List {
        function: "desk-tenants",
        path: "/tenants".to_owned(),
        who: scene.identity("operator of none"),
    });
    let foreign = lists(
        &scene,
        &scene.b,
        "owner of the other",
        "visitor of the other",
    );
    let mut cursors = Vec::new();
    for list in own.iter().chain(&foreign) {
        let page = page(&scene, list, "").await;
        let cursor = text(&page.body, "next").to_owned();
        assert!(!cursor.is_empty(), "{}: {page:?}", list.path);
        cursors.push(cursor);
    }
    for (number, list) in own.iter().enumerate() {
        let again = format!("&after={}", cursors[number]);
        assert_eq!(page(&scene, list, &again).await.status, 200);
        let malformed = page(&scene, list, "&after=x").await;
        assert_eq!((malformed.status, malformed.code()), (400, "bad_cursor"));
        let changed = changed(&cursors[number]);
        let others = (0..cursors.len()).filter(|other| is_other_list(*other, number));
        let others = others.map(|other| cursors[other].as_str());
        let sealed = [scene.a.embed_token.as_str(), scene.a.visitor.token.as_str()];
        for cursor in others.chain(sealed).chain([changed.as_str()]) {
            let refused = page(&scene, list, &format!("&after={cursor}")).await;
            assert_eq!(
                refused.without_correlation_id(),
                malformed.without_correlation_id(),
                "{} after {cursor}",
                list.path
            );
        }
    }
}

/// Whether cursors are of different lists. The owner and the visitor read the same history, the first two lists.
fn is_other_list(one: usize, other: usize) -> bool {
    one != other && one.max(other) > 1
}

#[tokio::test]
async fn sealed_values_of_other_purposes_or_changed_ones_prove_nothing() {
    let scene = Box::pin(Scene::open()).await;
    let (a, b) = (&scene.a, &scene.b);
    let lists = lists(&scene, a, "owner", "visitor");
    let cursor = page(&scene, &lists[0], "").await;
    let cursor = text(&cursor.body, "next");
    let ticket = TestRequest::post("/ws-ticket", json!({})).token(&a.agent.token);
    let ticket = scene.world.ticket(&ticket).await;
    let visitor = a.visitor.token.as_str();
    let (changed_visitor, changed_embed) = (changed(visitor), changed(&a.embed_token));
    let not_visitors = [cursor, &ticket, &changed_visitor, &a.embed_token, "x.y"];
    let (mut by_ticket, mut by_read) = (Vec::new(), Vec::new());
    for token in not_visitors {
        let open = TestRequest::post("/widget/ticket", json!({})).token(token);
        by_ticket.push(scene.world.send("desk-ws-ticket", &open).await);
        let read = TestRequest::get(path(a.id("conversation"), "")).token(token);
        by_read.push(scene.world.send("desk-conversations", &read).await);
    }
    let mut by_session = Vec::new();
    for token in [cursor, &ticket, &changed_embed, visitor, "x.y"] {
        let body = json!({ "embed_token": token });
        let open = TestRequest::post("/widget/sessions", body).header("origin", SITE);
        by_session.push(scene.world.send("desk-widget", &open).await);
    }
    for answers in [by_ticket, by_read, by_session] {
        let first = answers[0].without_correlation_id();
        assert_eq!(first.status, 401, "{first:?}");
        for answer in &answers {
            assert_eq!(answer.without_correlation_id(), first);
        }
    }
    // The token of another site's visitor is as none: the visitor is a new one.
    for token in [b.visitor.token.as_str(), &changed_visitor, &a.embed_token] {
        let body = json!({ "embed_token": a.embed_token, "visitor_token": token });
        let open = TestRequest::post("/widget/sessions", body);
        let opened = scene.world.send("desk-widget", &open).await;
        assert_eq!(opened.status, 201, "{opened:?}");
        let id = text(&opened.body["visitor"], "id");
        assert!(id != a.id("visitor") && id != b.id("visitor"));
        assert!(opened.body.get("conversation").is_none());
    }
}
