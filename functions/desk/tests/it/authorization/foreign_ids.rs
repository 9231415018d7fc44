//! Ids of another workspace where no path names them: in bodies, queries and headers, and in what we have sealed.

use confab_testkit::{TestRequest, TestResponse};
use serde_json::{Value, json};

use super::{
    Scene,
    places::{Place, invented},
};
use crate::{
    bots::SITE,
    people::cookie_request,
    talk::{message_body, note_body, path, start_body},
    tenants::delete_with,
    world::text,
};

/// Stands for the id in a request.
const HOLE: &str = "%id%";

/// A request with an id, which succeeds with one of the caller's workspace.
struct Case {
    function: &'static str,
    /// The thing that the id is of.
    thing: &'static str,
    make: Box<dyn Fn(&str) -> TestRequest>,
    /// The status with an id of the caller's own.
    own: u16,
}

impl Case {
    fn new(
        function: &'static str,
        thing: &'static str,
        own: u16,
        make: impl Fn(&str) -> TestRequest + 'static,
    ) -> Self {
        Self {
            function,
            thing,
            make: Box::new(make),
            own,
        }
    }

    /// Makes a request whose body has the id.
    fn body(
        function: &'static str,
        thing: &'static str,
        own: u16,
        (method, path, token, body): (&'static str, String, &str, Value),
    ) -> Self {
        let (token, body) = (token.to_owned(), body.to_string());
        Self::new(function, thing, own, move |id| {
            TestRequest::new(method, path.as_str())
                .token(&token)
                .header("content-type", "application/json")
                .bytes(body.replace(HOLE, id))
        })
    }

    /// Makes a request whose path or query has the id.
    fn path(
        function: &'static str,
        thing: &'static str,
        own: u16,
        (method, path, token): (&'static str, String, &str),
    ) -> Self {
        let token = token.to_owned();
        Self::new(function, thing, own, move |id| {
            TestRequest::new(method, path.replace(HOLE, id)).token(&token)
        })
    }
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// Starts of conversations, and changes of them.
fn talk_cases(own: &Place) -> Vec<Case> {
    let function = "desk-conversations";
    let (agent, visitor) = (own.agent.token.as_str(), own.visitor.token.as_str());
    let open = own.id("conversation");
    let starts = || "/conversations".to_owned();
    let start = start_body("conversation-9", None);
    let of_visitor = with(start.clone(), "visitor_id", json!(HOLE));
    let with_bot = with(start.clone(), "bot_id", json!(HOLE));
    let of_contact = with(with_bot.clone(), "contact", json!({ "name": "Dana" }));
    let patch = |field: &str| {
        let body = json!({ "version": own.conversation_version });
        (
            "PATCH",
            path(open, ""),
            agent,
            with(body, field, json!(HOLE)),
        )
    };
    let handoff = json!({ "to": "human", "team": HOLE });
    vec![
        Case::body(
            function,
            "visitor",
            201,
            ("POST", starts(), agent, of_visitor.clone()),
        ),
        Case::body(function, "bot", 201, ("POST", starts(), agent, of_contact)),
        Case::body(
            function,
            "visitor",
            201,
            ("POST", starts(), visitor, of_visitor),
        ),
        Case::body(function, "bot", 201, ("POST", starts(), visitor, with_bot)),
        Case::body(function, "agent", 200, patch("assignee")),
        Case::body(function, "team", 200, patch("team")),
        Case::body(
            function,
            "team",
            200,
            ("POST", path(open, "/handoff"), agent, handoff),
        ),
        Case::path(
            function,
            "upload",
            200,
            ("GET", path(open, "/attachments/%id%"), visitor),
        ),
        Case::path(
            function,
            "upload",
            202,
            ("POST", path(open, "/attachments/%id%"), visitor),
        ),
        Case::path(
            function,
            "bot",
            200,
            ("GET", "/conversations?bot=%id%".to_owned(), agent),
        ),
        Case::path(
            function,
            "agent",
            200,
            ("GET", "/conversations?assignee=%id%".to_owned(), agent),
        ),
    ]
}

/// Messages, and what agents do with contacts.
fn message_cases(own: &Place) -> Vec<Case> {
    let (agent, visitor) = (own.agent.token.as_str(), own.visitor.token.as_str());
    let messages = || path(own.id("conversation"), "/messages");
    let file = with(
        message_body("message-0009", "Look"),
        "attachments",
        json!([HOLE]),
    );
    let note = with(note_body("message-0008", "Look"), "mentions", json!([HOLE]));
    let merge = format!("/contacts/{}/merge", own.id("visitor"));
    vec![
        // The file is there, and is not checked yet.
        Case::body(
            "desk-messages",
            "upload",
            409,
            ("POST", messages(), visitor, file),
        ),
        Case::body(
            "desk-messages",
            "agent",
            201,
            ("POST", messages(), agent, note),
        ),
        Case::body(
            "desk-contacts",
            "other_visitor",
            200,
            ("POST", merge, agent, json!({ "into": HOLE })),
        ),
    ]
}

/// Settings, members and keys.
fn settings_cases(own: &Place) -> Vec<Case> {
    let owner = own.owner.token.as_str();
    let member = format!("/members/{}", own.id("member"));
    let invitation = json!({ "email": "new@example.com", "role": "agent", "teams": [HOLE] });
    let canned = json!({ "shortcut": "bye", "text": "Bye!", "team": HOLE });
    let shortcut = own.id("canned");
    let changed = json!({ "version": 1, "shortcut": shortcut, "text": "Hi!", "team": HOLE });
    let key = json!({ "name": "Script", "scopes": ["chatbots:read"], "bot_ids": [HOLE] });
    let mut draft = own.draft.clone();
    draft["handoff"]["team"] = json!(HOLE);
    let bot = format!("/chatbots/{}", own.id("bot"));
    let audit = "/audit?actor=%id%".to_owned();
    vec![
        Case::body(
            "desk-members",
            "team",
            200,
            ("PATCH", member, owner, json!({ "teams": [HOLE] })),
        ),
        Case::body(
            "desk-members",
            "team",
            201,
            ("POST", "/invitations".to_owned(), owner, invitation),
        ),
        Case::body(
            "desk-settings",
            "team",
            201,
            ("POST", "/canned".to_owned(), owner, canned),
        ),
        Case::body(
            "desk-settings",
            "team",
            200,
            ("PUT", format!("/canned/{shortcut}"), owner, changed),
        ),
        Case::body(
            "desk-sessions",
            "bot",
            201,
            ("POST", "/auth/api-keys".to_owned(), owner, key),
        ),
        Case::body("desk-chatbots", "team", 200, ("PUT", bot, owner, draft)),
        Case::path("desk-trust", "agent", 200, ("GET", audit, owner)),
    ]
}

/// Names of workspaces: a switch, a header, and what is typed to confirm a deletion.
fn workspace_cases(own: &Place) -> Vec<Case> {
    let refresh = own.agent.account.refresh_token();
    let (owner, deletion) = (own.owner.token.clone(), own.owner.path(""));
    let confirming = owner.clone();
    vec![
        Case::new("desk-sessions", "tenant", 200, move |id| {
            cookie_request("/auth/refresh", &refresh, json!({ "tenant_id": id }))
        }),
        Case::new("desk-chatbots", "tenant", 200, move |id| {
            TestRequest::get("/chatbots")
                .token(&owner)
                .header("x-tenant-id", id)
        }),
        Case::new("desk-tenants", "slug", 202, move |id| {
            delete_with(deletion.as_str(), &json!({ "confirm": id })).token(&confirming)
        }),
    ]
}

#[tokio::test]
async fn ids_of_another_workspace_outside_of_paths_are_answered_like_invented_ones() {
    let scene = Box::pin(Scene::open()).await;
    let mut failures = Vec::new();
    let cases = [talk_cases, message_cases, settings_cases, workspace_cases];
    let cases = cases.iter().flat_map(|cases| cases(&scene.a));
    for (number, case) in cases.enumerate() {
        let send = async |id: &str| {
            let request = (case.make)(id);
            scene.world.send(case.function, &request).await
        };
        let foreign = send(scene.b.id(case.thing)).await;
        let unknown = send(&invented(case.thing)).await;
        let changes = scene.snapshot.restore().await;
        let own = send(scene.a.id(case.thing)).await;
        scene.snapshot.restore().await;
        let name = format!("{number}: {} with a {}", case.function, case.thing);
        if foreign.without_correlation_id() != unknown.without_correlation_id() {
            failures.push(format!("{name}: {foreign:?} differs from {unknown:?}"));
        }
        let is_search = unknown.status == 200 && unknown.body["items"] == json!([]);
        if unknown.status < 400 && !is_search {
            failures.push(format!("{name}: is not refused: {unknown:?}"));
        }
        if let Some(change) = changes.iter().find(|change| !change.is_of_every_request()) {
            failures.push(format!("{name}: a refused request changed {change:?}"));
        }
        if own.status != case.own {
            failures.push(format!("{name}: not {} with the own: {own:?}", case.own));
        }
    }
    let list = failures.join("\n");
    assert!(failures.is_empty(), "{} fail:\n{list}", failures.len());
}

/// Changes a letter of a sealed value, or of a token.
fn changed(sealed: &str) -> String {
    let first = if sealed.starts_with('e') { "f" } else { "e" };
    format!("{first}{}", &sealed[1..])
}

async fn page(scene: &Scene, list: &List, after: &str) -> TestResponse {
    let path = format!("{}?limit=1{after}", list.path);
    let mut request = TestRequest::get(path).token(&list.token);
    if let Some(tenant) = &list.tenant {
        request = request.header("x-tenant-id", tenant.as_str());
    }
    scene.world.send(list.function, &request).await
}

/// A list of which one page is not all.
struct List {
    function: &'static str,
    path: String,
    token: String,
    /// The tenant that an operator names.
    tenant: Option<String>,
}

fn lists(place: &Place) -> Vec<List> {
    let list = |function, path: &str, token: &str| List {
        function,
        path: path.to_owned(),
        token: token.to_owned(),
        tenant: None,
    };
    let history = format!("/conversations/visitor/{}", place.id("visitor"));
    let (owner, visitor) = (&place.owner.token, &place.visitor.token);
    vec![
        list("desk-members", "/members", owner),
        list("desk-trust", "/audit", owner),
        list("desk-conversations", &history, owner),
        list("desk-conversations", &history, visitor),
        list("desk-conversations", "/conversations", owner),
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
    let (own, foreign) = (lists(&scene.a), lists(&scene.b));
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

/// Whether cursors are of different lists. A visitor and an agent read the same history, numbers 2 and 3.
fn is_other_list(one: usize, other: usize) -> bool {
    let is_history = |number: usize| matches!(number, 2 | 3);
    one != other && !(is_history(one) && is_history(other))
}

#[tokio::test]
async fn sealed_values_of_other_purposes_or_changed_ones_prove_nothing() {
    let scene = Box::pin(Scene::open()).await;
    let (a, b) = (&scene.a, &scene.b);
    let cursor = page(&scene, &lists(a)[0], "").await;
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
