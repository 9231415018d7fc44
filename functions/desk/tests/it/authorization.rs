//! Every route, asked by every identity for its own things, those of another workspace and those that are not there.
//!
//! `table` says who may do what, `laws` what holds beyond that.

mod foreign_ids;
mod identities;
mod laws;
mod places;
mod requests;
mod sealed_values;
mod snapshot;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use self::{
    identities::{Cast, Identity},
    laws::{Verdict, differences, leaks, statuses, verdict},
    places::{Place, Side},
    requests::{Caller, Named},
    snapshot::{Change, RowKey, Snapshot},
    table::{Proof, Rule, rules},
};
use crate::world::{World, routes};

/// Functions with routes, in two parts that take about as long.
const SHARES: [&[&str]; 2] = [
    &[
        "desk-contacts",
        "desk-conversations",
        "desk-health",
        "desk-messages",
        "desk-widget",
        "desk-ws-ticket",
    ],
    &[
        "desk-chatbots",
        "desk-login",
        "desk-members",
        "desk-sessions",
        "desk-settings",
        "desk-tenants",
        "desk-trust",
    ],
];

/// Longer than an access token is valid.
const TOKEN_SECONDS: u64 = 700;

/// Two workspaces with those who ask for their things.
struct Scene {
    world: World,
    a: Place,
    b: Place,
    identities: Vec<Identity>,
    snapshot: Snapshot,
    /// The rows of each workspace and its people, without those that belong to both.
    keys: BTreeMap<Side, BTreeSet<RowKey>>,
}

impl Scene {
    async fn open() -> Self {
        let world = World::open().await;
        let mut a = Box::pin(Place::make(&world, Side::A)).await;
        let mut b = Box::pin(Place::make(&world, Side::B)).await;
        let cast = Box::pin(Cast::make(&world, &a, &b)).await;
        world.advance(TOKEN_SECONDS);
        a.renew(&world).await;
        b.renew(&world).await;
        let identities = Box::pin(cast.identities(&world, &a, &b)).await;
        let snapshot = Snapshot::take(&world).await;
        let keys_of = |own: &Place, other: &Place| {
            let keys = snapshot.keys_with(own.id("tenant"), other.id("tenant"));
            (own.side, keys.collect())
        };
        let keys = BTreeMap::from([keys_of(&a, &b), keys_of(&b, &a)]);
        Self {
            world,
            a,
            b,
            identities,
            snapshot,
            keys,
        }
    }

    fn place(&self, side: Side) -> &Place {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }

    fn identity(&self, name: &str) -> &Identity {
        let mut identities = self.identities.iter();
        identities.find(|who| who.name == name).unwrap()
    }

    fn caller<'a>(&'a self, number: usize, who: &'a Identity) -> Caller<'a> {
        Caller {
            who,
            number,
            own: self.place(who.side),
            foreign: self.place(who.side.other()),
        }
    }

    /// Whether a row is one of a workspace, or of its people alone.
    fn has_row(&self, side: Side, change: &Change) -> bool {
        let prefix = format!("T#{}", self.place(side).id("tenant"));
        change.key.0.starts_with(&prefix) || self.keys[&side].contains(&change.key)
    }
}

/// What the cells of a part have shown.
#[derive(Debug, Default)]
struct Report {
    routes: usize,
    identities: usize,
    cells: usize,
    failures: Vec<String>,
}

/// Returns the rules of a function's routes.
fn rules_of(function: &str) -> Vec<Rule> {
    let keys: BTreeSet<_> = routes(function).keys().collect();
    let mut rules = rules();
    rules.retain(|rule| keys.contains(rule.key().as_str()));
    rules
}

/// Returns what a caller names in the cells of a rule.
fn named_in(rule: &Rule, who: &Identity) -> Vec<Named> {
    let in_workspace = matches!(rule.proof, Proof::Tenant | Proof::Reader);
    if who.has_one_scope() && !in_workspace {
        // Scopes decide in workspaces alone.
        return Vec::new();
    }
    let is_refused_anyway = who.has_one_scope() && verdict(rule, who) == Verdict::Denied;
    if rule.has_parameters() && !is_refused_anyway {
        Named::ALL.to_vec()
    } else {
        vec![Named::Own]
    }
}

async fn check_functions(functions: &[&'static str]) -> Report {
    let scene = Box::pin(Scene::open()).await;
    let mut report = Report {
        identities: scene.identities.len(),
        ..Report::default()
    };
    for function in functions.iter().copied() {
        for rule in rules_of(function) {
            report.routes += 1;
            for (number, who) in scene.identities.iter().enumerate() {
                let caller = scene.caller(number, who);
                Box::pin(check_caller(&scene, function, &rule, &caller, &mut report)).await;
            }
            let changes = scene.snapshot.restore().await;
            let changes = changes
                .iter()
                .filter(|change| !change.is_of_every_request());
            let failures = changes.map(|change| {
                let key = rule.key();
                format!("{key}: a read or a refused request changed {change:?}")
            });
            report.failures.extend(failures);
        }
    }
    let violations = scene.world.cloud.take_tenant_violations().into_iter();
    let violations = violations.map(|violation| format!("keys of two tenants: {violation:?}"));
    report.failures.extend(violations);
    report
}

/// Checks the cells of one rule and caller.
async fn check_caller(
    scene: &Scene,
    function: &'static str,
    rule: &Rule,
    caller: &Caller<'_>,
    report: &mut Report,
) {
    let verdict = verdict(rule, caller.who);
    let mut answers = BTreeMap::new();
    let mut failures = Vec::new();
    for named in named_in(rule, caller.who) {
        let request = caller.request(rule, named);
        let answer = scene.world.send(function, &request).await;
        report.cells += 1;
        let expected = statuses(rule, verdict, named);
        if !expected.contains(&answer.status) {
            failures.push(format!("{named:?}: not {expected:?} but {answer:?}"));
        }
        for id in leaks(rule, caller, &answer) {
            failures.push(format!("{named:?}: the answer has {id}"));
        }
        if rule.is_write() && answer.status < 400 {
            let other = caller.who.side.other();
            let changes = scene.snapshot.restore().await;
            let foreign = changes.iter().filter(|change| scene.has_row(other, change));
            failures.extend(foreign.map(|change| format!("{named:?}: changed {change:?}")));
        }
        answers.insert(named, answer);
    }
    failures.extend(differences(rule, verdict, caller, &answers));
    let cell = format!("{} as {}", rule.key(), caller.who.name);
    let failures = failures.iter().map(|failure| format!("{cell}: {failure}"));
    report.failures.extend(failures);
}

/// Runs work on a runtime of its own, so that threads share none.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

#[test]
fn every_route_answers_every_identity_as_the_table_says() {
    let reports = std::thread::scope(|scope| {
        let parts = SHARES
            .map(|functions| scope.spawn(move || block_on(Box::pin(check_functions(functions)))));
        parts.map(|part| part.join().unwrap())
    });
    let sum = |count: fn(&Report) -> usize| reports.iter().map(count).sum::<usize>();
    println!(
        "{} routes, {} identities, {} kinds of ids: {} cells",
        sum(|report| report.routes),
        reports[0].identities,
        Named::ALL.len(),
        sum(|report| report.cells),
    );
    let failures = reports.map(|report| report.failures).concat();
    let list = failures.join("\n");
    assert!(failures.is_empty(), "{} fail:\n{list}", failures.len());
}

#[test]
fn table_has_one_row_for_each_route_and_no_other() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/routes");
    let files = std::fs::read_dir(folder).unwrap();
    let names = files.filter_map(|file| file.unwrap().file_name().into_string().ok());
    let functions: BTreeSet<_> = names
        .filter_map(|name| Some(name.strip_suffix(".rs")?.replace('_', "-")))
        .collect();
    let shared: BTreeSet<_> = SHARES.concat().into_iter().map(str::to_owned).collect();
    assert_eq!(shared, functions, "each function is in one part");
    let routed = functions
        .iter()
        .flat_map(|function| routes(function).keys().collect::<Vec<_>>());
    let mut routed: Vec<_> = routed.map(str::to_owned).collect();
    let mut listed: Vec<_> = rules().iter().map(Rule::key).collect();
    routed.sort();
    listed.sort();
    assert_eq!(listed, routed);
}
