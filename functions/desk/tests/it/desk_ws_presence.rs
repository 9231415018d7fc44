//! `desk-ws-presence`: stores connections, one for each ticket, deletes them, and counts who is online.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use confab_core::Result;
use confab_testkit::{Enumeration, Faults, OpenedConnection, Scenario, enumerate};
use desk_domain::ConversationId;
use serde_json::{Value, json};

use crate::{
    sockets::{Socket, agent_ticket_request, code, ticket_of, visitor_ticket_request},
    workspace::{VisitorSession, Workspace},
};

const HOUR: &str = "SOCKETS#2026-11-29T12";
/// Longer than a ticket is remembered.
const TICKET_SECONDS: u64 = 60;

async fn open_sockets(workspace: &Workspace) -> i64 {
    let row = workspace.row("USE", HOUR).await;
    row["sockets"].as_i64().unwrap_or_default()
}

/// Returns how many agents are online, as last counted.
async fn agents_online(workspace: &Workspace) -> Value {
    workspace.row("", "ONLINE").await["online"].clone()
}

/// The connections of a ticket's holder and of a visitor, as they open.
async fn openings(workspace: &Workspace) -> (OpenedConnection, OpenedConnection, VisitorSession) {
    let (agent, visitor) = (workspace.agent("Dana").await, workspace.visitor().await);
    let world = &workspace.world;
    let agents = world.ticket(&agent_ticket_request(&agent)).await;
    let visitors = world.ticket(&visitor_ticket_request(&visitor)).await;
    (
        world.opening("agents", &agents).await,
        world.opening("visitors", &visitors).await,
        visitor,
    )
}

#[tokio::test]
async fn connections_are_stored_for_two_hours_and_counted() {
    let workspace = Workspace::open().await;
    let (agents, visitors, visitor) = openings(&workspace).await;
    let part = format!("VIS#{}", visitor.id);
    for (opened, part) in [(&agents, "LIVE"), (&visitors, part.as_str())] {
        workspace.world.connect(opened).await.unwrap();
        let row = workspace.connection(part, opened).await;
        assert_eq!(row["c"], json!(opened.connection_id));
        assert_eq!(
            row["expires_at"],
            workspace.now().as_second() + 2 * 3_600,
            "{part}"
        );
    }
    assert_eq!(open_sockets(&workspace).await, 2);
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let workspace = Workspace::open().await;
    let world = &workspace.world;
    let agent = workspace.agent("Dana").await;
    let token = world.ticket(&agent_ticket_request(&agent)).await;
    let first = world.opening("first", &token).await;
    world.connect(&first).await.unwrap();
    let second = world.opening("second", &token).await;
    assert_eq!(code(world.connect(&second).await), "unauthenticated");
    assert_eq!(workspace.connection("LIVE", &first).await["c"], "first");
    world.disconnect(&first).await.unwrap();
    let third = world.opening("third", &token).await;
    assert_eq!(
        code(world.connect(&third).await),
        "unauthenticated",
        "it was used"
    );
    assert_eq!(workspace.connection("LIVE", &first).await["c"], Value::Null);
}

#[tokio::test]
async fn a_ticket_that_is_used_twice_at_once_opens_one_connection() {
    let workspace = Workspace::open().await;
    let world = &workspace.world;
    let visitor = workspace.visitor().await;
    let token = world.ticket(&visitor_ticket_request(&visitor)).await;
    let (first, second) = (
        world.opening("first", &token).await,
        world.opening("second", &token).await,
    );
    let (one, other) = tokio::join!(world.connect(&first), world.connect(&second));
    assert_ne!(one.is_ok(), other.is_ok());
    assert_eq!(open_sockets(&workspace).await, 1);
}

/// They had a ticket before they lost the access.
#[tokio::test]
async fn holders_who_have_lost_their_access_cannot_connect() {
    let workspace = Workspace::open().await;
    let world = &workspace.world;
    let (signed_out, removed) = (workspace.agent("Dana").await, workspace.agent("Omer").await);
    let blocked = workspace.visitor().await;
    let mut openings = Vec::new();
    for (request, id) in [
        (agent_ticket_request(&signed_out), "signed-out"),
        (agent_ticket_request(&removed), "removed"),
        (visitor_ticket_request(&blocked), "blocked"),
    ] {
        let token = world.ticket(&request).await;
        openings.push(world.opening(id, &token).await);
    }
    workspace.sign_out(&signed_out).await;
    workspace.remove(&removed).await;
    workspace.block(&blocked).await;
    let refused = ["unauthenticated", "unauthenticated", "blocked"];
    let part = format!("VIS#{}", blocked.id);
    let parts = ["LIVE", "LIVE", part.as_str()];
    for ((opened, refused), part) in openings.iter().zip(refused).zip(parts) {
        assert_eq!(code(world.connect(opened).await), refused);
        let row = workspace.connection(part, opened).await;
        assert_eq!(row["c"], Value::Null, "{part}");
    }
    assert_eq!(open_sockets(&workspace).await, 0);
}

#[tokio::test]
async fn sockets_of_a_suspended_tenant_are_refused() {
    let workspace = Workspace::open().await;
    let (agents, visitors, _) = openings(&workspace).await;
    workspace.suspend().await;
    for opened in [&agents, &visitors] {
        assert_eq!(
            code(workspace.world.connect(opened).await),
            "suspended",
            "{opened:?}"
        );
    }
}

#[tokio::test]
async fn events_without_a_ticket_are_broken() {
    let workspace = Workspace::open().await;
    let (valid, _, _) = openings(&workspace).await;
    for authorizer in [
        json!({}),
        json!({ "ticket": "" }),
        json!({ "ticket": "{}" }),
        json!({ "ticket": 5 }),
    ] {
        let opened = OpenedConnection {
            authorizer,
            ..valid.clone()
        };
        for outcome in [
            workspace.world.connect(&opened).await,
            workspace.world.disconnect(&opened).await,
        ] {
            assert_eq!(code(outcome), "broken_event");
        }
    }
}

#[tokio::test]
async fn closed_connections_are_deleted_and_counted_out() {
    let workspace = Workspace::open().await;
    let (agents, visitors, visitor) = openings(&workspace).await;
    let part = format!("VIS#{}", visitor.id);
    for opened in [&agents, &visitors] {
        workspace.world.connect(opened).await.unwrap();
    }
    workspace.world.advance(TICKET_SECONDS);
    for (opened, part) in [(&agents, "LIVE"), (&visitors, part.as_str())] {
        workspace.world.disconnect(opened).await.unwrap();
        assert_eq!(workspace.connection(part, opened).await, Value::Null);
    }
    assert_eq!(open_sockets(&workspace).await, 0);
}

#[tokio::test]
async fn departures_of_agents_are_counted_and_told() {
    let workspace = Workspace::open().await;
    let (dana, omer) = (workspace.agent("Dana").await, workspace.agent("Omer").await);
    let mut sockets = Vec::new();
    for agent in [&dana, &omer, &omer] {
        let socket = workspace.agent_socket(agent).await;
        socket.hello(&[]).await;
        sockets.push(socket);
    }
    assert_eq!(agents_online(&workspace).await, 2, "Omer has two tabs");
    workspace.world.advance(TICKET_SECONDS);
    let world = &workspace.world;
    world.disconnect(&sockets[2].opened).await.unwrap();
    assert_eq!(agents_online(&workspace).await, 2);
    world.disconnect(&sockets[1].opened).await.unwrap();
    assert_eq!(agents_online(&workspace).await, 1);
    world.disconnect(&sockets[0].opened).await.unwrap();
    assert_eq!(agents_online(&workspace).await, 0);
    let told = world.updates("inbox", "agents_online");
    let told: Vec<_> = told.iter().map(|update| &update["agents"]).collect();
    // When the last one leaves, no connection is left to be told.
    assert_eq!(told, [1, 2, 1]);
}

/// The counts of visitors who are online in a conversation, as agents were told.
fn told(workspace: &Workspace) -> Vec<bool> {
    let updates = workspace.world.updates("conversation", "presence");
    let online = updates.iter().map(|update| &update["is_visitor_online"]);
    online.map(|online| online.as_bool().unwrap()).collect()
}

/// A visitor with sockets that show a conversation.
async fn talking(workspace: &Workspace, sockets: usize) -> (Vec<Arc<Socket>>, ConversationId) {
    let visitor = workspace.visitor().await;
    let conversation = workspace.conversation(&visitor).await;
    let mut opened = Vec::new();
    for _ in 0..sockets {
        let socket = workspace.visitor_socket(&visitor).await;
        socket.hello(&[(conversation, 1)]).await;
        opened.push(socket);
    }
    (opened, conversation)
}

#[tokio::test]
async fn visitors_are_offline_when_their_last_socket_has_closed() {
    let workspace = Workspace::open().await;
    let (sockets, _) = talking(&workspace, 2).await;
    workspace.world.advance(TICKET_SECONDS);
    workspace
        .world
        .disconnect(&sockets[0].opened)
        .await
        .unwrap();
    assert_eq!(told(&workspace), [true, true], "the next page is open");
    for _ in 0..2 {
        workspace
            .world
            .disconnect(&sockets[1].opened)
            .await
            .unwrap();
        assert_eq!(told(&workspace), [true, true, false]);
    }
}

#[tokio::test]
async fn visitors_who_said_no_hello_leave_without_a_word() {
    let workspace = Workspace::open().await;
    let visitor = workspace.visitor().await;
    let socket = workspace.visitor_socket(&visitor).await;
    workspace.world.disconnect(&socket.opened).await.unwrap();
    assert!(told(&workspace).is_empty());
}

/// API Gateway calls `$connect` once. A client whose connection was refused opens another one with a new ticket.
struct Connecting {
    workspace: Workspace,
    first: Arc<Socket>,
    is_refused: AtomicBool,
}

impl Connecting {
    async fn arrange(is_removed: bool) -> Self {
        let workspace = Workspace::open().await;
        let agent = workspace.agent("Dana").await;
        let token = workspace.world.ticket(&agent_ticket_request(&agent)).await;
        let first = workspace.attach(&token).await;
        if is_removed {
            workspace.remove(&agent).await;
        }
        workspace.world.state("desk-ws-presence").await;
        Self {
            workspace,
            first,
            is_refused: AtomicBool::new(false),
        }
    }

    async fn act(&self) -> Result<()> {
        if self.is_refused.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.workspace.world.connect(&self.first.opened).await {
            Err(error) if !error.is_server_error() => {
                self.is_refused.store(true, Ordering::Relaxed);
                Ok(())
            }
            outcome => outcome,
        }
    }
}

struct ConnectingAgent(Connecting);

impl Scenario for ConnectingAgent {
    async fn arrange() -> Self {
        Self(Connecting::arrange(false).await)
    }

    fn faults(&self) -> &Faults {
        self.0.workspace.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.0.act().await
    }

    /// The connection is stored, or its ticket stays used. It is counted at most once.
    async fn check(&self, story: &str) {
        let Connecting {
            workspace, first, ..
        } = &self.0;
        let row = workspace.connection("LIVE", &first.opened).await;
        assert_ne!(row, Value::Null, "{story}");
        assert!((0..=1).contains(&open_sockets(workspace).await), "{story}");
    }
}

#[tokio::test]
async fn tickets_open_one_connection_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<ConnectingAgent>().await;
    assert!(calls >= 4, "{calls}");
}

struct ConnectingRemoved(Connecting);

impl Scenario for ConnectingRemoved {
    async fn arrange() -> Self {
        Self(Connecting::arrange(true).await)
    }

    fn faults(&self) -> &Faults {
        self.0.workspace.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.0.act().await
    }

    /// API Gateway opened no connection. A frame over one that is stored would be refused.
    async fn check(&self, story: &str) {
        let Connecting {
            workspace, first, ..
        } = &self.0;
        workspace
            .world
            .frame(&first.opened, &json!({ "type": "ping" }))
            .await
            .unwrap();
        let expected = ("bye".to_owned(), "signed_out".to_owned());
        assert_eq!(first.last_answer(), expected, "{story}");
        assert_eq!(open_sockets(workspace).await, 0, "{story}");
    }
}

#[tokio::test]
async fn removed_members_cannot_connect_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<ConnectingRemoved>().await;
    assert!(calls >= 4, "{calls}");
}

/// API Gateway calls `$disconnect` again when it failed.
struct Leaving {
    workspace: Workspace,
    socket: Arc<Socket>,
}

impl Scenario for Leaving {
    async fn arrange() -> Self {
        let workspace = Workspace::open().await;
        let (mut sockets, _) = talking(&workspace, 1).await;
        workspace.world.advance(TICKET_SECONDS);
        workspace.world.state("desk-ws-presence").await;
        Self {
            socket: sockets.remove(0),
            workspace,
        }
    }

    fn faults(&self) -> &Faults {
        self.workspace.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.workspace.world.disconnect(&self.socket.opened).await
    }

    async fn check(&self, story: &str) {
        let ticket = ticket_of(&self.socket.opened);
        let part = format!("VIS#{}", ticket["holder"]["visitor"].as_str().unwrap());
        let row = self.workspace.connection(&part, &self.socket.opened).await;
        assert_eq!(row, Value::Null, "{story}");
        assert_eq!(told(&self.workspace), [true, false], "{story}");
        let online = self.workspace.row(&part, "ONLINE").await;
        assert_eq!(online, Value::Null, "{story}");
    }
}

#[tokio::test]
async fn departures_of_visitors_are_told_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Leaving>().await;
    assert!(calls >= 6, "{calls}");
}
