//! Scopes of API keys: what a key may do, named by its creator.

use std::{collections::BTreeSet, fmt, str::FromStr};

use confab_core::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writing does not include reading: a key has what its creator named, and nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    ChatbotsRead,
    ChatbotsWrite,
    KnowledgeRead,
    KnowledgeWrite,
    ConversationsRead,
    ConversationsWrite,
    ContactsRead,
    ContactsWrite,
    AnalyticsRead,
    AnalyticsWrite,
    WebhooksRead,
    WebhooksWrite,
    JobsRead,
    JobsWrite,
    MembersRead,
    MembersWrite,
    EventsWrite,
    AiUse,
    BillingRead,
}

impl Scope {
    pub const ALL: [Self; 19] = [
        Self::ChatbotsRead,
        Self::ChatbotsWrite,
        Self::KnowledgeRead,
        Self::KnowledgeWrite,
        Self::ConversationsRead,
        Self::ConversationsWrite,
        Self::ContactsRead,
        Self::ContactsWrite,
        Self::AnalyticsRead,
        Self::AnalyticsWrite,
        Self::WebhooksRead,
        Self::WebhooksWrite,
        Self::JobsRead,
        Self::JobsWrite,
        Self::MembersRead,
        Self::MembersWrite,
        Self::EventsWrite,
        Self::AiUse,
        Self::BillingRead,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::ChatbotsRead => "chatbots:read",
            Self::ChatbotsWrite => "chatbots:write",
            Self::KnowledgeRead => "knowledge:read",
            Self::KnowledgeWrite => "knowledge:write",
            Self::ConversationsRead => "conversations:read",
            Self::ConversationsWrite => "conversations:write",
            Self::ContactsRead => "contacts:read",
            Self::ContactsWrite => "contacts:write",
            Self::AnalyticsRead => "analytics:read",
            Self::AnalyticsWrite => "analytics:write",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
            Self::JobsRead => "jobs:read",
            Self::JobsWrite => "jobs:write",
            Self::MembersRead => "members:read",
            Self::MembersWrite => "members:write",
            Self::EventsWrite => "events:write",
            Self::AiUse => "ai:use",
            Self::BillingRead => "billing:read",
        }
    }

    /// Returns whether the scope reaches only what belongs to a bot, so that a key may be bound to bots.
    pub fn is_of_bots(self) -> bool {
        matches!(
            self,
            Self::ChatbotsRead
                | Self::ChatbotsWrite
                | Self::KnowledgeRead
                | Self::KnowledgeWrite
                | Self::ConversationsRead
                | Self::ConversationsWrite
                | Self::AnalyticsRead
                | Self::EventsWrite
                | Self::AiUse
        )
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let scope = Self::ALL.into_iter().find(|scope| scope.name() == text);
        scope.ok_or_else(|| {
            Error::invalid(
                "bad_scope",
                "There is no such scope. See the list of scopes.",
            )
        })
    }
}

/// A set of scopes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Parses the scopes of a request. At least one is needed, and each must exist.
    pub fn parse<T: AsRef<str>>(names: &[T]) -> Result<Self> {
        if names.len() > Scope::ALL.len() {
            return Err(Error::invalid(
                "bad_scope",
                "A key has each scope at most once.",
            ));
        }
        let scopes = names.iter().map(|name| name.as_ref().parse());
        let scopes = scopes.collect::<Result<BTreeSet<_>>>()?;
        if scopes.is_empty() {
            return Err(Error::invalid(
                "bad_scope",
                "A key needs at least one scope.",
            ));
        }
        Ok(Self(scopes))
    }

    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

/// Described here, because the names of scopes are not those of serde.
#[cfg(feature = "contract")]
mod contract {
    use ts_rs::{Config, TS};
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{ObjectBuilder, RefOr, Schema, Type, schema::ArrayBuilder},
    };

    use super::{Scope, Scopes};

    impl PartialSchema for Scopes {
        fn schema() -> RefOr<Schema> {
            let scope = ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(Scope::ALL.map(Scope::name)));
            ArrayBuilder::new().items(scope).unique_items(true).into()
        }
    }

    impl ToSchema for Scopes {}

    impl TS for Scope {
        type WithoutGenerics = Self;
        type OptionInnerType = Self;

        fn name(_: &Config) -> String {
            "Scope".to_owned()
        }

        fn inline(_: &Config) -> String {
            Scope::ALL.map(|scope| format!("\"{scope}\"")).join(" | ")
        }

        fn decl(config: &Config) -> String {
            format!("type Scope = {};", Self::inline(config))
        }
    }

    impl TS for Scopes {
        type WithoutGenerics = Self;
        type OptionInnerType = Self;

        fn name(_: &Config) -> String {
            "Array<Scope>".to_owned()
        }

        fn inline(config: &Config) -> String {
            <Self as TS>::name(config)
        }
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|scope| scope.name()))
    }
}

/// Reads what is stored. A scope that exists no longer grants nothing and does not break the row.
impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_by_the_names_they_have() {
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse::<Scope>().unwrap(), scope);
        }
        let scopes = Scopes::parse(&["knowledge:read", "chatbots:read", "knowledge:read"]).unwrap();
        assert_eq!(
            serde_json::to_value(&scopes).unwrap(),
            serde_json::json!(["chatbots:read", "knowledge:read"])
        );
        assert!(scopes.contains(Scope::KnowledgeRead));
        assert!(!scopes.contains(Scope::KnowledgeWrite));
    }

    #[test]
    fn unknown_scopes_are_refused_in_requests_and_grant_nothing_in_rows() {
        let none: [&str; 0] = [];
        assert_eq!(Scopes::parse(&none).unwrap_err().code(), "bad_scope");
        for odd in [
            "",
            "chatbots",
            "chatbots:*",
            "Chatbots:read",
            "chatbots:read ",
        ] {
            assert_eq!(
                Scopes::parse(&["ai:use", odd]).unwrap_err().code(),
                "bad_scope",
                "{odd}"
            );
        }
        assert!(Scopes::parse(&["ai:use"; 20]).is_err());
        let stored: Scopes = serde_json::from_str(r#"["ai:use","faxes:read"]"#).unwrap();
        assert_eq!(stored, [Scope::AiUse].into_iter().collect());
    }
}
