//! Who asks: people, visitors, keys and operators, and tokens that stand for none of them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use confab_aws::Table;
use confab_testkit::TestRequest;
use desk_domain::{Role, Scope, SessionId};
use ring::signature::Ed25519KeyPair;
use serde_json::json;

use super::places::{Place, Side};
use crate::{
    tenants::{Account, Colleague},
    world::{CONSOLE, World},
};

/// What an identity is to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Class {
    /// No token, or one that does not stand.
    Unknown,
    /// A browser that sends its refresh token alone.
    Cookie,
    DeletedKey,
    /// The visitor of the conversation, or another one.
    Visitor {
        is_own: bool,
    },
    Member {
        /// In the token.
        role: Role,
        /// In the row of the membership, if there is one.
        stored: Option<Role>,
    },
    Key(Vec<&'static str>),
    /// An operator of the platform, who names a tenant or none.
    Operator {
        names_tenant: bool,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) name: String,
    /// The workspace that it acts in.
    pub(crate) side: Side,
    pub(crate) class: Class,
    /// Of a person.
    pub(crate) session: Option<SessionId>,
    /// Whether it is a member of both workspaces.
    pub(crate) is_of_both: bool,
    headers: Vec<(&'static str, String)>,
}

impl Identity {
    fn new(name: impl Into<String>, side: Side, class: Class) -> Self {
        Self {
            name: name.into(),
            side,
            class,
            session: None,
            is_of_both: false,
            headers: Vec::new(),
        }
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    fn member(name: &str, side: Side, member: &Colleague, stored: Option<Role>) -> Self {
        let role = member.role;
        let identity = Self::new(name, side, Class::Member { role, stored });
        Self {
            session: Some(member.account.session()),
            ..identity.token(&member.token)
        }
    }

    fn operator(name: &str, account: &Account, names_tenant: bool) -> Self {
        let identity = Self::new(name, Side::A, Class::Operator { names_tenant });
        Self {
            session: Some(account.session()),
            ..identity.token(&account.token)
        }
    }

    /// Adds what proves the identity to a request.
    pub(crate) fn sign(&self, request: TestRequest) -> TestRequest {
        let headers = self.headers.iter();
        headers.fold(request, |request, (name, value)| {
            request.header(*name, value.as_str())
        })
    }

    /// Whether it is a key with one scope, which differs from the others in that alone.
    pub(crate) fn has_one_scope(&self) -> bool {
        matches!(&self.class, Class::Key(scopes) if scopes.len() == 1)
    }
}

/// People who are in neither workspace alone, or not any more.
#[derive(Debug)]
pub(crate) struct Cast {
    /// A member of both workspaces, in the first one.
    both: Colleague,
    /// An admin who was removed, and one who is a viewer now.
    former: Colleague,
    lowered: Colleague,
    operator: Account,
    /// A token of the agent, which expires before the requests.
    expired: String,
}

impl Cast {
    pub(crate) async fn make(world: &World, a: &Place, b: &Place) -> Self {
        let account = world.account("Roni").await;
        world.join(&b.owner, &account, Role::Agent).await;
        let both = world.join(&a.owner, &account, Role::Agent).await;
        let former = world.colleague(&a.owner, Role::Admin).await;
        let removal = TestRequest::delete(format!("/members/{}", former.id()));
        let removed = world.members(&a.owner, removal).await;
        assert_eq!(removed.status, 204, "{removed:?}");
        let lowered = world.colleague(&a.owner, Role::Admin).await;
        let path = format!("/members/{}", lowered.id());
        let change = TestRequest::patch(path, json!({ "role": "viewer" }));
        let changed = world.members(&a.owner, change).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        Self {
            both,
            former,
            lowered,
            operator: world.operator().await,
            expired: a.agent.token.clone(),
        }
    }

    /// Returns all identities, with tokens of now.
    pub(crate) async fn identities(&self, world: &World, a: &Place, b: &Place) -> Vec<Identity> {
        let mut all = unproven(self, a);
        all.extend(visitors(a, b));
        all.extend(self.members(world, a, b));
        all.extend(keys(world, a, b).await);
        let operator = world.renewed(&self.operator);
        let named = Identity::operator("operator", &operator, true);
        all.push(named.header("x-tenant-id", a.owner.tenant.to_string()));
        all.push(Identity::operator("operator of none", &operator, false));
        all
    }

    fn members(&self, world: &World, a: &Place, b: &Place) -> Vec<Identity> {
        let current = |name: &str, place: &Place, member: &Colleague| {
            Identity::member(name, place.side, member, Some(member.role))
        };
        let [both, former, lowered] =
            [&self.both, &self.former, &self.lowered].map(|member| world.fresh(member));
        vec![
            current("viewer", a, &a.viewer),
            current("agent", a, &a.agent),
            current("admin", a, &a.admin),
            current("owner", a, &a.owner),
            current("owner of the other", b, &b.owner),
            Identity {
                is_of_both: true,
                ..current("agent of both", a, &both)
            },
            Identity::member("former admin", Side::A, &former, None),
            Identity::member("lowered admin", Side::A, &lowered, Some(Role::Viewer)),
        ]
    }
}

/// Returns a token with another signature: that of a key which is not ours.
fn signed_by_another(token: &str) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn unproven(cast: &Cast, a: &Place) -> Vec<Identity> {
    let unknown = |name: &str| Identity::new(name, Side::A, Class::Unknown);
    let cookie = format!("__Host-desk={}", a.agent.account.refresh_token());
    let browser = Identity::new("refresh cookie", Side::A, Class::Cookie);
    vec![
        unknown("no identity"),
        browser.header("origin", CONSOLE).header("cookie", cookie),
        unknown("expired token").token(&cast.expired),
        unknown("token of another key").token(&signed_by_another(&a.agent.token)),
    ]
}

fn visitors(a: &Place, b: &Place) -> Vec<Identity> {
    let visitor = |name: &str, side, token: &str, is_own| {
        Identity::new(name, side, Class::Visitor { is_own }).token(token)
    };
    vec![
        visitor("visitor", Side::A, &a.visitor.token, true),
        visitor("another visitor", Side::A, &a.other_visitor.token, false),
        visitor("visitor of the other", Side::B, &b.visitor.token, true),
    ]
}

async fn keys(world: &World, a: &Place, b: &Place) -> Vec<Identity> {
    let every: Vec<_> = Scope::ALL.into_iter().map(Scope::name).collect();
    let mut keys = Vec::new();
    for scope in &every {
        let key = world.api_key(&a.owner, &[*scope]).await;
        let class = Class::Key(vec![*scope]);
        keys.push(Identity::new(format!("key for {scope}"), Side::A, class).token(&key));
    }
    let whole = world.api_key(&a.owner, &every).await;
    let class = Class::Key(every.clone());
    keys.push(Identity::new("key for everything", Side::A, class.clone()).token(&whole));
    let foreign = world.api_key(&b.owner, &every).await;
    keys.push(Identity::new("key of the other", Side::B, class).token(&foreign));
    let empty = key_without_scopes(world, a).await;
    keys.push(Identity::new("key for nothing", Side::A, Class::Key(Vec::new())).token(&empty));
    let deleted = world.api_key(&a.owner, &every).await;
    for (pk, sk) in rows_of_key(&a.owner, &deleted) {
        world.table().delete(Table::key(pk, sk)).await.unwrap();
    }
    keys.push(Identity::new("deleted key", Side::A, Class::DeletedKey).token(&deleted));
    keys
}

/// Returns the keys of the rows of an API key: of the record, and of the pointer to its tenant.
fn rows_of_key(owner: &Colleague, key: &str) -> [(String, String); 2] {
    let letters = key.strip_prefix("desk_sk_").unwrap();
    let id = format!("key_{}", &letters[..26]);
    [
        (owner.pk(""), format!("KEY#{id}")),
        (format!("K#{id}"), "KEY".to_owned()),
    ]
}

/// Makes a key whose scopes do not exist any more.
async fn key_without_scopes(world: &World, place: &Place) -> String {
    let key = world.api_key(&place.owner, &["ai:use"]).await;
    let [(pk, sk), _] = rows_of_key(&place.owner, &key);
    let mut row = world.row(&pk, &sk).await;
    row["scopes"] = json!([]);
    world.write(&pk, &sk, &row).await;
    key
}
