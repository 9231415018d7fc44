use std::sync::LazyLock;

use carousel_domain::{Draft, Format, Language, Slide, SlideKind, Template};
use carousel_slides::{Error, Field, PlannedSlide, Renderer, SlideRequest, html};
use proptest::prelude::*;

use crate::samples::{LANGUAGES, draft, look};

fn slide(kind: SlideKind, title: &str, body: &str) -> Slide {
    Slide {
        kind,
        kicker: String::new(),
        title: title.to_owned(),
        body: body.to_owned(),
        source: None,
        alt: String::new(),
    }
}

fn one(language: Language, slide: Slide) -> Draft {
    Draft {
        slides: vec![slide],
        ..draft(language)
    }
}

/// Returns texts that leave their box, the safe zone or the slide.
fn strays(renderer: &Renderer, slide: &PlannedSlide, format: Format) -> Vec<String> {
    let mut strays = Vec::new();
    let safe = if format == Format::Story { 120.0 } else { 34.0 };
    collect_strays(
        &renderer.measure(slide).unwrap(),
        f64::from(format.height()),
        safe,
        &mut strays,
    );
    strays
}

fn collect_strays(node: &serde_json::Value, height: f64, safe: f64, strays: &mut Vec<String>) {
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let (left, top) = (number(&node["transform"][4]), number(&node["transform"][5]));
    for run in node["runs"].as_array().unwrap() {
        let (x, width) = (number(&run["x"]), number(&run["width"]));
        let inside_box = x >= -0.5 && x + width <= number(&node["width"]) + 0.5;
        let inside_slide = left + x >= 34.0 && left + x + width <= 1046.0;
        let bottom = top + number(&node["height"]);
        if !inside_box || !inside_slide || top < safe || bottom > height - safe {
            strays.push(format!(
                "{run} in {left} {top} {} {}",
                node["width"], node["height"]
            ));
        }
    }
    for child in node["children"].as_array().unwrap() {
        collect_strays(child, height, safe, strays);
    }
}

#[test]
fn texts_stay_in_their_boxes_and_the_safe_zone() {
    let renderer = Renderer::new();
    for template in Template::ALL {
        for format in Format::ALL {
            for language in LANGUAGES {
                let look = look(template, format, language);
                for slide in renderer.layout(&draft(language), &look, None).unwrap() {
                    let strays = strays(&renderer, &slide, format);
                    assert!(
                        strays.is_empty(),
                        "{template:?} {format:?} {language:?}: {strays:#?}"
                    );
                    assert_eq!(
                        (slide.cuts(), slide.uncovered()),
                        (&[][..], &[][..]),
                        "{template:?} {language:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn hostile_texts_shrink_break_or_are_cut_but_stay_inside() {
    let renderer = Renderer::new();
    let word = "Достопримечательностеобозревательский";
    let endless = "x".repeat(900);
    let long = "Every sentence says the same again and again. ".repeat(40);
    let flags = "🇮🇱".repeat(70);
    for template in Template::ALL {
        for (title, body) in [
            (word, ""),
            (&endless, &endless),
            (&long, &long),
            (&flags, &flags),
            ("", ""),
            ("a", &long),
        ] {
            let look = look(template, Format::Square, Language::En);
            let draft = one(Language::En, slide(SlideKind::Principle, title, body));
            let slides = renderer.layout(&draft, &look, None).unwrap();
            let strays = strays(&renderer, &slides[0], Format::Square);
            assert!(strays.is_empty(), "{template:?} {title:.20}: {strays:#?}");
        }
    }
}

#[test]
fn cut_texts_end_at_a_sentence_and_the_rest_is_reported() {
    let renderer = Renderer::new();
    let body = "One sentence that is about as long as sentences are. ".repeat(30);
    let draft = one(
        Language::En,
        slide(SlideKind::Concept, "Too much", body.trim()),
    );
    let look = look(Template::Swiss, Format::Square, Language::En);
    let slides = renderer.layout(&draft, &look, None).unwrap();
    let [cut] = slides[0].cuts() else {
        panic!("{:?}", slides[0].cuts())
    };
    assert_eq!(cut.field, Field::Body);
    assert!(
        cut.text.starts_with("One sentence") && body.trim().ends_with(&cut.text),
        "{}",
        cut.text
    );
}

#[test]
fn a_verse_of_the_greatest_length_is_never_cut() {
    let renderer = Renderer::new();
    for (language, word) in [
        (Language::En, "wisdom "),
        (Language::He, "חָכְמָה "),
        (Language::Hi, "ज्ञान "),
        (Language::Ar, "حِكْمَة "),
    ] {
        let verse: String = word.chars().cycle().take(260).collect();
        for template in Template::ALL {
            for format in Format::ALL {
                let quote = Slide {
                    source: Some("Notes 1:2".to_owned()),
                    ..slide(SlideKind::Quote, "", verse.trim())
                };
                let slides = renderer
                    .layout(
                        &one(language, quote),
                        &look(template, format, language),
                        None,
                    )
                    .unwrap();
                assert!(
                    slides[0].cuts().is_empty(),
                    "{template:?} {format:?} {language:?}"
                );
            }
        }
    }
}

#[test]
fn content_slides_share_the_smallest_size() {
    let renderer = Renderer::new();
    let mut draft = draft(Language::Ru);
    draft.slides[3].title =
        "Очень длинный заголовок, который занимает почти все семьдесят букв".to_owned();
    let slides = renderer
        .layout(
            &draft,
            &look(Template::Bold, Format::Square, Language::Ru),
            None,
        )
        .unwrap();
    assert_eq!(slides[1].sizes(), slides[3].sizes());
    assert_eq!(slides[1].sizes(), slides[4].sizes());
    assert!(slides[1].sizes().title < 132);
}

#[test]
fn an_edited_slide_leaves_the_pictures_of_others() {
    let renderer = Renderer::new();
    let (mut draft, look) = (
        draft(Language::En),
        look(Template::Bold, Format::Square, Language::En),
    );
    let sizes = renderer.sizes(&draft, &look, None).unwrap();
    let before = renderer.layout(&draft, &look, None).unwrap();
    draft.slides[3].title =
        "A much longer title than the one before, nearly seventy characters".to_owned();
    let request = |at: usize| SlideRequest {
        slide: &draft.slides[at],
        look: &look,
        language: draft.language,
        number: at + 1,
        count: draft.slides.len(),
        sizes,
    };
    let png = |slide: &PlannedSlide| renderer.render(slide).unwrap().png;
    let after: Vec<PlannedSlide> = (0..5)
        .map(|at| renderer.plan(&request(at), None).unwrap())
        .collect();
    let changed: Vec<usize> = (0..5)
        .filter(|&at| png(&before[at]) != png(&after[at]))
        .collect();
    assert_eq!(changed, [3]);
    assert!(after[3].sizes().title <= before[3].sizes().title);
}

#[test]
fn same_slide_gives_the_same_bytes_whatever_was_drawn_before() {
    let (cold, warm) = (Renderer::new(), Renderer::new());
    for language in LANGUAGES {
        warm.layout(
            &draft(language),
            &look(Template::Essay, Format::Portrait, language),
            None,
        )
        .unwrap();
    }
    for language in [Language::Zh, Language::En, Language::Ar] {
        let look = look(Template::Verse, Format::Square, language);
        let [one, two] = [&cold, &warm].map(|renderer| {
            let slides = renderer.layout(&draft(language), &look, None).unwrap();
            (
                renderer.render(&slides[2]).unwrap(),
                renderer.pdf(&slides).unwrap(),
            )
        });
        assert!(one == two, "{language:?}");
    }
}

#[test]
fn pdf_has_a_tagged_page_for_each_slide_and_every_glyph() {
    let renderer = Renderer::new();
    for (language, template) in LANGUAGES.into_iter().zip(Template::ALL.into_iter().cycle()) {
        let slides = renderer
            .layout(
                &draft(language),
                &look(template, Format::Portrait, language),
                None,
            )
            .unwrap();
        let pdf = renderer.pdf(&slides).unwrap();
        let text = String::from_utf8_lossy(&pdf);
        let objects = text.split("/Type").skip(1).map(str::trim_start);
        let pages =
            objects.filter(|object| object.starts_with("/Page") && !object.starts_with("/Pages"));
        assert_eq!(pages.count(), 5, "{language:?}");
        assert!(text.contains("StructTreeRoot"), "{language:?}");
        assert!(pdf.len() < 400_000, "{language:?}: {} bytes", pdf.len());
    }
    assert!(matches!(renderer.pdf(&[]), Err(Error::Empty)));
}

#[test]
fn characters_without_a_font_are_left_out_and_reported() {
    let renderer = Renderer::new();
    let draft = one(
        Language::En,
        slide(SlideKind::Title, "Steps ก below", "한국어 \u{202e}text"),
    );
    let slides = renderer
        .layout(
            &draft,
            &look(Template::Night, Format::Square, Language::En),
            None,
        )
        .unwrap();
    assert!(slides[0].uncovered().contains(&'ก') && slides[0].uncovered().contains(&'한'));
    renderer.pdf(&slides).unwrap();
    assert!(html(&slides[0], "").contains(">Steps below<"));
}

#[test]
fn html_shows_texts_as_text_and_mirrors_right_to_left() {
    let renderer = Renderer::new();
    let draft = one(
        Language::He,
        slide(SlideKind::Title, "<img src=x onerror=alert(1)>", "a\"b'c&d"),
    );
    let slides = renderer
        .layout(
            &draft,
            &look(Template::Bento, Format::Square, Language::He),
            None,
        )
        .unwrap();
    let html = html(&slides[0], "/fonts");
    assert!(
        !html.contains("<img src=x") && html.contains("&lt;"),
        "markup from a text"
    );
    assert!(html.contains("dir=\"rtl\"") && html.contains("lang=\"he\""));
    assert!(html.contains("url('/fonts/manrope-latin.woff2')"));
}

#[test]
fn jpeg_and_png_are_pictures_of_the_format() {
    let renderer = Renderer::new();
    for format in Format::ALL {
        let slides = renderer
            .layout(
                &draft(Language::En),
                &look(Template::Swiss, format, Language::En),
                None,
            )
            .unwrap();
        let rendered = renderer.render(&slides[0]).unwrap();
        let picture = crate::pixels::Picture::decode(&rendered.png);
        assert_eq!(
            (picture.width, picture.height),
            (1080, format.height() as usize)
        );
        assert!(rendered.jpeg.starts_with(&[0xFF, 0xD8]) && rendered.jpeg.len() < 1_000_000);
    }
}

/// Fonts are decoded once for all cases.
static RENDERER: LazyLock<Renderer> = LazyLock::new(Renderer::new);

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_planned_inside_its_box(title in "\\PC{0,70}", body in "(\\PC|\n){0,220}") {
        let draft = one(Language::Ar, slide(SlideKind::Principle, &title, &body));
        let slides = RENDERER.layout(&draft, &look(Template::Night, Format::Square, Language::Ar), None).unwrap();
        prop_assert_eq!(strays(&RENDERER, &slides[0], Format::Square), Vec::<String>::new());
    }
}
