//! A tenant, its agents, and visitors with conversations, written as they are stored. So that tests of sockets begin
//! without a message on a queue.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use confab_aws::{Condition, Table};
use confab_core::{Sealed, TenantId, Timestamp, UserId, after, before, hex, seal};
use confab_lambda::OsEntropy;
use desk_domain::{
    AccessClaims, Author, BotId, Contact, ConversationId, Device, EmailAddress, Head, Issuer,
    LanguageTag, Member, Message, MessageDraft, NewConversation, Person, PrechatAnswers,
    ReopenPolicy, Role, Secret, SessionClient, SessionFamily, SessionId, Slug, Tenant, VisitorId,
    VisitorSummary, start_conversation,
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::World;

/// Values of `service.toml`.
const SEAL_SECRET: &[u8] = b"desk-seal-secret";
const SIGNING_SEED: &str = "ZGVzayBzaWduaW5nIHNlZWQgb2YgYSBsYXB0b3AhISE=";
const ISSUER: Issuer<'_> = Issuer {
    iss: "https://desk.example",
    aud: "desk",
};

/// A tenant in a cloud.
#[derive(Clone)]
pub(crate) struct Workspace {
    pub(crate) world: Arc<World>,
    pub(crate) tenant: TenantId,
    pub(crate) bot: BotId,
}

/// A member with a session.
#[derive(Debug, Clone)]
pub(crate) struct AgentSession {
    pub(crate) user: UserId,
    pub(crate) name: &'static str,
    pub(crate) session: SessionId,
    pub(crate) token: String,
}

/// A visitor with a session.
#[derive(Debug, Clone)]
pub(crate) struct VisitorSession {
    pub(crate) id: VisitorId,
    pub(crate) token: String,
}

/// The token of a visitor, as it is sealed.
#[derive(Serialize, Deserialize)]
struct VisitorToken {
    tenant: TenantId,
    bot: BotId,
    visitor: VisitorId,
    is_verified: bool,
}

impl Sealed for VisitorToken {
    const PURPOSE: &'static str = "desk-visitor";
}

impl Workspace {
    /// Opens a cloud with a tenant on trial.
    pub(crate) async fn open() -> Self {
        Self::over(Arc::new(World::open().await)).await
    }

    /// Adds a tenant to a cloud.
    pub(crate) async fn over(world: Arc<World>) -> Self {
        let workspace = Self {
            tenant: TenantId::new(world.now(), &OsEntropy),
            bot: BotId::new(world.now(), &OsEntropy),
            world,
        };
        let owner = UserId::new(workspace.now(), &OsEntropy);
        let slug = Slug::parse("shop").unwrap();
        let locale = LanguageTag::parse("en").unwrap();
        let tenant = Tenant::new(
            workspace.tenant,
            slug,
            "Shop",
            locale,
            owner,
            workspace.now(),
        )
        .unwrap();
        workspace.put("", "TENANT", &tenant).await;
        workspace
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.now()
    }

    pub(crate) fn pk(&self, part: &str) -> String {
        match part {
            "" => format!("T#{}", self.tenant),
            part => format!("T#{}#{part}", self.tenant),
        }
    }

    /// Writes a row of the tenant.
    pub(crate) async fn put<T: Serialize>(&self, part: &str, sk: &str, value: &T) {
        self.world.put_row(&self.pk(part), sk, value).await;
    }

    /// Reads a row of the tenant; null when there is none.
    pub(crate) async fn row(&self, part: &str, sk: &str) -> Value {
        self.world.row(&self.pk(part), sk).await
    }

    pub(crate) async fn delete(&self, part: &str, sk: &str) {
        let key = Table::key(self.pk(part), sk);
        self.world.table().delete(key).await.unwrap();
    }

    /// Changes attributes of a row of the tenant.
    pub(crate) async fn change(&self, part: &str, sk: &str, change: Value) {
        let mut row = self.row(part, sk).await;
        for (name, value) in change.as_object().unwrap() {
            row[name] = value.clone();
        }
        self.put(part, sk, &row).await;
    }

    // People.

    pub(crate) async fn agent(&self, name: &'static str) -> AgentSession {
        self.member(name, Role::Agent).await
    }

    /// Adds a member who has signed in a minute ago.
    pub(crate) async fn member(&self, name: &'static str, role: Role) -> AgentSession {
        let (world, now) = (&self.world, self.now());
        let user = UserId::new(now, &OsEntropy);
        let email = format!("{}@example.com", user.to_string().replace('_', "-"));
        let email = EmailAddress::parse(&email).unwrap();
        let mut person = Person::new(user, email, name, now).unwrap();
        person.tenants.insert(self.tenant);
        world.put_row(&format!("U#{user}"), "PERSON", &person).await;
        let member = Member::join(user, role, [].into(), now).member.unwrap();
        self.put("", &format!("MEMBER#{user}"), &member).await;
        let session = SessionId::new(now, &OsEntropy);
        let device = Device::new(SessionClient::Browser, "Firefox", None);
        let began_at = before(now, std::time::Duration::from_secs(60));
        let family = SessionFamily::new(session, user, Secret::new(&OsEntropy), device, began_at);
        let family = family.switched_to(self.tenant);
        world
            .put_row(&format!("F#{session}"), "FAMILY", &family)
            .await;
        let claims = AccessClaims::new(ISSUER, &family, Some(role), now);
        AgentSession {
            user,
            name,
            session,
            token: sign(&claims),
        }
    }

    /// Ends the session of a member.
    pub(crate) async fn sign_out(&self, agent: &AgentSession) {
        let pk = format!("F#{}", agent.session);
        let mut family = self.world.row(&pk, "FAMILY").await;
        family["end"] = json!({ "reason": "logout", "at": self.now() });
        self.world.put_row(&pk, "FAMILY", &family).await;
    }

    pub(crate) async fn remove(&self, agent: &AgentSession) {
        self.delete("", &format!("MEMBER#{}", agent.user)).await;
    }

    /// Suspends the tenant, as an operator does.
    pub(crate) async fn suspend(&self) {
        let mut tenant = self.row("", "TENANT").await;
        tenant["lifecycle"]["holds"]["platform"] = json!({ "since": self.now() });
        self.put("", "TENANT", &tenant).await;
        // Processes know the state of a tenant for half a minute.
        self.world.advance(30);
    }

    /// Adds a visitor with a session.
    pub(crate) async fn visitor(&self) -> VisitorSession {
        let id = VisitorId::new(self.now(), &OsEntropy);
        let contact = Contact::unverified(id, self.now());
        self.put(&format!("VIS#{id}"), "VISITOR", &contact).await;
        self.session_of(id, false)
    }

    /// Returns a session of a visitor.
    pub(crate) fn session_of(&self, id: VisitorId, is_verified: bool) -> VisitorSession {
        let token = VisitorToken {
            tenant: self.tenant,
            bot: self.bot,
            visitor: id,
            is_verified,
        };
        let expires_at = after(self.now(), std::time::Duration::from_secs(86_400));
        VisitorSession {
            id,
            token: seal(SEAL_SECRET, &token, expires_at).unwrap(),
        }
    }

    pub(crate) async fn block(&self, visitor: &VisitorSession) {
        let blocked = json!({ "blocked_at": self.now() });
        self.change(&format!("VIS#{}", visitor.id), "VISITOR", blocked)
            .await;
    }

    // Conversations.

    /// Adds a conversation of a visitor with people. Its event of the start has the number 1.
    pub(crate) async fn conversation(&self, visitor: &VisitorSession) -> ConversationId {
        let id = ConversationId::new(self.now(), &OsEntropy);
        let new = NewConversation {
            id,
            visitor: VisitorSummary {
                id: visitor.id,
                name: None,
                is_verified: false,
                is_blocked: false,
            },
            bot_id: None,
            language: None,
            reopening: ReopenPolicy::default(),
            prechat: PrechatAnswers::default(),
        };
        let author = Author::Visitor {
            id: visitor.id,
            name: None,
        };
        let started = start_conversation(new, None, &author, self.now()).unwrap();
        self.put_head(&started.head).await;
        for entry in &started.entries {
            self.put_message(id, entry).await;
        }
        id
    }

    async fn put_head(&self, head: &Head) {
        self.put(&format!("CONV#{}", head.id), "HEAD", head).await;
    }

    async fn put_message(&self, id: ConversationId, message: &Message) {
        let sk = format!("MSG#{:012}", message.seq);
        self.put(&format!("CONV#{id}"), &sk, message).await;
    }

    pub(crate) async fn head(&self, id: ConversationId) -> Value {
        self.row(&format!("CONV#{id}"), "HEAD").await
    }

    pub(crate) async fn last_seq(&self, id: ConversationId) -> u64 {
        self.head(id).await["last_seq"].as_u64().unwrap()
    }

    /// Appends a message or a note of an agent, of which no socket is told. Returns its number.
    pub(crate) async fn append(
        &self,
        id: ConversationId,
        agent: &AgentSession,
        text: &str,
        is_note: bool,
    ) -> u64 {
        let seq = self.last_seq(id).await + 1;
        let client_id = format!("appended-{seq:04}");
        let draft = if is_note {
            MessageDraft::note(&client_id, text, [].into()).unwrap()
        } else {
            MessageDraft::parse(&client_id, text).unwrap()
        };
        let author = Author::Agent {
            id: agent.user,
            name: agent.name.into(),
        };
        let message = Message::of_draft(&draft, &author, seq, self.now());
        self.put_message(id, &message).await;
        self.change(&format!("CONV#{id}"), "HEAD", json!({ "last_seq": seq }))
            .await;
        seq
    }

    /// The texts of a conversation, in order. Events have none.
    pub(crate) async fn texts(&self, id: ConversationId) -> Vec<String> {
        let rows = self.world.partition(&self.pk(&format!("CONV#{id}"))).await;
        let messages = rows
            .iter()
            .filter(|row| row["sk"].as_str().unwrap().starts_with("MSG#"));
        let texts = messages.map(|row| row["text"].as_str().unwrap_or_default().to_owned());
        texts.filter(|text| !text.is_empty()).collect()
    }
}

impl World {
    /// Writes a row that no function would write, or as one would.
    pub(crate) async fn put_row<T: Serialize>(&self, pk: &str, sk: &str, value: &T) {
        let row = Table::to_row(pk, sk, value).unwrap();
        let put = self.table().put(row, Condition::none()).await;
        assert!(put.unwrap(), "{pk} {sk}");
    }
}

/// Signs claims as `desk-login` does.
fn sign(claims: &AccessClaims) -> String {
    let seed = STANDARD.decode(SIGNING_SEED).unwrap();
    let key = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let kid = hex(&Sha256::digest(key.public_key())[..8]);
    let header = json!({ "alg": "EdDSA", "kid": kid, "typ": "JWT" });
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = serde_json::to_value(claims).unwrap();
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}
