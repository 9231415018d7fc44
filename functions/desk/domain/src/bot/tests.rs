use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::LanguageTag;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn settings() -> BotSettings {
    let mut settings = BotTemplate::Support
        .settings("Helper", LanguageTag::english())
        .unwrap();
    settings.origins = vec![OriginPattern::parse("https://shop.example").unwrap()];
    settings
}

pub(super) fn bot() -> Bot {
    Bot::new(BotId::new(at(0), &|| [3; 10]), settings(), at(0)).unwrap()
}

fn body(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut body = serde_json::to_value(settings()).unwrap();
    body["version"] = json!(1);
    change(&mut body);
    serde_json::to_vec(&body).unwrap()
}

fn errors_of(change: impl FnOnce(&mut BotSettings)) -> Vec<String> {
    let mut settings = settings();
    change(&mut settings);
    let errors = settings
        .validated()
        .err()
        .map(|invalid| invalid.0)
        .unwrap_or_default();
    errors
        .into_iter()
        .map(|error| format!("{} {}", error.field, error.code))
        .collect()
}

#[test]
fn templates_are_valid_drafts() {
    for (template, language) in BotTemplate::ALL
        .into_iter()
        .flat_map(|template| BUILT_IN_LANGUAGES.map(|language| (template, language)))
    {
        let language = LanguageTag::parse(language).unwrap();
        let settings = template.settings("Helper", language.clone()).unwrap();
        assert_eq!(settings.languages.first(), Some(&language));
        assert_eq!(settings.languages.len(), BUILT_IN_LANGUAGES.len());
        assert_eq!(
            settings.clone().validated().unwrap(),
            settings,
            "{template:?}"
        );
        let row = serde_json::to_value(&settings).unwrap();
        assert_eq!(
            serde_json::from_value::<BotSettings>(row).unwrap(),
            settings
        );
    }
    let japanese = LanguageTag::parse("ja").unwrap();
    let settings = BotTemplate::Support.settings("Helper", japanese).unwrap();
    assert_eq!(settings.languages.len(), 8, "as many as fit");
    assert!(
        BotTemplate::Blank
            .settings(" ", LanguageTag::english())
            .is_err()
    );
}

#[test]
fn unknown_fields_are_refused_at_every_level() {
    assert!(BotUpdate::parse(&body(|_| ())).is_ok());
    for path in [
        "",
        "/answer",
        "/handoff",
        "/quick_replies",
        "/appearance",
        "/identity",
        "/rules/0",
        "/rules/0/when",
        "/rules/0/then/0",
    ] {
        let body = body(|body| body.pointer_mut(path).unwrap()["extra"] = json!(1));
        assert_eq!(
            BotUpdate::parse(&body).unwrap_err().code(),
            "bad_json",
            "{path}"
        );
    }
    let field = json!([{ "key": "name", "label": "Name", "type": "text", "extra": 1 }]);
    let with_field = body(|body| body["prechat"] = field);
    assert_eq!(
        BotUpdate::parse(&with_field).unwrap_err().code(),
        "bad_json"
    );
}

#[test]
fn malformed_drafts_are_refused() {
    for (pointer, value) in [
        ("/appearance/color", json!(7)),
        ("/origins/0", json!({})),
        ("/languages/0", json!(null)),
        ("/answer/mode", json!("loud")),
        ("/answer/max_turns", json!(-1)),
        ("/handoff/team", json!("team_1")),
        ("/rules/0/then/0", json!({ "do": "explode" })),
    ] {
        let body = body(|body| *body.pointer_mut(pointer).unwrap() = value);
        assert_eq!(
            BotUpdate::parse(&body).unwrap_err().code(),
            "bad_json",
            "{pointer}"
        );
    }
    let huge = body(|body| body["x".repeat(50_000)] = json!(1));
    assert!(BotUpdate::parse(&huge).unwrap_err().message().len() < 300);
    for odd in [&b""[..], b"[]", b"{}", b"\xff", b"null"] {
        assert!(BotUpdate::parse(odd).is_err());
    }
    let without_version = body(|body| body["version"] = json!("1"));
    assert_eq!(
        BotUpdate::parse(&without_version).unwrap_err().code(),
        "version_required"
    );
}

#[test]
fn everything_that_is_wrong_with_a_draft_is_said_at_once() {
    let body = body(|body| {
        body["appearance"]["color"] = json!("red");
        body["origins"] = json!([
            "https://shop.example",
            "shop.example",
            "http://shop.example"
        ]);
        body["languages"] = json!(["en", "english"]);
        body["name"] = json!(" ");
    });
    let refused = BotUpdate::parse(&body).unwrap_err();
    assert_eq!(refused.code(), "bad_settings");
    let errors = refused.errors().unwrap().as_array().unwrap();
    let errors: Vec<_> = errors
        .iter()
        .map(|error| format!("{} {}", error["field"], error["code"]).replace('"', ""))
        .collect();
    assert_eq!(
        errors,
        [
            "origins[1] bad_origin",
            "origins[2] bad_origin",
            "languages[1] bad_language",
            "appearance.color bad_color",
            "name required",
        ]
    );
}

#[test]
fn limits_of_drafts_are_checked() {
    let many = |count: usize| (0..count).map(|n| format!("reply {n}")).collect::<Vec<_>>();
    let tag = |text: &str| LanguageTag::parse(text).unwrap();
    assert!(errors_of(|_| ()).is_empty());
    assert_eq!(errors_of(|s| s.name = "x".repeat(61)), ["name too_long"]);
    assert_eq!(
        errors_of(|s| s.instructions = "x".repeat(4_001)),
        ["instructions too_long"]
    );
    assert!(errors_of(|s| s.instructions = "x".repeat(4_000)).is_empty());
    assert_eq!(errors_of(|s| s.languages.clear()), ["languages required"]);
    assert_eq!(
        errors_of(|s| s.languages = vec![tag("en"), tag("en")]),
        ["languages duplicate"]
    );
    assert_eq!(
        errors_of(|s| s.answer.max_turns = 0),
        ["answer.max_turns out_of_range"]
    );
    assert_eq!(
        errors_of(|s| s.answer.floor = Some(101)),
        ["answer.floor out_of_range"]
    );
    assert_eq!(
        errors_of(|s| s.handoff.on_unknown = 0),
        ["handoff.on_unknown out_of_range"]
    );
    assert_eq!(
        errors_of(|s| s.quick_replies.opening = many(7)),
        ["quick_replies.opening too_many"]
    );
    assert_eq!(
        errors_of(|s| s.rules = vec![s.rules[0].clone(); 21]),
        ["rules too_many"]
    );
    assert_eq!(
        errors_of(|s| s.rules[0].then.clear()),
        ["rules[0].then required"]
    );
    assert_eq!(
        errors_of(|s| s.rules[0].when.words.clear()),
        ["rules[0].when required"]
    );
    let origins = |count: usize| {
        let origin = |n| OriginPattern::parse(&format!("https://shop{n}.example")).unwrap();
        (0..count).map(origin).collect::<Vec<_>>()
    };
    assert_eq!(errors_of(|s| s.origins = origins(21)), ["origins too_many"]);
    assert!(
        errors_of(|s| s.origins = [origins(20), origins(20)].concat()).is_empty(),
        "copies go"
    );
    let strings = BTreeMap::from([(tag("it"), WidgetTexts::default())]);
    assert_eq!(
        errors_of(|s| s.appearance.strings = strings),
        ["appearance.strings.it unknown_language"]
    );
}

#[test]
fn updates_apply_to_the_version_that_the_admin_saw() {
    let mut settings = settings();
    settings.name = " Robo\u{202e} ".into();
    let update = BotUpdate {
        version: 1,
        settings,
    };
    let updated = bot().with_update(update.clone(), at(5)).unwrap();
    assert_eq!(
        (updated.settings.name.as_str(), updated.version),
        ("Robo", 2)
    );
    assert_eq!(
        updated.with_update(update.clone(), at(6)).unwrap(),
        updated,
        "the answer was lost, and nothing changes"
    );
    let mut stale = update.clone();
    stale.settings.csat = !stale.settings.csat;
    let stale = updated.with_update(stale, at(6)).unwrap_err();
    assert_eq!(stale.code(), "changed_meanwhile");
    let deleted = updated.deleted(at(7));
    assert_eq!(deleted.deleted(at(8)), deleted);
    assert_eq!(
        deleted.with_update(update, at(9)).unwrap_err().code(),
        "chatbot_not_found"
    );
}

#[test]
fn texts_fall_back_to_the_first_language_and_to_built_in_ones() {
    let tag = |text: &str| LanguageTag::parse(text).unwrap();
    let texts = |greeting: &str| WidgetTexts {
        greeting: Some(greeting.into()),
        ..WidgetTexts::default()
    };
    let mut settings = settings();
    settings.languages = vec![tag("de"), tag("pt-BR")];
    settings.appearance.strings = [(tag("de"), texts("Hallo")), (tag("pt-BR"), texts("Oi"))].into();
    let greeting = |language: Option<&str>| {
        let language = language.map(tag);
        settings
            .bot_text(BotText::Greeting, language.as_ref())
            .to_owned()
    };
    assert_eq!(greeting(Some("pt-BR")), "Oi");
    assert_eq!(greeting(Some("pt")), "Oi");
    assert_eq!(greeting(Some("ja")), "Hallo");
    assert_eq!(greeting(None), "Hallo");
    let away = |language: Option<&str>| {
        let language = language.map(tag);
        settings
            .bot_text(BotText::Away, language.as_ref())
            .to_owned()
    };
    for (language, built_in) in [(None, "de"), (Some("pt-BR"), "pt"), (Some("ja"), "en")] {
        let expected = BotText::Away.built_in(Some(&tag(built_in)));
        assert_eq!(away(language), expected, "{language:?}");
    }
}
