//! Whether a picture or a text is fit to be shown. What cannot be read is no permission.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ModelError;
use confab_provider_base::{
    lenient::{Lenient, LenientVec},
    parsed::label,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub flagged: bool,
    /// What it is flagged for, such as `violence/graphic`: the provider's words, safe in a log line.
    pub categories: Vec<String>,
}

const MOST_CATEGORIES: usize = 32;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Moderation {
    results: LenientVec<Opinion>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Opinion {
    flagged: Lenient<bool>,
    categories: Lenient<BTreeMap<String, Lenient<bool>>>,
}

pub fn parse_verdict(body: &[u8]) -> Result<Verdict, ModelError> {
    let unusable = ModelError::Unusable("no verdict");
    let Ok(Moderation { results }) = serde_json::from_slice(body) else {
        return Err(unusable);
    };
    if results.items.is_empty() || results.broken > 0 {
        return Err(unusable);
    }
    let mut verdict = Verdict {
        flagged: false,
        categories: Vec::new(),
    };
    for Opinion {
        flagged,
        categories,
    } in results.items
    {
        verdict.flagged |= flagged.0.ok_or(unusable.clone())?;
        let set = categories
            .0
            .unwrap_or_default()
            .into_iter()
            .filter(|(_, set)| set.0 == Some(true));
        verdict
            .categories
            .extend(set.map(|(name, _)| name.split('/').map(label).collect::<Vec<_>>().join("/")));
    }
    verdict.categories.sort();
    verdict.categories.dedup();
    verdict.flagged |= !verdict.categories.is_empty();
    verdict.categories.truncate(MOST_CATEGORIES);
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
    fn a_verdict_names_what_is_flagged() {
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
        // One of the two is enough.
        assert!(read(json!([{"flagged": true}])).unwrap().flagged);
        assert!(
            read(json!([{"flagged": false, "categories": {"sexual": true}}]))
                .unwrap()
                .flagged
        );
    }

    #[test]
    fn what_cannot_be_read_is_no_permission() {
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
        assert!(verdict.flagged && verdict.categories.len() == MOST_CATEGORIES);
        assert!(
            verdict
                .categories
                .iter()
                .all(|name| name.len() <= 64 && !name.contains(['\n', '<']))
        );
    }
}
