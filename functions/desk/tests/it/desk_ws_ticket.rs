//! `desk-ws-ticket`: issues tickets that open one socket each, to agents and to visitors.

use std::sync::atomic::{AtomicBool, Ordering};

use confab_core::{Error, Result};
use confab_testkit::{Enumeration, Faults, Scenario, TestRequest, enumerate};
use desk_domain::Role;
use serde_json::json;

use crate::{
    sockets::{agent_ticket_request, visitor_ticket_request},
    workspace::{AgentSession, Workspace},
    world::text,
};

const FUNCTION: &str = "desk-ws-ticket";
/// The hour of the test's clock.
const HOUR: &str = "SOCKETS#2026-11-29T12";

#[tokio::test]
async fn tickets_are_issued_to_agents_and_visitors_for_thirty_seconds() {
    let workspace = Workspace::open().await;
    let mut requests = Vec::new();
    for (name, role) in [
        ("Dana", Role::Agent),
        ("Omer", Role::Admin),
        ("Gil", Role::Owner),
    ] {
        requests.push(agent_ticket_request(&workspace.member(name, role).await));
    }
    requests.push(visitor_ticket_request(&workspace.visitor().await));
    let mut urls = Vec::new();
    for request in &requests {
        let ticket = workspace.world.send(FUNCTION, request).await;
        assert_eq!(
            (ticket.status, &ticket.body["expires_at"]),
            (201, &json!("2026-11-29T12:00:30Z"))
        );
        let url = text(&ticket.body, "url").to_owned();
        assert!(
            url.starts_with("ws") && url.contains("/desk?ticket="),
            "{url}"
        );
        urls.push(url);
    }
    let again = workspace.world.send(FUNCTION, &requests[0]).await;
    assert_ne!(text(&again.body, "url"), urls[0], "each ticket is another");
}

#[tokio::test]
async fn tickets_are_refused_with_a_reason() {
    let workspace = Workspace::open().await;
    let viewer = workspace.member("Lior", Role::Viewer).await;
    let (agent, visitor) = (workspace.agent("Dana").await, workspace.visitor().await);
    let other = Workspace::over(workspace.world.clone()).await;
    let agents = |token: &str| TestRequest::post("/ws-ticket", json!({})).token(token);
    let visitors = |token: &str| TestRequest::post("/widget/ticket", json!({})).token(token);
    let cases = [
        (
            TestRequest::post("/ws-ticket", json!({})),
            401,
            "unauthenticated",
        ),
        (
            TestRequest::post("/widget/ticket", json!({})),
            401,
            "unauthenticated",
        ),
        (agents("forged.token.here"), 401, "unauthenticated"),
        (visitors("forged.token"), 401, "unauthenticated"),
        (agents(&visitor.token), 401, "unauthenticated"),
        (visitors(&agent.token), 401, "unauthenticated"),
        (agents(&viewer.token), 403, "forbidden"),
        (
            agents(&agent.token).header("x-tenant-id", other.tenant.to_string()),
            403,
            "tenant_mismatch",
        ),
    ];
    workspace.world.assert_refused(FUNCTION, cases).await;
}

/// Their tokens are still valid.
#[tokio::test]
async fn tickets_are_refused_to_those_who_have_lost_their_access() {
    let workspace = Workspace::open().await;
    let (signed_out, removed) = (workspace.agent("Dana").await, workspace.agent("Omer").await);
    let (blocked, erased) = (workspace.visitor().await, workspace.visitor().await);
    workspace.sign_out(&signed_out).await;
    workspace.remove(&removed).await;
    workspace.block(&blocked).await;
    let part = format!("VIS#{}", erased.id);
    workspace.delete(&part, "VISITOR").await;
    let cases = [
        (agent_ticket_request(&signed_out), 401, "unauthenticated"),
        (agent_ticket_request(&removed), 401, "unauthenticated"),
        (visitor_ticket_request(&blocked), 403, "blocked"),
        (visitor_ticket_request(&erased), 401, "unauthenticated"),
    ];
    workspace.world.assert_refused(FUNCTION, cases).await;
    let (agent, visitor) = (workspace.agent("Gil").await, workspace.visitor().await);
    workspace.suspend().await;
    let cases = [
        (agent_ticket_request(&agent), 403, "suspended"),
        (visitor_ticket_request(&visitor), 403, "suspended"),
    ];
    workspace.world.assert_refused(FUNCTION, cases).await;
}

#[tokio::test]
async fn twice_as_many_sockets_as_the_plan_includes_get_tickets() {
    let workspace = Workspace::open().await;
    let (agent, visitor) = (workspace.agent("Dana").await, workspace.visitor().await);
    let requests = [
        agent_ticket_request(&agent),
        visitor_ticket_request(&visitor),
    ];
    let open = |sockets: i64| json!({ "sockets": sockets });
    // A trial includes 50.
    workspace.put("USE", HOUR, &open(99)).await;
    for request in &requests {
        workspace.world.ticket(request).await;
    }
    workspace.put("USE", HOUR, &open(100)).await;
    let refused = requests.map(|request| (request, 402, "limit_reached"));
    let world = &workspace.world;
    world.assert_refused(FUNCTION, refused).await;
    // They lived for two hours at most, and their hour is past.
    world.advance(3 * 3_600);
    let visitor = workspace.session_of(visitor.id, false);
    world.ticket(&visitor_ticket_request(&visitor)).await;
}

#[tokio::test]
async fn other_tenants_sockets_are_not_counted() {
    let workspace = Workspace::open().await;
    let visitor = workspace.visitor().await;
    let other = Workspace::over(workspace.world.clone()).await;
    other.put("USE", HOUR, &json!({ "sockets": 1_000 })).await;
    workspace
        .world
        .ticket(&visitor_ticket_request(&visitor))
        .await;
}

/// A client that asks until it has a ticket.
struct Asking {
    workspace: Workspace,
    agent: AgentSession,
    is_answered: AtomicBool,
}

impl Scenario for Asking {
    async fn arrange() -> Self {
        let workspace = Workspace::open().await;
        let agent = workspace.agent("Dana").await;
        workspace.world.state(FUNCTION).await;
        Self {
            workspace,
            agent,
            is_answered: AtomicBool::new(false),
        }
    }

    fn faults(&self) -> &Faults {
        self.workspace.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        if self.is_answered.load(Ordering::Relaxed) {
            return Ok(());
        }
        let request = agent_ticket_request(&self.agent);
        let response = self.workspace.world.send(FUNCTION, &request).await;
        if response.status != 201 {
            return Err(Error::unavailable("not_answered", format!("{response:?}")));
        }
        self.is_answered.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn check(&self, story: &str) {
        let live = self.workspace.pk("LIVE");
        let rows = self.workspace.world.partition(&live).await;
        assert!(rows.is_empty(), "{story}: a ticket is no connection");
    }
}

#[tokio::test]
async fn tickets_are_issued_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Asking>().await;
    assert!(calls >= 5, "{calls}");
}
