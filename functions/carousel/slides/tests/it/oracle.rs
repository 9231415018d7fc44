//! Chromium as the oracle: the HTML of a slide in a browser looks like our picture of it.
//!
//! Run with `cargo test -p carousel-slides --test it oracle -- --ignored --nocapture`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use carousel_domain::{Format, Language, Template};
use carousel_slides::{Renderer, html};

use crate::pixels::{Picture, similarity};
use crate::samples::{draft, look};

const LANGUAGES: [Language; 6] = [
    Language::En,
    Language::Ru,
    Language::He,
    Language::Hi,
    Language::Ar,
    Language::Zh,
];
const LEAST: f64 = 0.985;

#[test]
#[ignore = "starts Chromium 36 times"]
fn pictures_are_what_chromium_draws() {
    let renderer = Renderer::new();
    let folder = tempfile::tempdir().unwrap();
    for slice in carousel_fonts::SLICES {
        fs::write(folder.path().join(slice.file_name()), slice.woff2).unwrap();
    }
    let mut unlike = Vec::new();
    for (turn, template) in Template::ALL.into_iter().enumerate() {
        for (shift, language) in LANGUAGES.into_iter().enumerate() {
            let look = look(template, Format::Portrait, language);
            let slides = renderer.layout(&draft(language), &look, None).unwrap();
            let slide = &slides[(turn + shift) % slides.len()];
            let drawn = Picture::decode(&renderer.render(slide).unwrap().png);
            let score = similarity(&drawn, &screenshot(folder.path(), &html(slide, ".")));
            let name = format!(
                "{} {} {}",
                template.name(),
                language.code(),
                (turn + shift) % slides.len() + 1
            );
            println!("{name}: {score:.4}");
            if score < LEAST {
                unlike.push(name);
            }
        }
    }
    assert!(
        unlike.is_empty(),
        "other pictures than in Chromium: {unlike:?}"
    );
}

fn screenshot(folder: &Path, html: &str) -> Picture {
    let (page, shot) = (folder.join("slide.html"), folder.join("slide.png"));
    fs::write(&page, html).unwrap();
    let chromium = env::var_os("CHROMIUM").unwrap_or_else(|| "chromium".into());
    let status = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--allow-file-access-from-files",
        ])
        .args([
            "--disable-lcd-text",
            "--virtual-time-budget=5000",
            "--window-size=1080,1350",
        ])
        .arg(format!("--screenshot={}", shot.display()))
        .arg(format!("file://{}", page.display()))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    Picture::decode(&fs::read(shot).unwrap())
}
