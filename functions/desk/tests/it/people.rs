//! People: how they sign up and in, and their sessions.

use std::time::Duration;

use confab_aws::{Condition, Table};
use confab_core::{TenantId, UserId};
use confab_testkit::{TestRequest, TestResponse};
use desk_domain::{Member, Person, Role};
use serde_json::{Value, json};

use crate::world::{BROADCAST_QUEUE, CONSOLE, World, text};

pub(crate) const PASSWORD: &str = "seven small lanterns";
pub(crate) const OTHER_PASSWORD: &str = "eleven tall chimneys";

/// A person with a session in a browser, in their first workspace.
#[derive(Debug, Clone)]
pub(crate) struct SignedUp {
    pub(crate) id: UserId,
    /// The workspace that they signed up for, of which they are the owner.
    pub(crate) tenant: TenantId,
    pub(crate) session: Session,
}

/// What a client has of a session.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) token: String,
    /// The refresh token: of the cookie, or of the body for a mobile client.
    pub(crate) refresh: String,
}

impl Session {
    /// Reads the answer to a sign-in or a refresh. A client without a new refresh token keeps its own.
    pub(crate) fn of(answer: &TestResponse, known: &str) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let refresh = cookie_of(answer).or_else(|| {
            let token = answer.body["refresh_token"].as_str();
            token.map(str::to_owned)
        });
        Self {
            token: text(&answer.body, "access_token").to_owned(),
            refresh: refresh.unwrap_or_else(|| known.to_owned()),
        }
    }
}

/// Returns the refresh token that an answer sets as a cookie. An empty one clears it.
pub(crate) fn cookie_of(answer: &TestResponse) -> Option<String> {
    let cookie = answer.header("set-cookie").strip_prefix("__Host-desk=")?;
    let (token, _) = cookie.split_once(';').unwrap();
    Some(token.to_owned())
}

pub(crate) fn sign_up_body(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "name": "Dana", "tenant_name": "Flowers", "locale": "he" })
}

pub(crate) fn sign_up_request(email: &str) -> TestRequest {
    TestRequest::post("/auth/signup", sign_up_body(email))
}

pub(crate) fn login_request(email: &str, password: &str) -> TestRequest {
    let login = json!({ "email": email, "password": password });
    TestRequest::post("/auth/login", login).header("origin", CONSOLE)
}

pub(crate) fn mobile_login_request(email: &str, password: &str) -> TestRequest {
    let login = json!({ "email": email, "password": password, "client": "mobile" });
    TestRequest::post("/auth/login", login)
}

/// Verifies a sign-up with the usual password.
pub(crate) fn verify_request(token: &str) -> TestRequest {
    verify_with(token, PASSWORD)
}

pub(crate) fn verify_with(token: &str, password: &str) -> TestRequest {
    let body = json!({ "token": token, "password": password });
    TestRequest::post("/auth/verify", body).header("origin", CONSOLE)
}

/// A request of the console, with the cookie of a session.
pub(crate) fn cookie_request(path: &str, refresh: &str, body: Value) -> TestRequest {
    TestRequest::post(path, body)
        .header("origin", CONSOLE)
        .header("cookie", format!("theme=dark; __Host-desk={refresh}"))
}

pub(crate) fn refresh_request(refresh: &str) -> TestRequest {
    cookie_request("/auth/refresh", refresh, json!({}))
}

pub(crate) fn switch_request(refresh: &str, tenant: TenantId) -> TestRequest {
    cookie_request("/auth/refresh", refresh, json!({ "tenant_id": tenant }))
}

/// Returns the token of the link in a mail.
pub(crate) fn link_token(mail: &Value) -> String {
    let (_, token) = text(mail, "link").split_once("#token=").unwrap();
    token.to_owned()
}

impl World {
    /// Lets a person sign up, verify the address and open the console. Later ones have later ids.
    pub(crate) async fn sign_up(&self, email: &str) -> SignedUp {
        self.advance(1);
        let accepted = self.send("desk-login", &sign_up_request(email)).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let verify = verify_request(&self.last_link(email, "verify"));
        let verified = self.send("desk-login", &verify).await;
        let session = Session::of(&verified, "");
        SignedUp {
            id: text(&verified.body["user"], "id").parse().unwrap(),
            tenant: text(&verified.body, "tenant_id").parse().unwrap(),
            session,
        }
    }

    /// Signs in with the usual password in another browser.
    pub(crate) async fn log_in(&self, email: &str) -> Session {
        let login = login_request(email, PASSWORD);
        Session::of(&self.send("desk-login", &login).await, "")
    }

    /// Refreshes a session as its browser does.
    pub(crate) async fn refresh(&self, session: &Session) -> Session {
        let request = refresh_request(&session.refresh);
        let refreshed = self.send("desk-sessions", &request).await;
        Session::of(&refreshed, &session.refresh)
    }

    /// Tells whether a refresh token still signs in.
    pub(crate) async fn is_signed_in(&self, session: &Session) -> bool {
        let request = refresh_request(&session.refresh);
        let refreshed = self.send("desk-sessions", &request).await;
        assert!(matches!(refreshed.status, 200 | 401), "{refreshed:?}");
        refreshed.status == 200
    }

    /// Returns the token of the latest mail of a kind to an address.
    pub(crate) fn last_link(&self, email: &str, kind: &str) -> String {
        let mut mails = self.mails_to(email);
        mails.retain(|mail| mail["kind"] == json!(kind));
        link_token(mails.last().unwrap())
    }

    /// Returns the kinds of the mails to an address.
    pub(crate) fn mail_kinds(&self, email: &str) -> Vec<String> {
        let mails = self.mails_to(email);
        let kinds = mails.iter().map(|mail| text(mail, "kind").to_owned());
        kinds.collect()
    }

    /// Returns the updates of sockets of a person that were ever queued: the tenant and the reason of each removal.
    pub(crate) fn removals_of(&self, person: UserId) -> Vec<(String, String)> {
        let jobs = self.cloud.queued(BROADCAST_QUEUE);
        let updates = jobs.iter().flat_map(|job| {
            let updates = job["news"].as_array().cloned().unwrap_or_default();
            let tenant = text(&job["room"], "tenant").to_owned();
            updates
                .into_iter()
                .map(move |update| (tenant.clone(), update))
        });
        let removals = updates
            .filter(|(_, update)| update["kind"] == "removed" && update["party"] == json!(person));
        removals
            .map(|(tenant, update)| (tenant, text(&update, "reason").to_owned()))
            .collect()
    }

    // Rows.

    pub(crate) async fn person(&self, user: UserId) -> Person {
        let key = Table::key(format!("U#{user}"), "PERSON");
        self.table().get(key).await.unwrap().unwrap()
    }

    /// Changes the row of a person behind the service's back.
    pub(crate) async fn put_person(&self, person: &Person) {
        let row = Table::to_row(format!("U#{}", person.id), "PERSON", person).unwrap();
        let put = self.table().put(row, Condition::none()).await;
        assert!(put.unwrap());
    }

    /// Makes a person a member of a workspace.
    pub(crate) async fn add_member(&self, user: UserId, tenant: TenantId, role: Role) {
        let member = Member::join(user, role, [].into(), self.now()).member;
        let row = Table::to_row(format!("T#{tenant}"), format!("MEMBER#{user}"), &member);
        let put = self.table().put(row.unwrap(), Condition::none()).await;
        assert!(put.unwrap());
        let person = self.person(user).await.join(tenant).unwrap();
        self.put_person(&person).await;
    }

    /// Changes the row of a tenant, such as its lifecycle. Functions read it again half a minute later.
    pub(crate) async fn change_tenant(
        &self,
        tenant: TenantId,
        change: impl FnOnce(&mut desk_domain::Tenant),
    ) {
        let pk = format!("T#{tenant}");
        let key = Table::key(pk.as_str(), "TENANT");
        let mut record: desk_domain::Tenant = self.table().get(key).await.unwrap().unwrap();
        change(&mut record);
        let row = Table::to_row(pk, "TENANT", &record).unwrap();
        let put = self.table().put(row, Condition::none()).await;
        assert!(put.unwrap());
        self.advance(31);
    }

    /// Takes tokens of a rate limit, with the interval at which its tokens refill.
    pub(crate) async fn fill_limit(&self, key: &str, taken: u32, every: Duration) {
        let full_at = confab_core::after(self.now(), every * taken).as_millisecond();
        let row = json!({ "full_at_ms": full_at });
        let row = Table::to_row(format!("RATE#{key}"), "RATE", &row).unwrap();
        let put = self.table().put(row, Condition::none()).await;
        assert!(put.unwrap());
    }
}
