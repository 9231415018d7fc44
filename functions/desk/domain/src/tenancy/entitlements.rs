//! What a tenant is entitled to: one function of its plan and of what operators changed for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    limit::{Limit, LimitName},
    plan::{Isolation, Plan},
};
use crate::LoginMethod;

/// What differs from the plan. Amounts are set by operators, caps by the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    pub amounts: BTreeMap<LimitName, u64>,
    pub caps: BTreeMap<LimitName, u64>,
    pub max_retention_days: Option<u16>,
    pub has_own_table: Option<bool>,
    pub has_saml: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlements {
    pub plan: Plan,
    limits: [Limit; LimitName::ALL.len()],
    pub max_retention_days: u16,
    pub has_own_table: bool,
    pub has_saml: bool,
}

/// Returns what a plan and its overrides allow. The limits that people see and the guards are both made of it.
pub fn entitlements(plan: Plan, overrides: &Overrides) -> Entitlements {
    let limit = |name: LimitName| Limit {
        name,
        amount: overrides
            .amounts
            .get(&name)
            .copied()
            .unwrap_or(plan.amount(name)),
        policy: plan.policy(name),
        cap: overrides.caps.get(&name).copied(),
    };
    let max_retention_days = overrides.max_retention_days;
    Entitlements {
        plan,
        limits: LimitName::ALL.map(limit),
        max_retention_days: max_retention_days.unwrap_or(plan.max_retention_days()),
        has_own_table: overrides.has_own_table.unwrap_or(plan.has_own_table()),
        has_saml: overrides.has_saml.unwrap_or(plan.has_saml()),
    }
}

impl Entitlements {
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }

    pub fn limit(&self, name: LimitName) -> &Limit {
        // The array has the order of the names.
        &self.limits[name as usize]
    }

    /// Returns the names of what the tenant has beyond its limits.
    pub fn features(&self) -> Vec<&'static str> {
        let features = [("own_table", self.has_own_table), ("saml", self.has_saml)];
        let included = features.into_iter().filter(|(_, is_included)| *is_included);
        included.map(|(name, _)| name).collect()
    }

    pub fn allows_method(&self, method: LoginMethod) -> bool {
        method != LoginMethod::Saml || self.has_saml
    }

    /// Returns whether the tenant's owner may choose an isolation. A stack is deployed by operators alone.
    pub fn allows_isolation(&self, isolation: Isolation) -> bool {
        match isolation {
            Isolation::Pooled => true,
            Isolation::Table => self.has_own_table,
            Isolation::Stack => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{LimitPolicy, check_limit};

    fn plain(plan: Plan) -> Entitlements {
        entitlements(plan, &Overrides::default())
    }

    #[test]
    fn table_of_limits_is_that_of_the_price_list() {
        let amounts = |name| Plan::ALL.map(|plan| plain(plan).limit(name).amount);
        assert_eq!(amounts(LimitName::Seats), [3, 3, 15, 50]);
        assert_eq!(amounts(LimitName::Bots), [2, 3, 10, 50]);
        assert_eq!(amounts(LimitName::Sockets), [50, 200, 2_000, 10_000]);
        assert_eq!(
            amounts(LimitName::Conversations),
            [500, 2_000, 20_000, 200_000]
        );
        assert_eq!(amounts(LimitName::AiAnswers), [300, 1_000, 10_000, 100_000]);
        assert_eq!(amounts(LimitName::Documents), [50, 200, 2_000, 10_000]);
        assert_eq!(amounts(LimitName::Chunks), [2_000, 5_000, 20_000, 50_000]);
        assert_eq!(amounts(LimitName::ApiKeys), [50; 4]);
        let days = Plan::ALL.map(|plan| plain(plan).max_retention_days);
        assert_eq!(days, [30, 365, 1_095, 3_650]);
    }

    #[test]
    fn every_limit_is_hard_on_trial_and_visitors_of_paying_tenants_are_not_refused() {
        let policies = |plan| LimitName::ALL.map(|name| plain(plan).limit(name).policy);
        assert_eq!(policies(Plan::Trial), [LimitPolicy::Hard; 8]);
        for plan in [Plan::Starter, Plan::Team, Plan::Business] {
            let open = LimitName::ALL.into_iter().zip(policies(plan));
            let open: Vec<_> = open
                .filter(|(_, policy)| *policy != LimitPolicy::Hard)
                .collect();
            let expected = [
                (LimitName::Conversations, LimitPolicy::Soft),
                (LimitName::AiAnswers, LimitPolicy::Metered),
            ];
            assert_eq!(open, expected, "{plan:?}");
        }
    }

    #[test]
    fn features_follow_the_plan_unless_they_are_overridden() {
        let saml = Plan::ALL.map(|plan| plain(plan).allows_method(LoginMethod::Saml));
        assert_eq!(saml, [false, true, true, true]);
        let table = Plan::ALL.map(|plan| plain(plan).allows_isolation(Isolation::Table));
        assert_eq!(table, [false, false, false, true]);
        assert!(plain(Plan::Trial).allows_method(LoginMethod::Oidc));
        let features = Plan::ALL.map(|plan| plain(plan).features().join(" "));
        assert_eq!(features, ["", "saml", "saml", "own_table saml"]);
        assert!(plain(Plan::Trial).allows_isolation(Isolation::Pooled));
        assert!(!plain(Plan::Business).allows_isolation(Isolation::Stack));
        let overrides: Overrides = serde_json::from_value(serde_json::json!({
            "amounts": { "seats": 7 }, "caps": { "ai_answers": 1200 }, "has_saml": true,
            "has_own_table": false, "max_retention_days": 60,
        }))
        .unwrap();
        let trial = entitlements(Plan::Trial, &overrides);
        assert_eq!(trial.limit(LimitName::Seats).amount, 7);
        assert_eq!((trial.has_saml, trial.max_retention_days), (true, 60));
        let business = entitlements(Plan::Business, &overrides);
        assert_eq!(business.limit(LimitName::AiAnswers).most(), Some(1_200));
        assert!(!business.allows_isolation(Isolation::Table));
    }

    #[test]
    fn limits_are_found_by_their_names() {
        for name in LimitName::ALL {
            assert_eq!(plain(Plan::Team).limit(name).name, name);
        }
        assert_eq!(plain(Plan::Team).limits().len(), LimitName::ALL.len());
    }

    fn any_overrides() -> impl Strategy<Value = Overrides> {
        let name = proptest::sample::select(&LimitName::ALL[..]);
        let amounts = proptest::collection::btree_map(name, 0_u64..60_000, 0..8);
        let retention = proptest::option::of(30_u16..3_650);
        (amounts.clone(), amounts, retention).prop_map(|(amounts, caps, max_retention_days)| {
            Overrides {
                amounts,
                caps,
                max_retention_days,
                ..Overrides::default()
            }
        })
    }

    proptest! {
        #[test]
        fn higher_plans_allow_whatever_lower_plans_allow(
            overrides in any_overrides(),
            name in proptest::sample::select(&LimitName::ALL[..]),
            used in 0_u64..300_000, wanted in 0_u64..1_000,
        ) {
            for pair in Plan::ALL.windows(2) {
                let lower = entitlements(pair[0], &overrides);
                let higher = entitlements(pair[1], &overrides);
                let may = |of: &Entitlements| check_limit(of.limit(name), used, 0, wanted).is_ok();
                prop_assert!(!may(&lower) || may(&higher), "{name:?} {pair:?}");
                prop_assert!(lower.limit(name).amount <= higher.limit(name).amount);
                prop_assert!(lower.max_retention_days <= higher.max_retention_days);
                prop_assert!(!lower.has_saml || higher.has_saml);
                prop_assert!(!lower.has_own_table || higher.has_own_table);
            }
        }
    }
}
