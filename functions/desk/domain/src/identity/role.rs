//! Roles of members in a tenant, and of the platform's operators.

use serde::{Deserialize, Serialize};

/// A role has the permissions of all roles below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Viewer,
    Agent,
    Admin,
    Owner,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Agent, Self::Admin, Self::Owner];

    /// Returns whether this role may change a member from one role to another, invite (`from` is `None`) or remove
    /// (`to` is `None`). Admins manage everyone but owners.
    pub fn may_assign(self, from: Option<Self>, to: Option<Self>) -> bool {
        let touches_owner = from == Some(Self::Owner) || to == Some(Self::Owner);
        match self {
            Self::Owner => true,
            Self::Admin => !touches_owner,
            Self::Agent | Self::Viewer => false,
        }
    }
}

/// Operators of the platform. They act in a tenant that they name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlatformRole {
    Admin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admins_manage_everyone_but_owners() {
        let roles = [
            None,
            Some(Role::Viewer),
            Some(Role::Agent),
            Some(Role::Admin),
            Some(Role::Owner),
        ];
        for from in roles {
            for to in roles {
                let touches_owner = [from, to].contains(&Some(Role::Owner));
                assert!(Role::Owner.may_assign(from, to));
                assert_eq!(
                    Role::Admin.may_assign(from, to),
                    !touches_owner,
                    "{from:?} {to:?}"
                );
                assert!(!Role::Agent.may_assign(from, to));
                assert!(!Role::Viewer.may_assign(from, to));
            }
        }
    }

    #[test]
    fn roles_are_ordered_and_their_stored_names_do_not_change() {
        assert!(Role::ALL.is_sorted());
        let names = Role::ALL.map(|role| serde_json::to_value(role).unwrap());
        assert_eq!(names, ["viewer", "agent", "admin", "owner"]);
    }
}
