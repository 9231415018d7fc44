//! Chromium as the oracle: the HTML of a slide in a browser looks like our picture of it.
//!
//! Run with `cargo test --release -p carousel-slides --test it oracle -- --ignored --nocapture`. It prints how alike
//! the pictures are, and the processor time of both.

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
    let blank = screenshot_millis(folder.path(), "<!doctype html>");
    let (mut ours, mut theirs) = (0, 0);
    let mut unlike = Vec::new();
    for (turn, template) in Template::ALL.into_iter().enumerate() {
        for (shift, language) in LANGUAGES.into_iter().enumerate() {
            let look = look(template, Format::Portrait, language);
            let slides = renderer.layout(&draft(language), &look, None).unwrap();
            let slide = &slides[(turn + shift) % slides.len()];
            let before = processor_millis().own;
            let drawn = renderer.render(slide).unwrap();
            ours += processor_millis().own - before;
            theirs += screenshot_millis(folder.path(), &html(slide, "."));
            let shot = fs::read(folder.path().join(SHOT)).unwrap();
            let score = similarity(&Picture::decode(&drawn.png), &Picture::decode(&shot));
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
    let count = 36;
    println!(
        "processor time of {count} slides: {ours} ms here, PNG and JPEG; {theirs} ms in Chromium, PNG"
    );
    println!(
        "of Chromium's, {} ms are for {count} blank pages",
        blank * count
    );
    assert!(
        unlike.is_empty(),
        "other pictures than in Chromium: {unlike:?}"
    );
}

const SHOT: &str = "slide.png";

/// Makes a screenshot of a page. Returns the processor time of Chromium.
fn screenshot_millis(folder: &Path, html: &str) -> u64 {
    let before = processor_millis().children;
    let page = folder.join("slide.html");
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
        .arg(format!("--screenshot={}", folder.join(SHOT).display()))
        .arg(format!("file://{}", page.display()))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    processor_millis().children - before
}

struct ProcessorMillis {
    own: u64,
    /// Of processes that ended and were waited for.
    children: u64,
}

fn processor_millis() -> ProcessorMillis {
    const MILLIS_A_TICK: u64 = 10;
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The name in parentheses may have spaces. Of what is behind it, the fields 11 to 14 are processor times.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let times: Vec<u64> = fields
        .split(' ')
        .skip(11)
        .take(4)
        .map(|time| time.parse::<u64>().unwrap() * MILLIS_A_TICK)
        .collect();
    ProcessorMillis {
        own: times[0] + times[1],
        children: times[2] + times[3],
    }
}
