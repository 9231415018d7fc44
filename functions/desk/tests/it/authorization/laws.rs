//! What holds of each cell: the row of the table, and laws that are the same for all rows.

use std::collections::BTreeMap;

use confab_testkit::TestResponse;
use desk_domain::Role;

use super::{
    identities::{Class, Identity},
    requests::{Caller, Named},
    table::{Proof, Rule},
};

/// What the table says of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Unauthenticated,
    Denied,
    /// The membership of the token is over, or lower now.
    Former,
    /// The role is enough, but the thing is another's.
    Hidden,
    Allowed,
}

pub(crate) fn verdict(rule: &Rule, who: &Identity) -> Verdict {
    match (rule.proof, &who.class) {
        (Proof::Public, _) | (Proof::Cookie, Class::Cookie) => Verdict::Allowed,
        (Proof::Cookie, _) | (_, Class::Unknown | Class::Cookie) => Verdict::Unauthenticated,
        (Proof::Tenant | Proof::Reader, class) => in_workspace(rule, class),
        (Proof::Visitor, Class::Visitor { .. }) => Verdict::Allowed,
        (Proof::Visitor, _) => Verdict::Unauthenticated,
        (Proof::Token, Class::DeletedKey | Class::Member { stored: None, .. }) => {
            Verdict::Unauthenticated
        }
        (Proof::Token, _) => Verdict::Allowed,
        // A key is refused by its form.
        (_, Class::DeletedKey | Class::Key(_)) => Verdict::Denied,
        (_, Class::Visitor { .. }) => Verdict::Unauthenticated,
        (Proof::Operator, Class::Member { .. }) => Verdict::Denied,
        (_, Class::Member { .. } | Class::Operator { .. }) => Verdict::Allowed,
    }
}

fn in_workspace(rule: &Rule, class: &Class) -> Verdict {
    match class {
        Class::Unknown | Class::Cookie | Class::DeletedKey => Verdict::Unauthenticated,
        Class::Visitor { .. } if rule.proof == Proof::Tenant => Verdict::Unauthenticated,
        Class::Visitor { .. } if !rule.names('W') => Verdict::Denied,
        Class::Visitor { is_own } => verdict_if(*is_own || rule.names('X'), Verdict::Hidden),
        Class::Operator { names_tenant } => {
            verdict_if(*names_tenant && rule.names('P'), Verdict::Denied)
        }
        Class::Key(scopes) if rule.takes(scopes) && rule.hides_from_keys => Verdict::Hidden,
        Class::Key(scopes) => verdict_if(rule.takes(scopes), Verdict::Denied),
        Class::Member { role, stored } if rule.reads_membership => {
            let is_current = *stored == Some(*role);
            let refusal = if is_current {
                Verdict::Denied
            } else {
                Verdict::Former
            };
            stored.map_or(refusal, |stored| of_role(rule, stored, refusal))
        }
        Class::Member { role, .. } => of_role(rule, *role, Verdict::Denied),
    }
}

fn of_role(rule: &Rule, role: Role, refusal: Verdict) -> Verdict {
    let letter = match role {
        Role::Viewer => 'V',
        Role::Agent => 'G',
        Role::Admin => 'A',
        Role::Owner => 'O',
    };
    if rule.names(letter.to_ascii_lowercase()) {
        return Verdict::Hidden;
    }
    verdict_if(rule.names(letter), refusal)
}

fn verdict_if(is_allowed: bool, refusal: Verdict) -> Verdict {
    if is_allowed {
        Verdict::Allowed
    } else {
        refusal
    }
}

/// Returns the statuses that a cell may have.
pub(crate) fn statuses(rule: &Rule, verdict: Verdict, named: Named) -> Vec<u16> {
    let is_there = named == Named::Own || named == Named::Foreign && rule.names_deployment();
    match verdict {
        Verdict::Unauthenticated => vec![401],
        // The right to the thing may be asked for before the right to the act.
        Verdict::Denied if named != Named::Own => vec![403, 404],
        Verdict::Denied => vec![403],
        Verdict::Former => vec![401, 403, 404],
        Verdict::Hidden => vec![404],
        Verdict::Allowed if is_there || rule.refuses_by_module => vec![rule.status],
        Verdict::Allowed => vec![404],
    }
}

/// Returns which answers of a caller differ that must not: those about things of others, and about things that are not.
pub(crate) fn differences(
    rule: &Rule,
    verdict: Verdict,
    caller: &Caller<'_>,
    answers: &BTreeMap<Named, TestResponse>,
) -> Vec<String> {
    let Some(invented) = answers.get(&Named::Invented) else {
        return Vec::new();
    };
    let is_visitor = matches!(caller.who.class, Class::Visitor { .. });
    let is_alike = |named: Named| match named {
        Named::Foreign => !rule.names_deployment(),
        Named::Malformed => verdict == Verdict::Allowed && !rule.names_deployment(),
        Named::Own => verdict == Verdict::Hidden && is_visitor,
        Named::Invented => false,
    };
    let alike = answers.iter().filter(|(named, _)| is_alike(**named));
    let differing = alike
        .filter(|(_, answer)| answer.without_correlation_id() != invented.without_correlation_id());
    differing
        .map(|(named, answer)| format!("{named:?} {answer:?} differs from {invented:?}"))
        .collect()
}

/// Returns the ids of the other workspace in an answer that must have none.
pub(crate) fn leaks(rule: &Rule, caller: &Caller<'_>, answer: &TestResponse) -> Vec<String> {
    // Sites publish deployment keys, operators list all workspaces, and a member of both sees both.
    let is_open = matches!(rule.proof, Proof::Public | Proof::Operator);
    if is_open || caller.who.is_of_both {
        return Vec::new();
    }
    let marks = caller.foreign.marks();
    let found = marks.filter(|mark| answer.text.contains(*mark));
    found.map(str::to_owned).collect()
}
