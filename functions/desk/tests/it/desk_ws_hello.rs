//! `desk-ws-message`: `hello`, which repairs the gaps of a client, and `watch` of agents.

use std::sync::Arc;

use confab_core::{Result, Timestamp};
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use desk_domain::{ConversationId, MAX_FRAME_BYTES};
use serde_json::{Value, json};

use crate::{
    desk_ws_message::{Talk, talk},
    sockets::{Socket, hello, numbers},
    workspace::{AgentSession, Workspace},
};

/// A visitor's conversation with an agent, and a socket of each that has said nothing yet.
struct Silent {
    workspace: Workspace,
    agent: AgentSession,
    conversation: ConversationId,
    visitors: Arc<Socket>,
    agents: Arc<Socket>,
}

async fn silent() -> Silent {
    let workspace = Workspace::open().await;
    let (visitor, agent) = (workspace.visitor().await, workspace.agent("Dana").await);
    Silent {
        conversation: workspace.conversation(&visitor).await,
        visitors: workspace.visitor_socket(&visitor).await,
        agents: workspace.agent_socket(&agent).await,
        workspace,
        agent,
    }
}

impl Silent {
    async fn append(&self, text: &str, is_note: bool) -> u64 {
        let (conversation, agent) = (self.conversation, &self.agent);
        self.workspace
            .append(conversation, agent, text, is_note)
            .await
    }
}

#[tokio::test]
async fn clients_are_welcomed_with_the_end_of_the_socket_and_the_last_numbers() {
    let silent = silent().await;
    silent.visitors.hello(&[(silent.conversation, 1)]).await;
    let expected = json!({
        "v": 1, "type": "welcome", "now": "2026-11-29T12:00:00Z", "until": "2026-11-29T14:00:00Z",
        "last_seqs": { silent.conversation.to_string(): 1 },
    });
    assert_eq!(silent.visitors.frames()[0], expected);
    assert_eq!(silent.visitors.types(), ["welcome", "presence"]);
    let presence = silent.visitors.last();
    assert_eq!(
        (&presence["agents"], &presence["is_visitor_online"]),
        (&json!(0), &json!(true))
    );
    silent.agents.hello(&[]).await;
    assert_eq!(silent.agents.types(), ["welcome", "presence"]);
    let presence = json!({ "v": 1, "type": "presence", "agents": 1 });
    assert_eq!(silent.agents.last(), presence);
}

#[tokio::test]
async fn missed_messages_are_sent_and_notes_are_covered_and_not_sent_to_visitors() {
    let silent = silent().await;
    for (text, is_note) in [
        ("first", false),
        ("secret", true),
        ("third", false),
        ("secret", true),
    ] {
        silent.append(text, is_note).await;
    }
    for client_seq in [0, 1, 2, 3, 4, 5, 99] {
        let known = [(silent.conversation, client_seq)];
        silent.visitors.hello(&known).await;
        silent.agents.hello(&known).await;
        let seen = silent.visitors.frames_of("backfill");
        let all = silent.agents.frames_of("backfill");
        silent.visitors.clear();
        silent.agents.clear();
        if client_seq >= 5 {
            assert!(seen.is_empty() && all.is_empty(), "nothing is missed");
            continue;
        }
        let expected: Vec<_> = (client_seq + 1..=5).collect();
        assert_eq!(numbers(&all[0]), (expected.clone(), client_seq, 5));
        let public = |seq: &u64| [1, 2, 4].contains(seq);
        let expected = expected.into_iter().filter(public).collect();
        assert_eq!(numbers(&seen[0]), (expected, client_seq, 5));
        assert!(!seen[0].to_string().contains("secret"));
    }
}

#[tokio::test]
async fn clients_that_missed_many_messages_get_the_latest_page() {
    let silent = silent().await;
    silent.append("first", false).await;
    let part = format!("CONV#{}", silent.conversation);
    let mut message = silent.workspace.row(&part, "MSG#000000000002").await;
    for seq in 3..=102 {
        message["seq"] = json!(seq);
        let sk = format!("MSG#{seq:012}");
        silent.workspace.put(&part, &sk, &message).await;
    }
    let last = json!({ "last_seq": 102 });
    silent.workspace.change(&part, "HEAD", last).await;
    for (client_seq, first) in [(1, 53), (2, 3)] {
        silent.visitors.clear();
        silent
            .visitors
            .hello(&[(silent.conversation, client_seq)])
            .await;
        let frames = silent.visitors.frames_of("backfill");
        let (seqs, after_seq, _) = numbers(&frames[0]);
        assert_eq!((seqs[0], after_seq), (first, first - 1), "{client_seq}");
        assert_eq!(numbers(frames.last().unwrap()).2, 102);
    }
}

/// Messages of 4,000 characters in three bytes each do not fit into one frame.
#[tokio::test]
async fn long_gaps_are_split_into_frames_without_a_gap_between_them() {
    let silent = silent().await;
    for _ in 0..8 {
        silent.append(&"\u{20ac}".repeat(4_000), false).await;
    }
    silent.visitors.hello(&[(silent.conversation, 1)]).await;
    let frames = silent.visitors.frames_of("backfill");
    assert!(frames.len() > 1);
    let mut covered = 1;
    for frame in &frames {
        assert!(frame.to_string().len() <= MAX_FRAME_BYTES);
        let (_, after_seq, last_seq) = numbers(frame);
        assert_eq!(after_seq, covered);
        covered = last_seq;
    }
    assert_eq!(covered, 9);
    assert_eq!(silent.visitors.texts().len(), 8);
}

/// They are left out of the welcome, and refused once.
#[tokio::test]
async fn conversations_of_others_are_not_shown_to_a_client_that_names_them() {
    let talk = talk().await;
    let other = Workspace::over(talk.workspace.world.clone()).await;
    let foreign = other.conversation(&other.visitor().await).await;
    let strangers = talk.workspace.visitor().await;
    let strangers = talk.workspace.conversation(&strangers).await;
    let unknown = ConversationId::new(Timestamp::UNIX_EPOCH, &|| [7; 10]);
    let mut answers = Vec::new();
    for id in [foreign, strangers, unknown] {
        talk.visitors.clear();
        talk.visitors
            .hello(&[(talk.conversation, 0), (id, 0)])
            .await;
        let last_seqs = json!({ talk.conversation.to_string(): 1 });
        assert_eq!(talk.visitors.frames()[0]["last_seqs"], last_seqs);
        let backfills = talk.visitors.frames_of("backfill");
        let own = json!(talk.conversation);
        assert!(
            backfills
                .iter()
                .all(|frame| frame["conversation_id"] == own)
        );
        answers.push(talk.visitors.last());
        let part = format!("CONV#{id}");
        let row = talk
            .workspace
            .connection(&part, &talk.visitors.opened)
            .await;
        assert_eq!(row, Value::Null, "it is in no channel of others");
    }
    assert_eq!(answers[0]["code"], "conversation_not_found");
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    talk.agents.clear();
    talk.agents.hello(&[(foreign, 0), (unknown, 0)]).await;
    assert_eq!(talk.agents.frames()[0]["last_seqs"], json!({}));
    assert_eq!(talk.agents.last()["code"], "conversation_not_found");
}

#[tokio::test]
async fn a_second_hello_adds_a_conversation_that_began_later() {
    let talk = talk().await;
    let later = talk.workspace.conversation(&talk.visitor).await;
    talk.visitors.hello(&[(later, 0)]).await;
    talk.visitors.clear();
    for (conversation, id) in [(talk.conversation, "message-0001"), (later, "message-0002")] {
        talk.agents.say(conversation, id, id).await;
    }
    talk.workspace.world.deliver_broadcasts().await;
    let mut texts = talk.visitors.texts();
    texts.sort();
    assert_eq!(texts, ["message-0001", "message-0002"]);
}

#[tokio::test]
async fn sockets_receive_the_messages_of_the_conversations_that_they_named_alone() {
    let talk = talk().await;
    let second = talk.workspace.conversation(&talk.visitor).await;
    talk.agents.say(second, "message-0001", "hello").await;
    talk.workspace.world.deliver_broadcasts().await;
    assert!(talk.visitors.texts().is_empty());
    assert!(talk.agents.texts().is_empty());
    let heads = talk.agents.frames_of("head");
    assert_eq!(heads[0]["head"]["id"], json!(second));
}

#[tokio::test]
async fn agents_watch_conversations_until_they_stop() {
    let talk = talk().await;
    let frame = |kind: &str| json!({ "type": kind, "conversation_id": talk.conversation });
    let answers = async || {
        talk.visitors
            .say(talk.conversation, "message-0001", "hello")
            .await;
        talk.workspace.world.deliver_broadcasts().await;
        talk.agents.texts()
    };
    talk.agents.frame(frame("unwatch")).await.unwrap();
    assert!(answers().await.is_empty());
    // A ticket that is as young as this one is remembered, and still watches again.
    talk.agents.clear();
    talk.agents.frame(frame("watch")).await.unwrap();
    let marker = &talk.agents.frames()[0];
    assert_eq!(marker["type"], "backfill");
    assert_eq!(numbers(marker), (vec![], 2, 2), "the client asks for it");
    let presence = talk.agents.last();
    assert_eq!(
        (&presence["agents"], &presence["is_visitor_online"]),
        (&json!(1), &json!(true))
    );
    talk.visitors
        .say(talk.conversation, "message-0002", "again")
        .await;
    talk.workspace.world.deliver_broadcasts().await;
    assert_eq!(talk.agents.texts(), ["again"]);
}

#[tokio::test]
async fn visitors_do_not_watch() {
    let talk = talk().await;
    for kind in ["watch", "unwatch"] {
        let frame = json!({ "type": kind, "conversation_id": talk.conversation });
        talk.visitors.frame(frame).await.unwrap();
        assert_eq!(talk.visitors.last()["code"], "forbidden", "{kind}");
    }
    talk.agents
        .say(talk.conversation, "message-0001", "hello")
        .await;
    talk.workspace.world.deliver_broadcasts().await;
    assert_eq!(talk.visitors.texts(), ["hello"], "it is still there");
}

#[tokio::test]
async fn visitors_see_how_many_agents_are_online_for_ninety_seconds() {
    let talk = talk().await;
    let agents = async || {
        talk.visitors.hello(&[(talk.conversation, 1)]).await;
        talk.visitors.last()["agents"].clone()
    };
    assert_eq!(agents().await, 1);
    talk.workspace.world.advance(90);
    assert_eq!(agents().await, 1);
    talk.workspace.world.advance(1);
    assert_eq!(agents().await, 0);
    let ping = json!({ "type": "ping" });
    talk.agents.frame(ping).await.unwrap();
    assert_eq!(agents().await, 1);
}

/// The client says hello on the same connection until it is welcomed.
struct Welcome(Silent);

impl Scenario for Welcome {
    async fn arrange() -> Self {
        let silent = silent().await;
        for (text, is_note) in [("first", false), ("secret", true), ("third", false)] {
            silent.append(text, is_note).await;
        }
        silent.workspace.world.state("desk-ws-message").await;
        Self(silent)
    }

    fn faults(&self) -> &Faults {
        self.0.workspace.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.0
            .visitors
            .frame(hello(&[(self.0.conversation, 2)]))
            .await
    }

    async fn check(&self, story: &str) {
        let silent = &self.0;
        assert!(!silent.visitors.frames_of("welcome").is_empty(), "{story}");
        let backfill = silent.visitors.frames_of("backfill").pop();
        let backfill = backfill.unwrap_or_default();
        assert_eq!(numbers(&backfill), (vec![4], 2, 4), "{story}");
        silent.visitors.clear();
        silent.append_and_tell().await;
        assert_eq!(silent.visitors.texts(), ["later"], "{story}");
        let told = silent.workspace.world.updates("conversation", "presence");
        assert_eq!(told.len(), 1, "{story}: an arrival is told once");
    }
}

impl Silent {
    /// Lets the agent post, and delivers it.
    async fn append_and_tell(&self) {
        self.agents
            .say(self.conversation, "message-0009", "later")
            .await;
        self.workspace.world.deliver_broadcasts().await;
    }
}

#[tokio::test]
async fn visitors_are_welcomed_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Welcome>().await;
    assert!(calls >= 11, "{calls}");
}

/// An agent says hello with a conversation until it is welcomed.
struct AgentsWelcome(Talk);

impl Scenario for AgentsWelcome {
    async fn arrange() -> Self {
        Self(talk().await)
    }

    fn faults(&self) -> &Faults {
        self.0.workspace.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let known = [(self.0.conversation, 0)];
        self.0.agents.frame(hello(&known)).await
    }

    async fn check(&self, story: &str) {
        let agents = &self.0.agents;
        assert!(!agents.frames_of("welcome").is_empty(), "{story}");
        let presence = agents.frames_of("presence");
        let online = |frame: &Value| frame["is_visitor_online"] == true && frame["agents"] == 1;
        assert!(presence.iter().any(online), "{story}");
    }
}

#[tokio::test]
async fn agents_are_welcomed_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<AgentsWelcome>().await;
    assert!(calls >= 12, "{calls}");
}
