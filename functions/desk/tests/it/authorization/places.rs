//! Two workspaces with one of each thing, made by the routes themselves.

use std::collections::BTreeMap;

use confab_testkit::TestRequest;
use desk_domain::Role;
use serde_json::{Value, json};

use crate::{
    bots::{DeployedBot, UNKNOWN_KEY, Workspace, draft_of},
    talk::{Visitor, path, start_body},
    tenants::Colleague,
    world::{World, text},
};

/// What a visitor says to be handed to people.
const FIRST_WORDS: &str = "a human, please";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    A,
    B,
}

impl Side {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }
}

/// A workspace and its things.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) side: Side,
    pub(crate) owner: Colleague,
    pub(crate) admin: Colleague,
    pub(crate) agent: Colleague,
    pub(crate) viewer: Colleague,
    pub(crate) visitor: Visitor,
    pub(crate) other_visitor: Visitor,
    pub(crate) bot: DeployedBot,
    /// Changed settings of the bot.
    pub(crate) draft: Value,
    /// Changed settings of the workspace.
    pub(crate) settings: Value,
    /// Proves the site of the bot.
    pub(crate) embed_token: String,
    pub(crate) conversation_version: Value,
    pub(crate) contact_version: Value,
    pub(crate) invitation_token: String,
    /// What parameters and bodies name.
    ids: BTreeMap<&'static str, String>,
}

/// Sends a request that succeeds, and returns the body of its answer.
async fn made(world: &World, function: &'static str, token: &str, request: TestRequest) -> Value {
    let answer = world.send(function, &request.token(token)).await;
    assert!(answer.status < 300, "{answer:?}");
    answer.body
}

/// Makes what an owner sets up. Returns the id in the answer.
async fn made_by(
    world: &World,
    function: &'static str,
    owner: &Colleague,
    (path, body): (&str, Value),
) -> String {
    let request = TestRequest::post(path, body);
    let made = made(world, function, &owner.token, request).await;
    text(&made, "id").to_owned()
}

impl Place {
    pub(crate) async fn make(world: &World, side: Side) -> Self {
        let owner = world.owner_of_team().await;
        let workspace = Workspace { id: owner.tenant };
        let bot = world.deployed_bot(&workspace).await;
        let mut draft = draft_of(&world.show_bot(&workspace, bot.id).await.body);
        draft["name"] = json!("Guide");
        let visitor = Visitor::of(&world.visitor_session(&bot).await);
        let other_visitor = Visitor::of(&world.visitor_session(&bot).await);
        let mut place = Self {
            side,
            admin: world.colleague(&owner, Role::Admin).await,
            agent: world.colleague(&owner, Role::Agent).await,
            viewer: world.colleague(&owner, Role::Viewer).await,
            visitor,
            other_visitor,
            bot,
            draft,
            settings: json!({}),
            embed_token: String::new(),
            conversation_version: Value::Null,
            contact_version: Value::Null,
            invitation_token: String::new(),
            ids: BTreeMap::new(),
            owner,
        };
        place.name_people(world).await;
        place.make_settings(world).await;
        place.make_conversations(world).await;
        place
    }

    fn name(&mut self, name: &'static str, id: impl Into<String>) {
        self.ids.insert(name, id.into());
    }

    /// Returns the id of one of the things.
    pub(crate) fn id(&self, name: &str) -> &str {
        self.ids[name].as_str()
    }

    /// Returns all ids by which the workspace would be recognized.
    pub(crate) fn marks(&self) -> impl Iterator<Item = &str> {
        let ids = self.ids.values().map(String::as_str);
        ids.filter(|id| id.contains('_'))
    }

    async fn name_people(&mut self, world: &World) {
        let member = world.colleague(&self.owner, Role::Agent).await;
        let email = format!("invited-{}@example.com", self.side.letter());
        let body = json!({ "email": email, "role": "agent" });
        let invitation = ("/invitations", body);
        let invitation = made_by(world, "desk-members", &self.owner, invitation).await;
        self.invitation_token = world.invitation_token(&email);
        self.name("tenant", self.owner.tenant.to_string());
        self.name("member", member.id().to_string());
        self.name("agent", self.agent.id().to_string());
        self.name("session", self.owner.account.session().to_string());
        self.name("invitation", invitation);
        self.name("bot", self.bot.id.to_string());
        self.name("deployment", self.bot.key.clone());
        self.name("visitor", self.visitor.id.clone());
        self.name("other_visitor", self.other_visitor.id.clone());
        self.name("number", "1");
    }

    async fn make_settings(&mut self, world: &World) {
        let letter = self.side.letter();
        let owner = self.owner.clone();
        let shortcut = format!("hello-{letter}");
        let team = json!({ "name": "Sales" });
        let view = json!({ "name": "Everything", "shared": true });
        let tag = json!({ "name": format!("refund-{letter}") });
        let canned = json!({ "shortcut": shortcut, "text": "Hello!" });
        let key = json!({ "name": "Spare", "scopes": ["ai:use"] });
        for (name, function, made) in [
            ("team", "desk-members", ("/teams", team)),
            ("view", "desk-settings", ("/views", view)),
            ("tag", "desk-settings", ("/tags", tag)),
            ("canned", "desk-settings", ("/canned", canned)),
            ("key", "desk-sessions", ("/auth/api-keys", key)),
        ] {
            let id = made_by(world, function, &owner, made).await;
            self.name(name, id);
        }
        // A canned reply is named by its shortcut.
        self.name("canned", shortcut);
        let show = TestRequest::get(owner.path(""));
        let shown = made(world, "desk-tenants", &owner.token, show).await;
        for field in [
            "version", "locale", "timezone", "branding", "privacy", "security", "ai",
        ] {
            self.settings[field] = shown[field].clone();
        }
        self.settings["name"] = json!("Roses");
        self.name("slug", text(&shown, "slug"));
    }

    async fn make_conversations(&mut self, world: &World) {
        let token = self.visitor.token.clone();
        let function = "desk-conversations";
        let start = |client_id: &str| {
            let body = start_body(client_id, Some(FIRST_WORDS));
            made(
                world,
                function,
                &token,
                TestRequest::post("/conversations", body),
            )
        };
        let ended = text(&start("conversation-1").await, "id").to_owned();
        let end = TestRequest::put(path(&ended, "/end"), json!({ "reason": "resolved" }));
        made(world, function, &token, end).await;
        let open = text(&start("conversation-2").await, "id").to_owned();
        let file = json!({ "name": "bill.txt", "mime": "text/plain", "bytes": 5 });
        let announce = TestRequest::post(path(&open, "/attachments"), file);
        let announced = made(world, function, &token, announce).await;
        self.name("upload", text(&announced, "upload_id"));
        let rows = world
            .partition(&self.owner.pk(&format!("#CONV#{open}")))
            .await;
        let said = rows.iter().find(|row| text(row, "text") == FIRST_WORDS);
        self.name("message", said.unwrap()["seq"].to_string());
        let visitor_pk = self.owner.pk(&format!("#VIS#{}", self.visitor.id));
        let head = rows.iter().find(|row| text(row, "sk") == "HEAD");
        self.conversation_version = head.unwrap()["version"].clone();
        self.contact_version = world.row(&visitor_pk, "VISITOR").await["version"].clone();
        self.name("ended", ended);
        self.name("conversation", open);
    }

    /// Takes tokens of now, instead of those with which the workspace was made.
    pub(crate) async fn renew(&mut self, world: &World) {
        for member in [
            &mut self.owner,
            &mut self.admin,
            &mut self.agent,
            &mut self.viewer,
        ] {
            *member = world.fresh(member);
        }
        self.embed_token = world.embed_token(&self.bot).await;
    }
}

/// Returns a well-formed id that no thing has.
pub(crate) fn invented(name: &str) -> String {
    let prefix = match name {
        "tenant" => "ten",
        "member" | "agent" => "usr",
        "session" => "ses",
        "invitation" => "inv",
        "bot" => "bot",
        "visitor" | "other_visitor" => "vis",
        "conversation" | "ended" => "cnv",
        "upload" => "upl",
        "team" => "team",
        "view" => "vie",
        "key" => "key",
        "deployment" => return UNKNOWN_KEY.to_owned(),
        "canned" | "slug" => return "nowhere".to_owned(),
        "tag" => return "0123456789abcdef".to_owned(),
        "message" | "number" => return "99".to_owned(),
        other => panic!("{other} is no thing"),
    };
    format!("{prefix}_{}", "0".repeat(26))
}
