//! Rules of a bot: what it does when a visitor's words, language or page fit.

use serde::{Deserialize, Serialize};

use super::checker::Checker;
use crate::{LanguageTag, Priority, TeamId, phrases::contains_phrase, triage::parse_tag};

pub(super) const MAX_RULES: usize = 20;
const MAX_NAME_CHARS: usize = 60;
const MAX_PHRASES: usize = 20;
const MAX_PHRASE_CHARS: usize = 60;
const MAX_PAGE_CHARS: usize = 200;
const MAX_EFFECTS: usize = 5;
pub(super) const MAX_SAY_CHARS: usize = 1_000;

/// The first rule that fits is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub name: String,
    pub when: RuleCondition,
    pub then: Vec<RuleEffect>,
}

/// All given parts must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RuleCondition {
    /// Phrases of which the message contains one, as whole words.
    pub words: Vec<String>,
    pub language: Option<LanguageTag>,
    /// The beginning of the page's path, such as `/pricing`.
    pub page: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum RuleEffect {
    Say { text: String },
    Tag { tag: String },
    Priority { priority: Priority },
    HandOff { team: Option<TeamId> },
}

impl RuleCondition {
    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.language.is_none() && self.page.is_none()
    }

    /// Whether a message fits. `words` are those of its text.
    pub(crate) fn fits(
        &self,
        words: &[String],
        language: Option<&LanguageTag>,
        page: Option<&str>,
    ) -> bool {
        let has_words = self.words.is_empty()
            || self
                .words
                .iter()
                .any(|phrase| contains_phrase(words, phrase));
        let is_language = self.language.as_ref().is_none_or(|wanted| {
            language.is_some_and(|language| language.is_same_language(wanted))
        });
        let is_page = self
            .page
            .as_ref()
            .is_none_or(|start| page.is_some_and(|page| page.starts_with(start)));
        !self.is_empty() && has_words && is_language && is_page
    }
}

/// Cleans rules and notes what is wrong.
pub(super) fn check_rules(rules: &mut [Rule], checker: &mut Checker) {
    checker.count("rules", rules.len(), MAX_RULES);
    for (index, rule) in rules.iter_mut().enumerate() {
        let path = format!("rules[{index}]");
        checker.line(&format!("{path}.name"), &mut rule.name, 1, MAX_NAME_CHARS);
        let words = format!("{path}.when.words");
        checker.lines(&words, &mut rule.when.words, MAX_PHRASES, MAX_PHRASE_CHARS);
        if let Some(page) = &mut rule.when.page {
            checker.line(&format!("{path}.when.page"), page, 1, MAX_PAGE_CHARS);
        }
        if rule.when.is_empty() {
            checker.refuse(
                format!("{path}.when"),
                "required",
                "A rule needs a condition.",
            );
        }
        check_effects(&format!("{path}.then"), &mut rule.then, checker);
    }
}

fn check_effects(path: &str, effects: &mut [RuleEffect], checker: &mut Checker) {
    checker.count(path, effects.len(), MAX_EFFECTS);
    if effects.is_empty() {
        checker.refuse(path, "required", "A rule does something.");
    }
    for (index, effect) in effects.iter_mut().enumerate() {
        let path = format!("{path}[{index}]");
        match effect {
            RuleEffect::Say { text } => {
                checker.text(&path, text, MAX_SAY_CHARS);
                if text.is_empty() {
                    checker.refuse(path, "required", "This cannot be empty.");
                }
            }
            RuleEffect::Tag { tag } => match parse_tag(tag) {
                Ok(normal) => *tag = normal,
                Err(error) => checker.refuse(path, "bad_tag", error.message().to_owned()),
            },
            RuleEffect::Priority { .. } | RuleEffect::HandOff { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrases::words_of;

    fn condition(words: &[&str], language: Option<&str>, page: Option<&str>) -> RuleCondition {
        RuleCondition {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            language: language.map(|tag| LanguageTag::parse(tag).unwrap()),
            page: page.map(str::to_owned),
        }
    }

    fn fits(condition: &RuleCondition, text: &str, language: &str, page: &str) -> bool {
        let language = LanguageTag::parse(language).ok();
        condition.fits(&words_of(text), language.as_ref(), Some(page))
    }

    #[test]
    fn all_parts_of_a_condition_must_fit() {
        let refund = condition(&["refund", "money back"], None, None);
        assert!(fits(&refund, "I want my MONEY BACK!", "en", "/"));
        assert!(!fits(&refund, "refunded", "en", "/"), "whole words");
        let both = condition(&["refund"], Some("pt"), Some("/pricing"));
        assert!(fits(&both, "refund", "pt-BR", "/pricing/teams"));
        assert!(!fits(&both, "refund", "en", "/pricing"));
        assert!(!fits(&both, "refund", "pt", "/"));
        assert!(!both.fits(&words_of("refund"), None, None));
        assert!(
            !fits(&RuleCondition::default(), "anything", "en", "/"),
            "an empty one never fits"
        );
    }
}
