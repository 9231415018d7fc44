use confab_core::{UserId, after};

use super::{
    tests::{at, bot},
    *,
};
use crate::LanguageTag;

fn admin() -> UserId {
    UserId::new(at(0), &|| [1; 10])
}

fn key(number: u8) -> DeploymentKey {
    DeploymentKey::new(&move || [number; 10])
}

fn request(version: u64, rotate_key: bool) -> DeployRequest {
    DeployRequest {
        version,
        note: None,
        rotate_key,
    }
}

/// Deploys and keeps the history, as a store does.
#[derive(Default)]
struct Deployments {
    live: Option<LiveDeployment>,
    earlier: Vec<DeploymentSummary>,
}

impl Deployments {
    fn deploy(
        &mut self,
        bot: &Bot,
        rotate_key: bool,
        new_key: u8,
        now: i64,
    ) -> Result<DeployOutcome> {
        let request = request(bot.version, rotate_key);
        let live = self.live.as_ref();
        let outcome = bot.deploy(
            live,
            &self.earlier,
            &request,
            key(new_key),
            admin(),
            at(now),
        )?;
        self.earlier
            .extend(outcome.created.as_ref().map(Deployment::summary));
        self.live = Some(outcome.live.clone());
        Ok(outcome)
    }
}

#[test]
fn same_draft_keeps_its_number() {
    let (bot, mut deployments) = (bot(), Deployments::default());
    let first = deployments.deploy(&bot, false, 1, 10).unwrap();
    assert_eq!((first.live.number, first.created.is_some()), (1, true));
    let again = deployments.deploy(&bot, false, 2, 20).unwrap();
    assert_eq!(
        (again.live, again.created),
        (first.live.clone(), None),
        "the key stays too"
    );
    let mut changed = bot.clone();
    changed.settings.csat = false;
    assert_eq!(
        deployments
            .deploy(&changed, false, 3, 30)
            .unwrap()
            .live
            .number,
        2
    );
    assert_eq!(
        deployments.deploy(&bot, false, 4, 40).unwrap().live.number,
        1,
        "back to the first"
    );
    changed.settings.name = "Other".into();
    let third = deployments.deploy(&changed, false, 5, 50).unwrap();
    assert_eq!(third.live.number, 3, "numbers are never given out twice");
    assert_eq!(third.live.key, Some(key(1)));
}

#[test]
fn rollback_makes_an_earlier_deployment_live() {
    let (mut bot, mut deployments) = (bot(), Deployments::default());
    deployments.deploy(&bot, false, 1, 10).unwrap();
    bot.settings.csat = false;
    let live = deployments.deploy(&bot, false, 2, 20).unwrap().live;
    let back = live.activate(1, &deployments.earlier).unwrap();
    assert_eq!(
        (back.number, back.last_number, back.version),
        (1, 2, live.version + 1)
    );
    assert_eq!(
        back.activate(1, &deployments.earlier).unwrap(),
        back,
        "again"
    );
    for unknown in [0, 3] {
        let error = live.activate(unknown, &deployments.earlier).unwrap_err();
        assert_eq!(error.code(), "deployment_not_found");
    }
}

#[test]
fn rotated_keys_are_valid_for_a_day() {
    let (bot, mut deployments) = (bot(), Deployments::default());
    deployments.deploy(&bot, false, 1, 0).unwrap();
    let live = deployments.deploy(&bot, true, 2, 100).unwrap().live;
    assert_eq!((live.number, live.key.clone()), (1, Some(key(2))));
    let again = deployments.deploy(&bot, true, 2, 101).unwrap().live;
    assert_eq!(again, live, "a repeated attempt brings the same key");
    let end = after(at(100), KEY_OVERLAP);
    assert!(live.accepts(&key(2), Timestamp::MAX));
    assert!(live.accepts(&key(1), at(86_499)) && !live.accepts(&key(1), end));
    assert!(!live.accepts(&key(9), at(100)));
    deployments.deploy(&bot, true, 3, 200).unwrap();
    deployments.deploy(&bot, true, 4, 300).unwrap();
    let refused = deployments.deploy(&bot, true, 5, 400).unwrap_err();
    assert_eq!(refused.code(), "too_many_rotations");
    let later = deployments.deploy(&bot, true, 5, 86_500).unwrap().live;
    assert!(later.accepts(&key(4), at(86_500)) && !later.accepts(&key(1), at(86_500)));
}

#[test]
fn deleted_bots_have_no_keys() {
    let (bot, mut deployments) = (bot(), Deployments::default());
    deployments.deploy(&bot, false, 1, 0).unwrap();
    let live = deployments
        .deploy(&bot, true, 2, 10)
        .unwrap()
        .live
        .without_keys();
    assert!(!live.accepts(&key(1), at(10)) && !live.accepts(&key(2), at(10)));
    assert_eq!(live.without_keys(), live);
    assert_eq!(
        live.activate(1, &deployments.earlier).unwrap_err().code(),
        "deployment_not_found"
    );
}

#[test]
fn bots_that_cannot_be_embedded_are_not_deployed() {
    let mut bot = bot();
    bot.settings.origins.clear();
    let mut deployments = Deployments::default();
    assert_eq!(
        deployments.deploy(&bot, false, 1, 0).unwrap_err().code(),
        "no_origins"
    );
    let stale = bot.deploy(None, &[], &request(9, false), key(1), admin(), at(0));
    assert_eq!(stale.unwrap_err().code(), "changed_meanwhile");
    let deleted = bot.deleted(at(1));
    let gone = deleted.deploy(
        None,
        &[],
        &request(deleted.version, false),
        key(1),
        admin(),
        at(0),
    );
    assert_eq!(gone.unwrap_err().code(), "chatbot_not_found");
}

#[test]
fn widget_configuration_is_small_and_hides_how_the_bot_works() {
    let (mut bot, mut deployments) = (bot(), Deployments::default());
    bot.settings.instructions = "secret instructions".into();
    let deployment = deployments
        .deploy(&bot, false, 1, 0)
        .unwrap()
        .created
        .unwrap();
    let body = WidgetConfig::of(&deployment).render().unwrap();
    let text = String::from_utf8(body.clone()).unwrap();
    for hidden in [
        "secret",
        "shop.example",
        "money back",
        "talk to someone",
        "rules",
        "max_turns",
    ] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    assert!(text.contains("Where is my order?"));
    let etag = WidgetConfig::etag(&body);
    assert_eq!(etag.len(), 34);
    assert_eq!(etag, WidgetConfig::etag(&body));
    assert_ne!(etag, WidgetConfig::etag(b"{}"));
}

#[test]
fn widget_configuration_over_8_kb_is_not_deployed() {
    let mut bot = bot();
    let tags = ["en", "de", "fr", "es", "it", "pt", "he", "ar"];
    bot.settings.languages = tags.map(|tag| LanguageTag::parse(tag).unwrap()).to_vec();
    let long = Some("ж".repeat(300));
    let texts = WidgetTexts {
        greeting: long.clone(),
        away: long,
        ..WidgetTexts::default()
    };
    let texts = bot
        .settings
        .languages
        .iter()
        .map(|tag| (tag.clone(), texts.clone()));
    bot.settings.appearance.strings = texts.collect();
    bot.settings = bot.settings.clone().validated().unwrap();
    let error = Deployments::default()
        .deploy(&bot, false, 1, 0)
        .unwrap_err();
    assert_eq!(error.code(), "widget_too_large");
}

#[test]
fn snippet_names_the_key() {
    assert_eq!(
        snippet("https://desk.example", &key(0)),
        r#"<script async src="https://desk.example/w.js" data-key="dpl_0000000000000000"></script>"#
    );
}
