//! `desk-ws-authorize`: admits the holders of valid tickets.

use serde_json::json;

use crate::{
    sockets::{agent_ticket_request, code, ticket_of, visitor_ticket_request},
    workspace::Workspace,
};

#[tokio::test]
async fn tickets_admit_their_holders_to_their_tenant() {
    let workspace = Workspace::open().await;
    let (agent, visitor) = (workspace.agent("Dana").await, workspace.visitor().await);
    let world = &workspace.world;
    let token = world.ticket(&agent_ticket_request(&agent)).await;
    let opened = world.opening("connection", &token).await;
    let ticket = ticket_of(&opened);
    assert_eq!(ticket["tenant"], json!(workspace.tenant));
    let expected = json!({
        "kind": "agent", "user": agent.user, "role": "agent", "session": agent.session,
    });
    assert_eq!(ticket["holder"], expected);
    assert_eq!(opened.authorizer["principalId"], json!(agent.user));
    let token = world.ticket(&visitor_ticket_request(&visitor)).await;
    let opened = world.opening("connection", &token).await;
    let ticket = ticket_of(&opened);
    let holder = &ticket["holder"];
    assert_eq!(
        (&holder["kind"], &holder["visitor"], &holder["is_verified"]),
        (&json!("visitor"), &json!(visitor.id), &json!(false))
    );
    assert_eq!(opened.authorizer["principalId"], json!(visitor.id));
}

#[tokio::test]
async fn authorizing_calls_no_service() {
    let workspace = Workspace::open().await;
    let world = &workspace.world;
    let agent = workspace.agent("Dana").await;
    let token = world.ticket(&agent_ticket_request(&agent)).await;
    world.state("desk-ws-authorize").await;
    world.cloud.faults().clear();
    for _ in 0..2 {
        world.authorize(json!({ "ticket": token })).await.unwrap();
    }
    assert!(world.cloud.faults().calls().is_empty());
}

#[tokio::test]
async fn connections_without_a_valid_ticket_are_refused() {
    let workspace = Workspace::open().await;
    let world = &workspace.world;
    let (agent, visitor) = (workspace.agent("Dana").await, workspace.visitor().await);
    let token = world.ticket(&agent_ticket_request(&agent)).await;
    let mut forged = token.clone().into_bytes();
    forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for query in [
        json!(null),
        json!({}),
        json!({ "ticket": "" }),
        json!({ "ticket": "ticket" }),
        json!({ "ticket": "x".repeat(100_000) }),
        json!({ "ticket": forged }),
        json!({ "ticket": agent.token }),
        // Sealed by us, for another purpose.
        json!({ "ticket": visitor.token }),
        json!({ "token": token }),
    ] {
        assert_eq!(
            code(world.authorize(query.clone()).await),
            "unauthenticated",
            "{query}"
        );
    }
    world.advance(30);
    assert_eq!(
        code(world.authorize(json!({ "ticket": token })).await),
        "expired"
    );
}
