//! Ids of another workspace where the paths of the matrix do not name them: in bodies, queries and headers.

use confab_testkit::TestRequest;
use serde_json::{Value, json};

use super::{
    Scene,
    places::{Place, invented},
};
use crate::{
    people::cookie_request,
    talk::{message_body, note_body, path, start_body},
    tenants::delete_with,
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
