//! What each role, scope and operator may do: one table, which routes ask and never repeat.

use super::{
    role::{PlatformRole, Role},
    scope::{Scope, Scopes},
};

/// Declares the actions together with their rows of the table.
macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident: $role:expr, $scope:expr, $platform:expr;)*) => {
        /// What a route does in a tenant.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $action,)* }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$action,)*];

            pub fn permission(self) -> Permission {
                let (role, scope, is_platform) = match self {
                    $(Self::$action => ($role, $scope, $platform),)*
                };
                Permission { role, scope, is_platform }
            }
        }
    };
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// The lowest role that may do it; `None` is no role of a tenant.
    pub role: Option<Role>,
    /// The scope by which a key may do it; `None` is no key.
    pub scope: Option<Scope>,
    /// Whether an operator of the platform may do it in a tenant of others.
    pub is_platform: bool,
}

const VIEWER: Option<Role> = Some(Role::Viewer);
const AGENT: Option<Role> = Some(Role::Agent);
const ADMIN: Option<Role> = Some(Role::Admin);
const OWNER: Option<Role> = Some(Role::Owner);

actions! {
    ReadTenant: VIEWER, None, true;
    WriteTenant: ADMIN, None, false;
    /// The security part of a tenant's settings.
    WriteSecurity: OWNER, None, false;
    DeleteTenant: OWNER, None, false;
    /// Suspend and resume.
    SuspendTenant: None, None, true;
    Provision: OWNER, None, true;
    ReadLimits: VIEWER, Some(Scope::BillingRead), true;
    ReadBilling: ADMIN, Some(Scope::BillingRead), true;
    WriteBilling: OWNER, None, true;
    ReadMembers: VIEWER, Some(Scope::MembersRead), false;
    /// Change, remove and invite. `Role::may_assign` protects owners.
    WriteMembers: ADMIN, Some(Scope::MembersWrite), false;
    /// A member's own availability and notices.
    WriteOwnMembership: VIEWER, None, false;
    ReadKeys: ADMIN, None, false;
    WriteKeys: ADMIN, None, false;
    /// A leaked key is deleted in a workspace that is read-only, too.
    DeleteKeys: ADMIN, None, false;
    WriteSso: OWNER, None, false;
    ReadBots: VIEWER, Some(Scope::ChatbotsRead), false;
    /// Create, change, delete, deploy and roll back.
    WriteBots: ADMIN, Some(Scope::ChatbotsWrite), false;
    ReadKnowledge: VIEWER, Some(Scope::KnowledgeRead), false;
    WriteKnowledge: ADMIN, Some(Scope::KnowledgeWrite), false;
    /// Canned replies, tags, views and hours.
    ReadSettings: AGENT, None, false;
    WriteSettings: ADMIN, None, false;
    /// An agent's own views.
    WriteOwnViews: AGENT, None, false;
    ReadConversations: AGENT, Some(Scope::ConversationsRead), false;
    WriteConversations: AGENT, Some(Scope::ConversationsWrite), false;
    DeleteMessageOfOthers: ADMIN, None, false;
    ReadContacts: AGENT, Some(Scope::ContactsRead), false;
    WriteContacts: AGENT, Some(Scope::ContactsWrite), false;
    UseAi: AGENT, Some(Scope::AiUse), false;
    ReadModels: AGENT, None, false;
    /// Activate a model and evaluate bots.
    ActivateModels: ADMIN, None, false;
    /// Add and delete own models with their keys.
    WriteModels: OWNER, None, false;
    ReadAnalytics: VIEWER, Some(Scope::AnalyticsRead), false;
    RecordEvents: None, Some(Scope::EventsWrite), false;
    ReadJobs: ADMIN, Some(Scope::JobsRead), false;
    /// Imports, exports and reports. They reach every conversation, so that viewers have none.
    WriteJobs: ADMIN, Some(Scope::JobsWrite), false;
    ReadAvatars: VIEWER, None, false;
    WriteAvatars: ADMIN, None, false;
    ReadWebhooks: ADMIN, Some(Scope::WebhooksRead), false;
    WriteWebhooks: ADMIN, Some(Scope::WebhooksWrite), false;
    ReadAudit: ADMIN, None, true;
    WritePrivacyRequests: ADMIN, None, false;
}

/// Who asks, after authentication and within one tenant.
#[derive(Debug, Clone, Copy)]
pub enum Principal<'a> {
    Member(Role),
    Key(&'a Scopes),
    Platform(PlatformRole),
}

/// Returns whether the principal may do this in the tenant that it was authenticated for.
pub fn may(principal: Principal<'_>, action: Action) -> bool {
    let permission = action.permission();
    match principal {
        Principal::Member(role) => permission.role.is_some_and(|lowest| role >= lowest),
        Principal::Key(scopes) => permission.scope.is_some_and(|scope| scopes.contains(scope)),
        Principal::Platform(PlatformRole::Admin) => permission.is_platform,
    }
}

/// Returns the scopes whose every action a member may do, as gateways compare them with those of keys.
pub fn scopes_of_role(role: Role) -> Scopes {
    let actions_of = |scope: Scope| {
        Action::ALL
            .iter()
            .filter(move |action| action.permission().scope == Some(scope))
    };
    let is_covered = |scope: &Scope| {
        let is_needed = actions_of(*scope).next().is_some();
        is_needed && actions_of(*scope).all(|action| may(Principal::Member(role), *action))
    };
    Scope::ALL.into_iter().filter(is_covered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table: `V`, `G`, `A` and `O` for roles, `P` for operators, and the scope of keys.
    const TABLE: &str = "\
        ReadTenant VGAO P -
        WriteTenant AO - -
        WriteSecurity O - -
        DeleteTenant O - -
        SuspendTenant - P -
        Provision O P -
        ReadLimits VGAO P billing:read
        ReadBilling AO P billing:read
        WriteBilling O P -
        ReadMembers VGAO - members:read
        WriteMembers AO - members:write
        WriteOwnMembership VGAO - -
        ReadKeys AO - -
        WriteKeys AO - -
        DeleteKeys AO - -
        WriteSso O - -
        ReadBots VGAO - chatbots:read
        WriteBots AO - chatbots:write
        ReadKnowledge VGAO - knowledge:read
        WriteKnowledge AO - knowledge:write
        ReadSettings GAO - -
        WriteSettings AO - -
        WriteOwnViews GAO - -
        ReadConversations GAO - conversations:read
        WriteConversations GAO - conversations:write
        DeleteMessageOfOthers AO - -
        ReadContacts GAO - contacts:read
        WriteContacts GAO - contacts:write
        UseAi GAO - ai:use
        ReadModels GAO - -
        ActivateModels AO - -
        WriteModels O - -
        ReadAnalytics VGAO - analytics:read
        RecordEvents - - events:write
        ReadJobs AO - jobs:read
        WriteJobs AO - jobs:write
        ReadAvatars VGAO - -
        WriteAvatars AO - -
        ReadWebhooks AO - webhooks:read
        WriteWebhooks AO - webhooks:write
        ReadAudit AO P -
        WritePrivacyRequests AO - -";

    fn row_of(action: Action) -> String {
        let letters = Role::ALL.iter().zip("VGAO".chars());
        let roles = letters.filter(|(role, _)| may(Principal::Member(**role), action));
        let roles: String = roles.map(|(_, letter)| letter).collect();
        let is_platform = may(Principal::Platform(PlatformRole::Admin), action);
        let keys = Scope::ALL.into_iter().filter(|scope| {
            let scopes: Scopes = [*scope].into_iter().collect();
            may(Principal::Key(&scopes), action)
        });
        let scopes: Vec<_> = keys.map(Scope::name).collect();
        let or_none = |text: String| {
            if text.is_empty() {
                "-".to_owned()
            } else {
                text
            }
        };
        let platform = if is_platform { "P" } else { "-" };
        format!(
            "{action:?} {} {platform} {}",
            or_none(roles),
            or_none(scopes.join(","))
        )
    }

    #[test]
    fn every_action_is_allowed_to_exactly_the_roles_of_the_table() {
        let rows: Vec<_> = Action::ALL.iter().map(|action| row_of(*action)).collect();
        let expected: Vec<_> = TABLE.lines().map(str::trim).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn each_role_may_do_what_the_role_below_may() {
        for action in Action::ALL {
            for pair in Role::ALL.windows(2) {
                let below = may(Principal::Member(pair[0]), *action);
                assert!(
                    !below || may(Principal::Member(pair[1]), *action),
                    "{action:?}"
                );
            }
        }
    }

    #[test]
    fn members_have_the_scopes_whose_actions_they_may_all_do() {
        let names = |role| -> Vec<_> { scopes_of_role(role).iter().map(Scope::name).collect() };
        let viewer = [
            "chatbots:read",
            "knowledge:read",
            "analytics:read",
            "members:read",
        ];
        assert_eq!(names(Role::Viewer), viewer);
        assert!(names(Role::Agent).contains(&"conversations:write"));
        assert!(!names(Role::Agent).contains(&"billing:read"));
        let owner = names(Role::Owner);
        assert_eq!(owner.len(), Scope::ALL.len() - 2);
        assert!(!owner.contains(&"events:write") && !owner.contains(&"analytics:write"));
    }

    #[test]
    fn keys_without_scopes_may_do_nothing() {
        let none = Scopes::default();
        assert!(
            Action::ALL
                .iter()
                .all(|action| !may(Principal::Key(&none), *action))
        );
    }

    #[test]
    fn scopes_that_no_action_needs_are_known() {
        let is_unused = |scope: &Scope| {
            let mut scopes = Action::ALL.iter().map(|action| action.permission().scope);
            scopes.all(|needed| needed != Some(*scope))
        };
        let unused: Vec<_> = Scope::ALL.into_iter().filter(is_unused).collect();
        assert_eq!(
            unused,
            [Scope::AnalyticsWrite],
            "reserved for reports that keys define"
        );
    }
}
