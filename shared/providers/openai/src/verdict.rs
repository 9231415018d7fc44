//! Parses moderation verdicts. A malformed response never counts as permission.

use std::collections::BTreeMap;

use confab_provider_base::{
    lenient::{Lenient, LenientVec},
    parsed::label,
};
use serde::Deserialize;

use crate::ModelError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub flagged: bool,
    /// The provider's categories, such as `violence/graphic`, safe in a log line.
    pub categories: Vec<String>,
}

const MAX_CATEGORIES: usize = 32;

#[derive(Deserialize, Default)]
#[serde(default)]
struct ModerationBody {
    results: LenientVec<ModerationResult>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ModerationResult {
    flagged: Lenient<bool>,
    categories: Lenient<BTreeMap<String, Lenient<bool>>>,
}

/// Merges all results into one verdict; a single flag or category is enough.
pub fn parse_verdict(body: &[u8]) -> Result<Verdict, ModelError> {
    let malformed = ModelError::Unusable("no verdict");
    let Ok(ModerationBody { results }) = serde_json::from_slice(body) else {
        return Err(malformed);
    };
    if results.items.is_empty() || results.broken > 0 {
        return Err(malformed);
    }
    let mut verdict = Verdict {
        flagged: false,
        categories: Vec::new(),
    };
    for ModerationResult {
        flagged,
        categories,
    } in results.items
    {
        verdict.flagged |= flagged.0.ok_or(malformed.clone())?;
        for (name, is_set) in categories.0.unwrap_or_default() {
            if is_set.0 == Some(true) {
                let parts: Vec<_> = name.split('/').map(label).collect();
                verdict.categories.push(parts.join("/"));
            }
        }
    }
    verdict.categories.sort();
    verdict.categories.dedup();
    verdict.flagged |= !verdict.categories.is_empty();
    verdict.categories.truncate(MAX_CATEGORIES);
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(results: Value) -> Result<Verdict, ModelError> {
        parse_verdict(
            json!({"id": "modr-1", "results": results})
                .to_string()
                .as_bytes(),
        )
    }

    #[test]
    fn verdict_lists_the_flagged_categories() {
        let clear = json!({"flagged": false, "categories": {"violence": false, "sexual": false}});
        let flagged = json!({"flagged": true, "categories": {"violence": true, "violence/graphic": true, "hate": false, "x": null}});
        assert_eq!(
            read(json!([clear])).unwrap(),
            Verdict {
                flagged: false,
                categories: vec![]
            }
        );
        let expected = vec!["violence".to_owned(), "violence/graphic".to_owned()];
        for results in [
            json!([flagged]),
            json!([clear, flagged]),
            json!([flagged, flagged]),
        ] {
            assert_eq!(
                read(results).unwrap(),
                Verdict {
                    flagged: true,
                    categories: expected.clone()
                }
            );
        }
        // The flag or a category alone is enough.
        assert!(read(json!([{"flagged": true}])).unwrap().flagged);
        assert!(
            read(json!([{"flagged": false, "categories": {"sexual": true}}]))
                .unwrap()
                .flagged
        );
    }

    #[test]
    fn malformed_verdict_is_never_a_permission() {
        for results in [
            json!(null),
            json!([]),
            json!({}),
            json!([{}]),
            json!([7]),
            json!([{"flagged": "false"}]),
            json!([{"flagged": null}]),
            json!([{"flagged": false}, {"flagged": 0}]),
            json!([{"flagged": false}, "x"]),
        ] {
            assert!(
                matches!(read(results.clone()), Err(ModelError::Unusable(_))),
                "{results}"
            );
        }
        for body in ["", "{}", "null", "<html>"] {
            assert!(
                matches!(parse_verdict(body.as_bytes()), Err(ModelError::Unusable(_))),
                "{body}"
            );
        }
        let odd: BTreeMap<String, bool> = (0..10_000)
            .map(|n| (format!("{n}\n<b>{}", "x".repeat(100)), true))
            .collect();
        let verdict = read(json!([{"flagged": false, "categories": odd}])).unwrap();
        assert!(verdict.flagged && verdict.categories.len() == MAX_CATEGORIES);
        assert!(
            verdict
                .categories
                .iter()
                .all(|name| name.len() <= 64 && !name.contains(['\n', '<']))
        );
    }
}
