//! Workspaces and their members, made by the routes themselves. Accounts are written and tokens signed here, so that
//! these tests hash no passwords.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use confab_aws::{Condition, Table};
use confab_core::{TenantId, UserId, hex};
use confab_lambda::OsEntropy;
use confab_testkit::{TestRequest, TestResponse, invocation};
use desk::workers::desk_provision;
use desk_domain::{
    AccessClaims, ApiKey, ApiKeyId, ApiKeyRequest, Device, EmailAddress, Issuer, Person,
    PlatformRole, Role, Secret, SessionClient, SessionFamily, SessionId,
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{MAIL_QUEUE, PROVISION_QUEUE, World, text};

/// As in `service.toml`.
const SIGNING_SEED: &str = "ZGVzayBzaWduaW5nIHNlZWQgb2YgYSBsYXB0b3AhISE=";
const ISSUER: Issuer<'_> = Issuer {
    iss: "https://desk.example",
    aud: "desk",
};
pub(crate) const UNKNOWN_TENANT: &str = "ten_00000000000000000000000000";

/// A person with an account and a session.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: UserId,
    pub(crate) email: String,
    family: SessionFamily,
    /// For no workspace.
    pub(crate) token: String,
}

impl Account {
    pub(crate) fn session(&self) -> SessionId {
        self.family.id
    }

    /// Returns the refresh token of the session, as its cookie has it.
    pub(crate) fn refresh_token(&self) -> String {
        self.family.token().reveal()
    }
}

/// A member of a workspace.
#[derive(Debug, Clone)]
pub(crate) struct Colleague {
    pub(crate) account: Account,
    pub(crate) tenant: TenantId,
    pub(crate) role: Role,
    pub(crate) token: String,
}

impl Colleague {
    pub(crate) fn id(&self) -> UserId {
        self.account.id
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/tenants/{}{rest}", self.tenant)
    }

    pub(crate) fn pk(&self, part: &str) -> String {
        format!("T#{}{part}", self.tenant)
    }
}

/// Returns a `DELETE` with a body.
pub(crate) fn delete_with(path: impl Into<String>, body: &Value) -> TestRequest {
    TestRequest::delete(path)
        .header("content-type", "application/json")
        .bytes(body.to_string())
}

impl World {
    /// Makes a person who has verified their address and signed in.
    pub(crate) async fn account(&self, name: &str) -> Account {
        let (now, number) = (self.now(), self.next_number());
        let id = UserId::new(now, &OsEntropy);
        let email = format!("{}{number}@example.com", name.to_lowercase());
        let address = EmailAddress::parse(&email).unwrap();
        let key = address.key();
        let person = Person::new(id, address, name, now)
            .unwrap()
            .verify_email(now);
        self.write(&format!("U#{id}"), "PERSON", &person).await;
        let pointer = json!({ "user_id": id });
        self.write(&format!("E#{}", key.as_str()), "PERSON", &pointer)
            .await;
        let session = SessionId::new(now, &OsEntropy);
        let device = Device::new(SessionClient::Browser, "Firefox", None);
        let family = SessionFamily::new(session, id, Secret::new(&OsEntropy), device, now);
        self.write(&format!("F#{session}"), "FAMILY", &family).await;
        let token = sign(&AccessClaims::new(ISSUER, &family, None, now));
        Account {
            id,
            email,
            family,
            token,
        }
    }

    /// Makes an operator of the platform.
    pub(crate) async fn operator(&self) -> Account {
        let account = self.account("Olga").await;
        let mut person = self.person_row(account.id).await;
        person.platform_role = Some(PlatformRole::Admin);
        self.write(&format!("U#{}", account.id), "PERSON", &person)
            .await;
        account
    }

    pub(crate) async fn person_row(&self, user: UserId) -> Person {
        let key = Table::key(format!("U#{user}"), "PERSON");
        self.table().get(key).await.unwrap().unwrap()
    }

    /// Writes a row that no route would write.
    pub(crate) async fn write<T: Serialize>(&self, pk: &str, sk: &str, value: &T) {
        let row = Table::to_row(pk, sk, value).unwrap();
        let put = self.table().put(row, Condition::none()).await;
        assert!(put.unwrap(), "{pk} {sk}");
    }

    /// Returns an account with a token of now.
    pub(crate) fn renewed(&self, account: &Account) -> Account {
        let claims = AccessClaims::new(ISSUER, &account.family, None, self.now());
        Account {
            token: sign(&claims),
            ..account.clone()
        }
    }

    /// Returns a member with a token of now, with the role that the caller says.
    pub(crate) fn colleague_of(
        &self,
        account: &Account,
        tenant: TenantId,
        role: Role,
    ) -> Colleague {
        let family = account.family.switched_to(tenant);
        let claims = AccessClaims::new(ISSUER, &family, Some(role), self.now());
        Colleague {
            account: account.clone(),
            tenant,
            role,
            token: sign(&claims),
        }
    }

    pub(crate) fn fresh(&self, colleague: &Colleague) -> Colleague {
        self.colleague_of(&colleague.account, colleague.tenant, colleague.role)
    }

    // Workspaces.

    pub(crate) fn tenant_request(&self, account: &Account, body: Value) -> TestRequest {
        TestRequest::post("/tenants", body).token(&account.token)
    }

    /// Creates a workspace of a person.
    pub(crate) async fn tenant_of(&self, account: &Account, name: &str) -> Colleague {
        let request = self.tenant_request(account, json!({ "name": name }));
        let created = self.send("desk-tenants", &request).await;
        assert_eq!(created.status, 201, "{created:?}");
        let tenant = text(&created.body, "id").parse().unwrap();
        self.colleague_of(account, tenant, Role::Owner)
    }

    /// Creates a workspace, and returns its owner.
    pub(crate) async fn owner(&self) -> Colleague {
        let account = self.account("Dana").await;
        self.tenant_of(&account, "Flowers").await
    }

    /// Creates a workspace whose plan has fifteen seats.
    pub(crate) async fn owner_of_team(&self) -> Colleague {
        let owner = self.owner().await;
        self.subscribe(&owner).await;
        owner
    }

    /// Puts a workspace on the plan `team`.
    pub(crate) async fn subscribe(&self, colleague: &Colleague) {
        let now = self.now();
        let subscribe =
            |tenant: desk_domain::Tenant| tenant.subscribe(desk_domain::Plan::Team, now).unwrap();
        self.change_tenant_row(colleague, subscribe).await;
    }

    /// Changes the row of a workspace behind its routes' back.
    pub(crate) async fn change_tenant_row(
        &self,
        colleague: &Colleague,
        change: impl FnOnce(desk_domain::Tenant) -> desk_domain::Tenant,
    ) {
        let pk = colleague.pk("");
        let key = Table::key(pk.as_str(), "TENANT");
        let tenant: desk_domain::Tenant = self.table().get(key).await.unwrap().unwrap();
        self.write(&pk, "TENANT", &change(tenant)).await;
    }

    /// Performs the steps of setups that are new on the queue, and those that they ask for.
    pub(crate) async fn run_setups(&self) {
        loop {
            let jobs = self.take(PROVISION_QUEUE);
            if jobs.is_empty() {
                return;
            }
            for job in jobs {
                self.perform_step(&job).await.unwrap();
            }
        }
    }

    pub(crate) async fn perform_step(&self, job: &Value) -> confab_core::Result<()> {
        let state = self.state("desk-provision").await;
        invocation(desk_provision::handle(state, self.message(job))).await
    }

    // Members.

    /// Sends a request of a member to `desk-members`.
    pub(crate) async fn members(&self, by: &Colleague, request: TestRequest) -> TestResponse {
        self.send("desk-members", &request.token(&by.token)).await
    }

    pub(crate) fn invitation(&self, email: &str, role: &str) -> TestRequest {
        TestRequest::post("/invitations", json!({ "email": email, "role": role }))
    }

    /// Returns the token of the latest invitation that was mailed to an address.
    pub(crate) fn invitation_token(&self, email: &str) -> String {
        let mails = self.cloud.queued(MAIL_QUEUE).into_iter();
        let mut mails = mails.filter(|mail| mail["to"] == email && mail["kind"] == "invite");
        let mail = mails.next_back().unwrap();
        let (_, token) = text(&mail, "link").split_once("#token=").unwrap();
        token.to_owned()
    }

    pub(crate) fn acceptance(&self, account: &Account, token: &str) -> TestRequest {
        TestRequest::post("/invitations/accept", json!({ "token": token })).token(&account.token)
    }

    /// Lets a person join a workspace by an invitation.
    pub(crate) async fn join(&self, by: &Colleague, account: &Account, role: Role) -> Colleague {
        let name = serde_json::to_value(role).unwrap();
        let request = self.invitation(&account.email, name.as_str().unwrap());
        let invited = self.members(by, request).await;
        assert_eq!(invited.status, 201, "{invited:?}");
        let token = self.invitation_token(&account.email);
        let accepted = self.acceptance(account, &token);
        let accepted = self.send("desk-members", &accepted).await;
        assert_eq!(accepted.status, 200, "{accepted:?}");
        self.colleague_of(account, by.tenant, role)
    }

    /// Lets a new person join a workspace.
    pub(crate) async fn colleague(&self, by: &Colleague, role: Role) -> Colleague {
        let account = self.account("Noa").await;
        self.join(by, &account, role).await
    }

    /// Makes an API key of a workspace.
    pub(crate) async fn api_key(&self, by: &Colleague, scopes: &[&str]) -> String {
        let now = self.now();
        let key = ApiKey::new(ApiKeyId::new(now, &OsEntropy), &OsEntropy);
        let request = ApiKeyRequest {
            name: "Script".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            bot_ids: [].into(),
            expires_at: None,
            allowed_ips: Vec::new(),
        };
        let mut record = request.record(&key, by.id(), now).unwrap();
        // A use is written once an hour.
        record.last_used_at = Some(now);
        let pointer = json!({ "tenant": by.tenant });
        self.write(&format!("K#{}", key.id()), "KEY", &pointer)
            .await;
        let sk = format!("KEY#{}", key.id());
        self.write(&by.pk(""), &sk, &record).await;
        key.reveal()
    }

    // What must hold.

    /// Checks that the counts of a workspace are those of its rows.
    pub(crate) async fn check_counts(&self, of: &Colleague, story: &str) {
        let rows = self.partition(&of.pk("")).await;
        let with = |prefix: &str| -> Vec<&Value> {
            let rows = rows.iter();
            rows.filter(|row| text(row, "sk").starts_with(prefix))
                .collect()
        };
        let members = with("MEMBER#");
        let owners = members.iter().filter(|row| row["role"] == "owner").count();
        let open = with("INVITE#");
        let open = open
            .iter()
            .filter(|row| row["invitation"]["state"] == "pending");
        let open = open.count();
        let tenant = &with("TENANT")[0];
        assert_eq!(tenant["members"], json!(members.len()), "{story}");
        assert_eq!(tenant["owners"], json!(owners), "{story}");
        assert!(owners > 0, "{story}: no owner");
        let usage = self.row(&of.pk("#USE"), "NOW").await;
        assert_eq!(usage["seats"], json!(members.len() + open), "{story}");
        let reserved = usage["seats_reserved"].as_u64().unwrap_or_default();
        assert_eq!(reserved, u64::try_from(open).unwrap(), "{story}");
        assert_eq!(with("INVITED#").len(), open, "{story}");
        for member in members {
            let user = text(member, "user").parse().unwrap();
            let person = self.person_row(user).await;
            assert!(person.tenants.contains(&of.tenant), "{story}: {user}");
        }
    }

    /// Returns the actions in this month's audit of a workspace, sorted: those of one moment have no order.
    pub(crate) async fn audited(&self, of: &Colleague) -> Vec<String> {
        let month = &self.now().to_string()[..7];
        let rows = self.partition(&of.pk(&format!("#AUDIT#{month}"))).await;
        let actions = rows.iter().map(|row| text(row, "action").to_owned());
        let mut actions: Vec<_> = actions.collect();
        actions.sort();
        actions
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
