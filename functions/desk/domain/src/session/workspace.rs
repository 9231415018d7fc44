//! The workspace that a session acts in.

use core::net::IpAddr;

use confab_core::{Error, Kind, Result, TenantId, Timestamp};

use super::family::SessionFamily;
use crate::{Member, Tenant, TenantAccess};

/// A workspace of a person, and their place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub tenant: Tenant,
    pub member: Member,
}

impl Membership {
    /// Checks that a session may act in the workspace from an address now.
    fn check_entry(
        &self,
        family: &SessionFamily,
        source: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<()> {
        let security = &self.tenant.settings.security;
        if !security.allows_source(source) {
            return Err(Error::new(
                Kind::Forbidden,
                "source_not_allowed",
                "This workspace cannot be used from your network address.",
            ));
        }
        if !security.methods.contains(&family.method) {
            return Err(Error::new(
                Kind::Forbidden,
                "login_method_not_allowed",
                "This workspace asks you to sign in another way.",
            ));
        }
        if security.mfa_required && !family.has_mfa {
            return Err(Error::new(
                Kind::Forbidden,
                "mfa_required",
                "This workspace asks for a second factor.",
            ));
        }
        if !family.is_live(security.session_length(), now) {
            return Err(Error::new(
                Kind::Forbidden,
                "sign_in_again",
                "This workspace asks you to sign in again.",
            ));
        }
        Ok(())
    }
}

/// Chooses the workspace of a session's next access token. A named one is entered or refused: one of which the person
/// is not a member is answered as one that does not exist. Without a name, the session stays where it is; then comes
/// the first workspace that it may enter. `None` is a person without such a workspace.
pub fn choose_workspace<'a>(
    memberships: &'a [Membership],
    named: Option<TenantId>,
    family: &SessionFamily,
    source: Option<IpAddr>,
    now: Timestamp,
) -> Result<Option<&'a Membership>> {
    let find = |id: TenantId| memberships.iter().find(|one| one.tenant.id == id);
    let may_enter = |one: &&Membership| one.check_entry(family, source, now).is_ok();
    if let Some(id) = named {
        let chosen = find(id).ok_or_else(|| Error::not_found("workspace"))?;
        chosen.check_entry(family, source, now)?;
        return Ok(Some(chosen));
    }
    if let Some(current) = family.tenant.and_then(find) {
        current.check_entry(family, source, now)?;
        return Ok(Some(current));
    }
    let is_open =
        |one: &&Membership| one.tenant.lifecycle.access() != TenantAccess::Closed && may_enter(one);
    let open = memberships.iter().find(is_open);
    Ok(open.or_else(|| memberships.iter().find(may_enter)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use confab_core::UserId;

    use super::*;
    use crate::{
        Device, LanguageTag, LifecycleEvent, LoginMethod, Role, Secret, SessionClient, SessionId,
        Slug,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + second).unwrap()
    }

    fn user() -> UserId {
        UserId::new(at(0), &|| [1; 10])
    }

    fn id(byte: u8) -> TenantId {
        TenantId::new(at(0), &|| [byte; 10])
    }

    fn membership(byte: u8) -> Membership {
        let (slug, locale) = (Slug::suggest("Flowers"), LanguageTag::english());
        let tenant = Tenant::new(id(byte), slug, "Flowers", locale, user(), at(0)).unwrap();
        let change = Member::join(user(), Role::Agent, [].into(), at(0));
        Membership {
            tenant,
            member: change.member.unwrap(),
        }
    }

    fn suspended(byte: u8) -> Membership {
        let suspend = LifecycleEvent::Suspend {
            reason: "Spam".into(),
        };
        let one = membership(byte);
        Membership {
            tenant: one.tenant.apply(&suspend, at(0)).unwrap(),
            ..one
        }
    }

    fn office_only(byte: u8) -> Membership {
        let mut one = membership(byte);
        let office = "203.0.113.0/24".parse().unwrap();
        one.tenant.settings.security.ip_allow = [office].into();
        one
    }

    fn short(byte: u8) -> Membership {
        let mut one = membership(byte);
        one.tenant.settings.security.session_hours = 1;
        one
    }

    fn session(tenant: Option<TenantId>) -> SessionFamily {
        let id = SessionId::new(at(0), &|| [2; 10]);
        let device = Device::new(SessionClient::Browser, "Firefox", None);
        let family = SessionFamily::new(id, user(), Secret::new(&|| [3; 10]), device, at(0));
        SessionFamily { tenant, ..family }
    }

    fn choose(
        memberships: &[Membership],
        named: Option<u8>,
        current: Option<u8>,
        hours: u64,
    ) -> Result<Option<TenantId>> {
        let source = "198.51.100.7".parse().ok();
        let now = confab_core::after(at(0), Duration::from_secs(hours * 3_600));
        let family = session(current.map(id));
        let chosen = choose_workspace(memberships, named.map(id), &family, source, now)?;
        Ok(chosen.map(|one| one.tenant.id))
    }

    fn code<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().code().to_owned()
    }

    #[test]
    fn named_workspace_is_entered_or_refused() {
        let all = [membership(1), office_only(2), short(3)];
        assert_eq!(choose(&all, Some(1), Some(3), 0).unwrap(), Some(id(1)));
        assert_eq!(code(choose(&all, Some(9), None, 0)), "workspace_not_found");
        assert_eq!(code(choose(&all, Some(2), None, 0)), "source_not_allowed");
        assert_eq!(choose(&all, Some(3), None, 0).unwrap(), Some(id(3)));
        assert_eq!(code(choose(&all, Some(3), None, 1)), "sign_in_again");
    }

    #[test]
    fn workspace_is_entered_by_its_methods_and_with_its_second_factor() {
        let (mut single_sign_on, mut with_mfa) = (membership(1), membership(2));
        single_sign_on.tenant.settings.security.methods = [LoginMethod::Oidc].into();
        with_mfa.tenant.settings.security.mfa_required = true;
        let all = [single_sign_on, with_mfa, membership(3)];
        assert_eq!(
            code(choose(&all, Some(1), None, 0)),
            "login_method_not_allowed"
        );
        assert_eq!(code(choose(&all, Some(2), None, 0)), "mfa_required");
        assert_eq!(choose(&all, None, None, 0).unwrap(), Some(id(3)));
        let family = SessionFamily {
            method: LoginMethod::Oidc,
            has_mfa: true,
            ..session(None)
        };
        let source = "198.51.100.7".parse().ok();
        let chosen = choose_workspace(&all, Some(id(1)), &family, source, at(0));
        assert!(chosen.unwrap().is_some());
    }

    #[test]
    fn session_stays_in_its_workspace_while_the_person_is_a_member() {
        let all = [membership(1), membership(2), office_only(3)];
        assert_eq!(choose(&all, None, Some(2), 5).unwrap(), Some(id(2)));
        assert_eq!(choose(&all, None, Some(9), 5).unwrap(), Some(id(1)));
        assert_eq!(code(choose(&all, None, Some(3), 0)), "source_not_allowed");
    }

    #[test]
    fn first_open_workspace_is_chosen_for_a_new_session() {
        let all = [suspended(1), office_only(2), short(3), membership(4)];
        assert_eq!(choose(&all, None, None, 0).unwrap(), Some(id(3)));
        assert_eq!(choose(&all, None, None, 2).unwrap(), Some(id(4)));
        assert_eq!(choose(&all[..2], None, None, 0).unwrap(), Some(id(1)));
        assert_eq!(choose(&all[1..2], None, None, 0).unwrap(), None);
        assert_eq!(choose(&[], None, None, 0).unwrap(), None);
    }
}
