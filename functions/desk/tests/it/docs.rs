//! `docs/desk.md` says what the code does: its tables of roles and limits are those of the domain.

use desk_domain::{
    Action, LimitName, Overrides, Plan, PlatformRole, Principal, Role, Scope, entitlements, may,
};

const PAGE: &str = include_str!("../../../../docs/desk.md");

/// Returns the rows of the first table below a heading, without its head.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells = row.strip_prefix('|').and_then(|row| row.strip_suffix('|'));
        let cells = cells.unwrap().split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

fn yes(is_allowed: bool) -> String {
    let text = if is_allowed { "yes" } else { "" };
    text.to_owned()
}

#[test]
fn roles_of_the_page_are_those_of_the_service() {
    let expected = Action::ALL.iter().map(|action| {
        let roles = Role::ALL.map(|role| yes(may(Principal::Member(role), *action)));
        let operator = may(Principal::Platform(PlatformRole::Admin), *action);
        let scope = action.permission().scope.map(Scope::name);
        let scope = scope.map(|name| format!("`{name}`")).unwrap_or_default();
        let mut cells = vec![format!("`{action:?}`")];
        cells.extend(roles);
        cells.extend([yes(operator), scope]);
        cells
    });
    let shown = table("Roles").into_iter().map(|row| row[1..].to_vec());
    assert_eq!(
        shown.collect::<Vec<_>>(),
        expected.collect::<Vec<Vec<String>>>()
    );
}

#[test]
fn limits_of_the_page_are_those_of_the_plans() {
    let expected = LimitName::ALL.map(|name| {
        let amounts = Plan::ALL.map(|plan| {
            let entitlements = entitlements(plan, &Overrides::default());
            entitlements.limit(name).amount.to_string()
        });
        let mut cells = vec![format!("`{}`", name.name())];
        cells.extend(amounts);
        cells
    });
    let shown = table("Limits").into_iter().map(|row| {
        let mut cells = vec![row[0].clone()];
        cells.extend(row[2..6].iter().map(|amount| amount.replace(',', "")));
        cells
    });
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}
