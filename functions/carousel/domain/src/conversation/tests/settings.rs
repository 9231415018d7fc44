//! Languages, brand and the deletion of everything.

use super::*;
use crate::{Brand, BrandField, Color, FontPair};

#[test]
fn language_comes_from_the_app_and_changes_by_a_tap() {
    let mut talk = Talk::new();
    talk.says("/language");
    assert_eq!(talk.buttons().len(), 6);
    let answer = talk
        .taps_action(TapAction::SetLanguage(UiLanguage::He))
        .unwrap();
    assert_eq!(answer, texts(UiLanguage::He).language_changed);
    assert_eq!(talk.says("/help"), texts(UiLanguage::He).help);
    talk.says("small habits");
    assert_eq!(talk.saga().ui, UiLanguage::He);
    assert_eq!(talk.saga().language, Language::En);
}

#[test]
fn language_of_slides_is_chosen_apart() {
    let mut talk = Talk::new();
    talk.taps_action(TapAction::ChooseSlidesLanguage);
    assert_eq!(talk.buttons().len(), 17);
    talk.taps_action(TapAction::SetSlidesLanguage(Some(Language::Fa)));
    talk.says("small habits");
    assert_eq!(talk.saga().language, Language::Fa);
}

#[test]
fn brand_is_asked_for_field_by_field_and_checked() {
    let mut talk = Talk::new();
    for (field, bad, good) in [
        (BrandField::Name, "x".repeat(41), "Dana"),
        (BrandField::Handle, "@a b".to_owned(), "dana.writes"),
        (BrandField::Color, "blue".to_owned(), "1F6FEB"),
    ] {
        talk.taps_action(TapAction::EditBrand(field));
        assert!(talk.says(&bad).contains("again"), "{field:?}");
        assert!(talk.chat().question.is_some());
        assert!(talk.says(good).contains("Saved"), "{field:?}");
        assert_eq!(talk.chat().question, None);
    }
    talk.taps_action(TapAction::SetFonts(FontPair::Serif));
    let brand = Brand {
        name: Some("Dana".into()),
        handle: Some("@dana.writes".into()),
        color: Color::parse("#1F6FEB"),
        logo: None,
        fonts: FontPair::Serif,
    };
    assert_eq!(talk.chat().brand, brand);
    talk.says("small habits");
    assert_eq!(talk.saga().content.look.brand, brand);
    assert!(talk.says("/brand").contains("Handle: @dana.writes"));
    talk.taps_action(TapAction::ClearBrand);
    assert_eq!(talk.chat().brand, Brand::default());
}

#[test]
fn photo_is_a_logo_when_it_was_asked_for_or_says_so() {
    let photo = |caption: Option<&str>| UpdateContent::Photo {
        file_id: "AgAC-x".into(),
        caption: caption.map(Into::into),
        reply_to: None,
    };
    let stores = |talk: &Talk| {
        let is_store = |effect: &&Effect| matches!(effect, Effect::StoreLogo { .. });
        talk.effects.iter().filter(is_store).count()
    };
    let mut talk = Talk::new();
    talk.update(photo(None));
    assert_eq!(stores(&talk), 0);
    talk.update(photo(Some("Logo")));
    assert_eq!(stores(&talk), 1);
    talk.taps_action(TapAction::EditBrand(BrandField::Logo));
    assert!(talk.says("my logo").contains("Send your logo"));
    talk.update(photo(None));
    assert_eq!((stores(&talk), &talk.chat().question), (1, &None));
    talk.apply(&Trigger::LogoStored { object: None });
    assert!(talk.text().contains("could not be read"));
    let object = Some("carousel/1/logo.png".to_owned());
    talk.apply(&Trigger::LogoStored {
        object: object.clone(),
    });
    assert_eq!(talk.chat().brand.logo, object);
}

#[test]
fn data_is_deleted_after_a_second_tap() {
    let mut talk = Talk::delivered();
    talk.says("/privacy");
    let buttons = talk.buttons();
    let [(_, erase)] = &buttons[..] else {
        panic!("one button");
    };
    talk.taps(erase);
    assert_eq!(talk.buttons().len(), 2);
    talk.taps_action(TapAction::KeepData);
    assert!(talk.text().contains("Nothing was deleted"));
    let chat = talk.chat().key.clone();
    talk.taps_action(TapAction::ConfirmErase);
    assert!(talk.effects.contains(&Effect::Erase { chat }));
    assert!(talk.text().contains("Everything was deleted"));
    assert_eq!(talk.state, ChatState::default());
}

#[test]
fn deletion_stops_what_runs_and_late_news_mean_nothing() {
    let mut talk = Talk::new();
    talk.says("a");
    let carousel = talk.saga().id;
    talk.taps_action(TapAction::ConfirmErase);
    assert!(talk.events().contains(&"carousel.cancelled"));
    talk.apply(&Trigger::Carousel {
        carousel,
        trigger: SagaTrigger::DeadlinePassed,
    });
    assert_eq!(
        (talk.effects.len(), &talk.state),
        (0, &ChatState::default())
    );
}
