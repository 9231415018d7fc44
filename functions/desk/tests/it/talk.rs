//! Conversations: a workspace with a bot, agents with names, visitors with sessions, and what they say to each other.

use std::collections::BTreeSet;

use confab_core::UserId;
use confab_lambda::OsEntropy;
use confab_testkit::{Cloud, TestRequest, TestResponse, TestService};
use desk_domain::{EmailAddress, Member, Person, Role};
use serde_json::{Value, json};

use crate::{
    bots::{DeployedBot, Workspace},
    world::{BROADCAST_QUEUE, World, text},
};

pub(crate) const UNKNOWN_CONVERSATION: &str = "cnv_00000000000000000000000000";
pub(crate) const UNKNOWN_VISITOR: &str = "vis_00000000000000000000000000";
pub(crate) const GREETING: &str = "Hi! How can we help?";
pub(crate) const HANDOFF: &str = "I'm passing you to a colleague. They'll reply here.";

pub(crate) struct Talk {
    pub(crate) world: World,
    pub(crate) workspace: Workspace,
    pub(crate) bot: DeployedBot,
}

/// A member with a name and a token.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    pub(crate) id: UserId,
    pub(crate) token: String,
}

/// A visitor with a session.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Visitor {
    pub(crate) fn of(session: &Value) -> Self {
        Self {
            id: text(&session["visitor"], "id").to_owned(),
            token: text(session, "visitor_token").to_owned(),
        }
    }
}

pub(crate) fn path(id: &str, rest: &str) -> String {
    format!("/conversations/{id}{rest}")
}

/// The body that starts a conversation.
pub(crate) fn start_body(client_id: &str, message: Option<&str>) -> Value {
    let message =
        message.map(|text| json!({ "client_msg_id": format!("first-{client_id}"), "text": text }));
    let mut body = json!({ "client_conv_id": client_id });
    if let Some(message) = message {
        body["message"] = message;
    }
    body
}

pub(crate) fn message_body(client_id: &str, text: &str) -> Value {
    json!({ "client_msg_id": client_id, "text": text })
}

pub(crate) fn note_body(client_id: &str, text: &str) -> Value {
    json!({ "client_msg_id": client_id, "text": text, "kind": "note" })
}

/// Returns the numbers of a page of messages.
pub(crate) fn numbers(page: &Value) -> Vec<u64> {
    let messages = page["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["seq"].as_u64().unwrap())
        .collect()
}

/// Returns the texts of a page of messages; events have their type in brackets.
pub(crate) fn texts(page: &Value) -> Vec<String> {
    let messages = page["messages"].as_array().unwrap().iter();
    let text_of = |message: &Value| match message["event"]["type"].as_str() {
        Some(event) => format!("[{event}]"),
        None => text(message, "text").to_owned(),
    };
    messages.map(text_of).collect()
}

/// Returns the ids of a page of conversations or contacts.
pub(crate) fn ids(page: &TestResponse) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let items = page.body["items"].as_array().unwrap().iter();
    items.map(|item| text(item, "id").to_owned()).collect()
}

impl Talk {
    pub(crate) async fn open() -> Self {
        let world = World::open().await;
        let workspace = world.workspace().await;
        let bot = world.deployed_bot(&workspace).await;
        Self {
            world,
            workspace,
            bot,
        }
    }

    // People.

    pub(crate) async fn agent(&self) -> Agent {
        self.member("Noa", Role::Agent).await
    }

    /// Adds a member of the workspace.
    pub(crate) async fn member(&self, name: &str, role: Role) -> Agent {
        self.member_of(&self.workspace, name, role).await
    }

    /// Adds an owner of another workspace.
    pub(crate) async fn stranger(&self) -> Agent {
        let other = self.world.workspace().await;
        self.member_of(&other, "Eve", Role::Owner).await
    }

    async fn member_of(&self, workspace: &Workspace, name: &str, role: Role) -> Agent {
        let (world, now) = (&self.world, self.world.now());
        let user = UserId::new(now, &OsEntropy);
        let address = format!("agent{}@example.com", world.next_number());
        let email = EmailAddress::parse(&address).unwrap();
        let mut person = Person::new(user, email, name, now).unwrap();
        person.tenants.insert(workspace.id);
        world.put(&format!("U#{user}"), "PERSON", &person).await;
        let member = Member::join(user, role, BTreeSet::new(), now).member;
        let sk = format!("MEMBER#{user}");
        world.put(&workspace.pk(""), &sk, &member).await;
        let role = serde_json::to_value(role).unwrap();
        let token = world.token_of(workspace, user, role.as_str().unwrap());
        Agent { id: user, token }
    }

    /// Opens the session of a new visitor.
    pub(crate) async fn visitor(&self) -> Visitor {
        Visitor::of(&self.world.visitor_session(&self.bot).await)
    }

    // Requests.

    pub(crate) async fn conversations(&self, token: &str, request: TestRequest) -> TestResponse {
        let request = request.token(token);
        self.world.send("desk-conversations", &request).await
    }

    pub(crate) async fn messages(&self, token: &str, request: TestRequest) -> TestResponse {
        let request = request.token(token);
        self.world.send("desk-messages", &request).await
    }

    pub(crate) async fn contacts(&self, token: &str, request: TestRequest) -> TestResponse {
        let request = request.token(token);
        self.world.send("desk-contacts", &request).await
    }

    /// Starts a conversation of a visitor. Returns its id.
    pub(crate) async fn start(&self, visitor: &Visitor, message: Option<&str>) -> String {
        let client_id = format!("conversation-{}", self.world.next_number());
        let request = TestRequest::post("/conversations", start_body(&client_id, message));
        let started = self.conversations(&visitor.token, request).await;
        assert_eq!(started.status, 201, "{started:?}");
        text(&started.body, "id").to_owned()
    }

    /// Starts a conversation that is handed to people.
    pub(crate) async fn start_with_people(&self, visitor: &Visitor) -> String {
        self.start(visitor, Some("a human, please")).await
    }

    pub(crate) async fn post(&self, token: &str, id: &str, body: Value) -> TestResponse {
        let request = TestRequest::post(path(id, "/messages"), body);
        self.messages(token, request).await
    }

    /// Posts a message that is accepted. Returns its number.
    pub(crate) async fn say(&self, token: &str, id: &str, text: &str) -> u64 {
        let client_id = format!("message-{}", self.world.next_number());
        let posted = self.post(token, id, message_body(&client_id, text)).await;
        assert_eq!(posted.status, 201, "{posted:?}");
        posted.body["seq"].as_u64().unwrap()
    }

    /// Reads a page of messages with a query such as `?after=3`.
    pub(crate) async fn page(&self, token: &str, id: &str, query: &str) -> Value {
        let request = TestRequest::get(format!("{}{query}", path(id, "/messages")));
        let page = self.messages(token, request).await;
        assert_eq!(page.status, 200, "{page:?}");
        page.body
    }

    pub(crate) async fn show(&self, token: &str, id: &str) -> TestResponse {
        self.conversations(token, TestRequest::get(path(id, "")))
            .await
    }

    /// Changes the conversation as it is now.
    pub(crate) async fn patch(&self, token: &str, id: &str, change: Value) -> TestResponse {
        let mut body = change;
        body["version"] = self.head(id).await["version"].clone();
        let request = TestRequest::patch(path(id, ""), body);
        self.conversations(token, request).await
    }

    pub(crate) async fn end(&self, token: &str, id: &str, reason: &str) -> TestResponse {
        let request = TestRequest::put(path(id, "/end"), json!({ "reason": reason }));
        self.conversations(token, request).await
    }

    // Rows and broadcasts.

    pub(crate) fn conversation_pk(&self, id: &str) -> String {
        self.workspace.pk(&format!("#CONV#{id}"))
    }

    pub(crate) async fn head(&self, id: &str) -> Value {
        self.world.row(&self.conversation_pk(id), "HEAD").await
    }

    /// Returns the rows of a conversation whose sort keys have a prefix.
    pub(crate) async fn rows_with(&self, id: &str, prefix: &str) -> Vec<Value> {
        let mut rows = self.world.partition(&self.conversation_pk(id)).await;
        rows.retain(|row| text(row, "sk").starts_with(prefix));
        rows
    }

    /// Returns the updates of one kind that were ever published to a kind of channel.
    pub(crate) fn updates(&self, channel: &str, kind: &str) -> Vec<Value> {
        let jobs = self.world.cloud.queued(BROADCAST_QUEUE).into_iter();
        let jobs = jobs.filter(|job| job["room"]["kind"] == channel);
        let updates = jobs.flat_map(|job| job["news"].as_array().cloned().unwrap_or_default());
        updates.filter(|update| update["kind"] == kind).collect()
    }

    /// Returns the messages, notes and events that were published to a conversation's sockets.
    fn published_entries(&self, id: &str) -> Vec<Value> {
        let updates = self.updates("conversation", "appended").into_iter();
        let updates = updates.filter(|update| update["conversation"] == id);
        updates
            .flat_map(|update| update["entries"].as_array().cloned().unwrap())
            .collect()
    }

    /// Returns the numbers that were published to a conversation's sockets, each once.
    pub(crate) fn published_numbers(&self, id: &str) -> BTreeSet<u64> {
        let entries = self.published_entries(id);
        entries
            .iter()
            .map(|entry| entry["seq"].as_u64().unwrap())
            .collect()
    }

    /// Checks what holds of a conversation after each request.
    pub(crate) async fn check(&self, id: &str, story: &str) {
        let head = self.head(id).await;
        let last_seq = head["last_seq"].as_u64().unwrap();
        let messages = self.rows_with(id, "MSG#").await;
        let stored: Vec<_> = messages
            .iter()
            .map(|row| row["seq"].as_u64().unwrap())
            .collect();
        let expected: Vec<_> = (1..=last_seq).collect();
        assert_eq!(stored, expected, "{story}: numbers are gapless");
        for said in self.rows_with(id, "SAID#").await {
            let seq = said["seq"].as_u64().unwrap();
            let message = &messages[usize::try_from(seq).unwrap() - 1];
            let client_id = text(message, "client_msg_id");
            assert!(text(&said, "sk").ends_with(client_id), "{story}: {said}");
        }
        for entry in self.published_entries(id) {
            let is_same = |row: &Value| {
                let names = ["seq", "at", "kind", "client_msg_id"];
                names.iter().all(|name| row[*name] == entry[*name])
            };
            let is_stored = messages.iter().any(is_same);
            assert!(is_stored, "{story}: {entry} was published without its row");
        }
        let published = self.published_numbers(id);
        let newest = published.last().copied().unwrap_or_default();
        assert_eq!(newest, last_seq, "{story}: the last entry was published");
        let heads = self.updates("inbox", "head_changed");
        let mut heads = heads.iter().filter(|update| update["head"]["id"] == id);
        let is_shown = heads.any(|update| update["head"]["version"] == head["version"]);
        assert!(is_shown, "{story}: the inbox was told");
        let visitor = text(&head["visitor"], "id");
        let pk = self.workspace.pk(&format!("#VIS#{visitor}"));
        let history = self.world.row(&pk, &format!("CONV#{id}")).await;
        assert!(!history.is_null(), "{story}: it is in the history");
    }
}

impl TestService for Talk {
    fn cloud(&self) -> &Cloud {
        &self.world.cloud
    }

    async fn start_function(&self, function: &'static str) {
        self.world.start_function(function).await;
    }

    async fn answer(&self, function: &'static str, request: &TestRequest) -> TestResponse {
        self.world.send(function, request).await
    }
}
