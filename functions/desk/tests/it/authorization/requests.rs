//! The requests of the matrix: valid in all but who sends them and what they name.

use confab_testkit::TestRequest;
use serde_json::{Value, json};

use super::{
    identities::{Class, Identity},
    places::{Place, invented},
    table::Rule,
};
use crate::{
    bots::{SITE, new_bot},
    people::{OTHER_PASSWORD, PASSWORD, sign_up_body},
    talk::{message_body, start_body},
};

/// What the parameters of a path name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// Things of the caller's workspace.
    Own,
    /// Things of the other workspace.
    Foreign,
    /// Ids that no thing has.
    Invented,
    Malformed,
}

impl Named {
    pub(crate) const ALL: [Self; 4] = [Self::Own, Self::Foreign, Self::Invented, Self::Malformed];
}

/// A caller, and the workspaces as the caller sees them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) who: &'a Identity,
    /// Distinguishes callers.
    pub(crate) number: usize,
    pub(crate) own: &'a Place,
    pub(crate) foreign: &'a Place,
}

impl Caller<'_> {
    pub(crate) fn request(&self, rule: &Rule, named: Named) -> TestRequest {
        let segments = rule.path.split('/');
        let segments = segments.map(|segment| match segment.strip_prefix('{') {
            Some(parameter) => self.fill(rule, parameter.trim_end_matches('}'), named),
            None => segment.to_owned(),
        });
        let path: Vec<_> = segments.collect();
        let path = path.join("/") + query(&rule.key());
        let mut request = self.who.sign(TestRequest::new(rule.method, path));
        if rule.path.contains("/widget/") && rule.path != "/widget/ticket" {
            request = request.header("origin", SITE);
        }
        match self.body(rule) {
            Value::Null => request,
            body => request
                .header("content-type", "application/json")
                .bytes(body.to_string()),
        }
    }

    fn fill(&self, rule: &Rule, parameter: &str, named: Named) -> String {
        let thing = thing_of(rule.path, parameter);
        match (named, self.who.session) {
            (Named::Own, Some(session)) if thing == "session" => session.to_string(),
            (Named::Own, _) => self.own.id(thing).to_owned(),
            (Named::Foreign, _) => self.foreign.id(thing).to_owned(),
            (Named::Invented, _) => invented(thing),
            (Named::Malformed, _) => "x".to_owned(),
        }
    }

    fn body(&self, rule: &Rule) -> Value {
        let bodies = [
            account_body,
            workspace_body,
            bot_body,
            talk_body,
            inbox_body,
        ];
        let key = rule.key();
        let found = bodies.iter().find_map(|body| body(&key, self));
        found.unwrap_or_default()
    }
}

/// Returns the thing that a parameter names.
fn thing_of(path: &str, parameter: &str) -> &'static str {
    match parameter {
        "conversation" if path.ends_with("/csat") => "ended",
        "conversation" => "conversation",
        "visitor" | "contact" => "visitor",
        "upload" => "upload",
        "seq" => "message",
        "user_id" => "member",
        "shortcut" => "canned",
        "number" => "number",
        "key" => "deployment",
        "id" if path.starts_with("/auth/sessions") => "session",
        "id" => match path.split('/').nth(1) {
            Some("auth") => "key",
            Some("chatbots") => "bot",
            Some("invitations") => "invitation",
            Some("tags") => "tag",
            Some("teams") => "team",
            Some("tenants") => "tenant",
            Some("views") => "view",
            _ => panic!("{path} has an unknown id"),
        },
        other => panic!("{path} has an unknown {other}"),
    }
}

fn query(key: &str) -> &'static str {
    match key {
        "GET /auth/methods" => "?email=dana@example.com",
        _ => "",
    }
}

fn account_body(key: &str, caller: &Caller<'_>) -> Option<Value> {
    // Requests with one address are limited together.
    let email = format!("unknown{}@example.com", caller.number);
    Some(match key {
        "POST /auth/signup" => sign_up_body(&email),
        "POST /auth/login" => json!({ "email": email, "password": PASSWORD }),
        "POST /auth/password/forgot" => json!({ "email": email }),
        "POST /auth/verify" => json!({ "token": "forged.token", "password": PASSWORD }),
        "POST /auth/password/reset" => json!({ "token": "forged.token", "password": PASSWORD }),
        "PUT /auth/password" => json!({ "current": PASSWORD, "password": OTHER_PASSWORD }),
        "POST /auth/refresh" | "POST /auth/logout" => json!({}),
        "POST /auth/api-keys" => json!({ "name": "Script", "scopes": ["ai:use"] }),
        _ => return None,
    })
}

fn workspace_body(key: &str, caller: &Caller<'_>) -> Option<Value> {
    let own = caller.own;
    Some(match key {
        "POST /tenants" => json!({ "name": "Second" }),
        "PUT /tenants/{id}" => own.settings.clone(),
        "DELETE /tenants/{id}" => json!({ "confirm": own.id("slug") }),
        "POST /tenants/{id}/provision" => json!({ "isolation": "pooled" }),
        "POST /tenants/{id}/suspend" | "POST /tenants/{id}/resume" => json!({ "reason": "Spam" }),
        "PUT /members/me" => {
            json!({ "availability": "online", "notify": { "mail": true, "push": false } })
        }
        "PATCH /members/{user_id}" => json!({ "role": "viewer" }),
        "POST /invitations" => json!({ "email": "new@example.com", "role": "agent" }),
        "POST /invitations/accept" => json!({ "token": own.invitation_token }),
        "POST /teams" => json!({ "name": "Support" }),
        "PUT /teams/{id}" => json!({ "version": 1, "name": "Support" }),
        _ => return None,
    })
}

fn bot_body(key: &str, caller: &Caller<'_>) -> Option<Value> {
    let own = caller.own;
    Some(match key {
        "POST /chatbots" => new_bot(),
        "PUT /chatbots/{id}" => own.draft.clone(),
        "POST /chatbots/{id}/deploy" => json!({ "version": own.draft["version"] }),
        "POST /widget/embed" => json!({ "key": own.bot.key }),
        "POST /widget/sessions" => json!({ "embed_token": own.embed_token }),
        _ => return None,
    })
}

fn talk_body(key: &str, caller: &Caller<'_>) -> Option<Value> {
    let own = caller.own;
    Some(match key {
        "POST /conversations" => {
            let mut body = start_body("conversation-9", None);
            if !matches!(caller.who.class, Class::Visitor { .. }) {
                body["visitor_id"] = json!(own.id("visitor"));
            }
            body
        }
        "PATCH /conversations/{conversation}" => {
            json!({ "version": own.conversation_version, "priority": "high" })
        }
        "PUT /conversations/{conversation}/end" => json!({ "reason": "resolved" }),
        "PUT /conversations/{conversation}/prechat" => json!({ "answers": {} }),
        "POST /conversations/{conversation}/handoff" => json!({ "to": "human" }),
        "POST /conversations/{conversation}/read" => json!({ "seq": 1 }),
        "POST /conversations/{conversation}/csat" => json!({ "score": 5 }),
        "PUT /conversations/{conversation}/draft" => json!({ "text": "Hello" }),
        "POST /conversations/{conversation}/attachments" => {
            json!({ "name": "bill.txt", "mime": "text/plain", "bytes": 5 })
        }
        "POST /conversations/{conversation}/messages" => message_body("message-0009", "Hello"),
        _ => return None,
    })
}

fn inbox_body(key: &str, caller: &Caller<'_>) -> Option<Value> {
    let own = caller.own;
    Some(match key {
        "PATCH /contacts/{contact}" => json!({ "version": own.contact_version, "name": "Dana" }),
        "POST /contacts/{contact}/merge" => json!({ "into": own.id("other_visitor") }),
        "POST /contacts/{contact}/block" => json!({ "is_blocked": true }),
        "POST /canned" => json!({ "shortcut": "bye", "text": "Bye!" }),
        "PUT /canned/{shortcut}" => {
            json!({ "version": 1, "shortcut": own.id("canned"), "text": "Hi!" })
        }
        "POST /tags" => json!({ "name": "urgent" }),
        "PUT /tags/{id}" => {
            let name = own.id("canned").replace("hello", "refund");
            json!({ "version": 1, "name": name, "color": "#1a73e8" })
        }
        "POST /views" => json!({ "name": "Refunds" }),
        "PUT /views/{id}" => json!({ "version": 1, "name": "All of it", "shared": true }),
        "PUT /hours" => json!({
            "version": 0, "timezone": "Asia/Jerusalem",
            "week": { "sun": [{ "from": "09:00", "to": "17:00" }] },
        }),
        _ => return None,
    })
}
