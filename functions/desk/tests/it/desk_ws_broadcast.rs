//! `desk-ws-broadcast`: delivers the updates of a channel to its connections.

use confab_core::{Result, TicketId};
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use desk_domain::ConversationId;
use serde_json::{Value, json};

use crate::{
    desk_ws_message::{Talk, talk},
    sockets::numbers,
    workspace::Workspace,
    world::BROADCAST_QUEUE,
};

/// A job of a channel of the tenant, with these updates.
fn job(workspace: &Workspace, mut channel: Value, updates: Value) -> Value {
    channel["tenant"] = json!(workspace.tenant);
    json!({ "version": "1", "room": channel, "at": workspace.now(), "news": updates })
}

fn inbox() -> Value {
    json!({ "kind": "inbox" })
}

fn conversation(id: ConversationId) -> Value {
    json!({ "kind": "conversation", "conversation": id })
}

fn removed(workspace: &Workspace, party: Value, reason: &str) -> Value {
    json!({ "kind": "removed", "party": party, "reason": reason, "at": workspace.now() })
}

/// Lets the visitor post messages, and returns the jobs of the conversation and of the inbox.
async fn posted(talk: &Talk, texts: &[&str]) -> (Vec<Value>, Vec<Value>) {
    for text in texts {
        let id = format!("message-{text}");
        talk.visitors.say(talk.conversation, &id, text).await;
    }
    let jobs = talk.workspace.world.take(BROADCAST_QUEUE).into_iter();
    jobs.partition(|job| job["room"]["kind"] == "conversation")
}

#[tokio::test]
async fn messages_of_a_batch_go_out_in_one_frame() {
    let talk = talk().await;
    let (jobs, _) = posted(&talk, &["first", "second", "third"]).await;
    talk.workspace.world.broadcast(&jobs).await.unwrap();
    for socket in [&talk.visitors, &talk.agents] {
        assert_eq!(socket.texts(), ["first", "second", "third"]);
        assert_eq!(socket.types(), ["message:receive"]);
        assert_eq!(numbers(&socket.last()), (vec![2, 3, 4], 1, 4));
    }
}

#[tokio::test]
async fn removed_parties_receive_nothing_of_the_batch_but_the_reason() {
    for is_agent in [true, false] {
        let talk = talk().await;
        let workspace = &talk.workspace;
        let (mut jobs, _) = posted(&talk, &["before", "after"]).await;
        let (party, reason) = if is_agent {
            (json!(talk.agent.user), "signed_out")
        } else {
            (json!(talk.visitor.id), "blocked")
        };
        let updates = json!([removed(workspace, party, reason)]);
        let removal = job(workspace, conversation(talk.conversation), updates);
        jobs.insert(1, removal);
        workspace.world.broadcast(&jobs).await.unwrap();
        let (gone, kept) = if is_agent {
            (&talk.agents, &talk.visitors)
        } else {
            (&talk.visitors, &talk.agents)
        };
        assert_eq!(
            (gone.types(), gone.is_closed()),
            (vec!["bye".to_owned()], true)
        );
        assert_eq!(gone.last()["reason"], reason);
        assert_eq!(
            (kept.texts(), kept.is_closed()),
            (vec!["before".to_owned(), "after".to_owned()], false)
        );
    }
}

#[tokio::test]
async fn sockets_of_a_party_that_were_opened_later_stay_open() {
    let talk = talk().await;
    let workspace = &talk.workspace;
    let updates = json!([removed(workspace, json!(talk.agent.user), "signed_out")]);
    let removal = job(workspace, inbox(), updates);
    workspace.world.advance(1);
    let later = workspace.agent_socket(&talk.agent).await;
    workspace.world.broadcast(&[removal]).await.unwrap();
    assert!(talk.agents.is_closed() && !later.is_closed());
}

#[tokio::test]
async fn suspensions_close_the_sockets_of_all_agents() {
    let talk = talk().await;
    let workspace = &talk.workspace;
    let other = workspace.agent("Omer").await;
    let others = workspace.agent_socket(&other).await;
    let neighbour = Workspace::over(workspace.world.clone()).await;
    let foreign = neighbour.agent("Gil").await;
    let foreign = neighbour.agent_socket(&foreign).await;
    let updates = json!([removed(workspace, Value::Null, "suspended")]);
    let removal = job(workspace, inbox(), updates);
    workspace.world.broadcast(&[removal]).await.unwrap();
    for socket in [&talk.agents, &others] {
        assert_eq!(
            (socket.last()["reason"].clone(), socket.is_closed()),
            (json!("suspended"), true)
        );
    }
    assert!(!foreign.is_closed() && foreign.frames().is_empty());
}

/// The process died between the removal and its publication.
#[tokio::test]
async fn unpublished_removals_close_connections_with_the_next_broadcast() {
    let talk = talk().await;
    let workspace = &talk.workspace;
    let removal = json!({
        "reason": "signed_out", "tickets_until": workspace.now(), "expires_at": 9_999_999_999_i64,
    });
    let sk = talk.agent.user.to_string();
    workspace.put("GONE#LIVE", &sk, &removal).await;
    let (_, jobs) = posted(&talk, &["after"]).await;
    workspace.world.broadcast(&jobs).await.unwrap();
    assert_eq!(
        (talk.agents.types(), talk.agents.is_closed()),
        (vec!["bye".to_owned()], true)
    );
    assert_eq!(workspace.row("GONE#LIVE", &sk).await, Value::Null);
}

#[tokio::test]
async fn closed_sockets_leave_their_conversations_with_the_next_message() {
    let talk = talk().await;
    let workspace = &talk.workspace;
    let part = format!("CONV#{}", talk.conversation);
    let row = workspace.connection(&part, &talk.agents.opened).await;
    let ticket = TicketId::new(workspace.now(), &|| [5; 10]);
    let mut vanished = row;
    vanished["c"] = json!("vanished");
    let sk = format!("LIVE#{ticket}");
    workspace.put(&part, &sk, &vanished).await;
    workspace.world.advance(60);
    let (jobs, _) = posted(&talk, &["hello"]).await;
    workspace.world.broadcast(&jobs).await.unwrap();
    assert_eq!(workspace.row(&part, &sk).await, Value::Null);
    assert_eq!(talk.agents.texts(), ["hello"]);
}

/// Clients have repaired the gaps of messages by then. What they cannot notice is delivered.
#[tokio::test]
async fn late_updates_are_skipped_unless_clients_cannot_repair_them() {
    let talk = talk().await;
    let (mut jobs, heads) = posted(&talk, &["hello"]).await;
    let mut message = jobs[0]["news"][0]["entries"][0].clone();
    message["rev"] = json!(1);
    let changed = json!({
        "kind": "changed", "conversation": talk.conversation, "message": message,
    });
    let channel = conversation(talk.conversation);
    jobs.push(job(&talk.workspace, channel, json!([changed])));
    talk.workspace.world.advance(61);
    talk.workspace.world.broadcast(&jobs).await.unwrap();
    talk.workspace.world.broadcast(&heads).await.unwrap();
    assert_eq!(talk.visitors.types(), ["changed"]);
    assert_eq!(talk.agents.types(), ["changed", "head"]);
}

#[tokio::test]
async fn malformed_rows_are_skipped() {
    let talk = talk().await;
    let part = format!("CONV#{}", talk.conversation);
    let until = 9_999_999_999_i64;
    for (sk, row) in [
        ("LIVE#no ticket", json!({ "c": "x", "expires_at": until })),
        (
            "LIVE#tkt_zzz",
            json!({ "c": "y", "u": "no one", "expires_at": until }),
        ),
        ("LIVE#zzz", json!({ "c": 1 })),
    ] {
        talk.workspace.put(&part, sk, &row).await;
    }
    let gone = format!("GONE#{part}");
    talk.workspace
        .put(&gone, "usr_broken", &json!({ "a": 1 }))
        .await;
    let (jobs, _) = posted(&talk, &["hello"]).await;
    talk.workspace.world.broadcast(&jobs).await.unwrap();
    assert_eq!(talk.agents.texts(), ["hello"]);
}

#[tokio::test]
async fn batches_without_jobs_do_nothing() {
    let talk = talk().await;
    talk.workspace.world.broadcast(&[]).await.unwrap();
    assert!(talk.agents.frames().is_empty());
}

/// A batch with a message, a removal and a later message, delivered until it is handled.
struct Batch {
    talk: Talk,
    jobs: Vec<Value>,
}

impl Scenario for Batch {
    async fn arrange() -> Self {
        let talk = talk().await;
        let workspace = &talk.workspace;
        let (mut jobs, _) = posted(&talk, &["before", "after"]).await;
        let updates = json!([removed(workspace, json!(talk.agent.user), "signed_out")]);
        let removal = job(workspace, conversation(talk.conversation), updates);
        jobs.insert(1, removal);
        workspace.world.state("desk-ws-broadcast").await;
        Self { talk, jobs }
    }

    fn faults(&self) -> &Faults {
        self.talk.workspace.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.talk.workspace.world.broadcast(&self.jobs).await
    }

    /// Messages that were posted in vain are repaired by the client.
    async fn check(&self, story: &str) {
        assert!(self.talk.agents.texts().is_empty(), "{story}");
        // A post whose reply is lost is made again, and clients skip numbers that they have.
        let mut texts: Vec<_> = Vec::new();
        for text in self.talk.visitors.texts() {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        assert_eq!(texts, ["before", "after"], "{story}");
    }
}

#[tokio::test(start_paused = true)]
async fn batches_are_delivered_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Batch>().await;
    assert!(calls >= 5, "{calls}");
}
