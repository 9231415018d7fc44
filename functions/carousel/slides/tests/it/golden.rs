//! Golden files: where every text lies, hashes of pictures, and small pictures for eyes.
//!
//! `UPDATE_GOLDEN=1` writes them anew, and a contact sheet of old, new and difference into the target directory.
//! `GOLDEN=all` draws every combination; otherwise each template and language is drawn once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use carousel_domain::{Format, Language, Template};
use carousel_slides::{PlannedSlide, Renderer};
use sha2::{Digest as _, Sha256};

use crate::pixels::Picture;
use crate::samples::{LANGUAGES, draft, look};

const FORMATS: [Format; 2] = [Format::Portrait, Format::Square];
const SLIDES: usize = 5;
/// The small pictures' scripts: Latin, right-to-left, conjuncts, Chinese.
const PICTURED: [Language; 4] = [Language::En, Language::He, Language::Hi, Language::Zh];
const SHRINK: usize = 4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn is_update() -> bool {
    env::var_os("UPDATE_GOLDEN").is_some()
}

fn name(template: Template, format: Format, language: Language, at: usize) -> String {
    format!(
        "{} {} {} {}",
        template.name(),
        format.name(),
        language.code(),
        at + 1
    )
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Calls back with every slide of the samples in one format.
fn each_slide(
    renderer: &Renderer,
    format: Format,
    mut visit: impl FnMut(Template, Language, usize, &PlannedSlide),
) {
    for template in Template::ALL {
        for language in LANGUAGES {
            let slides = renderer
                .layout(&draft(language), &look(template, format, language), None)
                .unwrap();
            for (at, slide) in slides.iter().enumerate() {
                visit(template, language, at, slide);
            }
        }
    }
}

/// Compares a text with a golden file, line by line, or writes it.
#[track_caller]
fn assert_golden(file: &str, text: &str) {
    let path = folder().join(file);
    if is_update() {
        fs::create_dir_all(folder()).unwrap();
        return fs::write(path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    for (golden, now) in golden.lines().zip(text.lines()) {
        assert_eq!(
            golden, now,
            "{file}; look at the change, then UPDATE_GOLDEN=1"
        );
    }
    assert_eq!(golden.lines().count(), text.lines().count(), "{file}");
}

#[test]
fn texts_lie_where_they_lay() {
    let renderer = Renderer::new();
    let mut text = String::new();
    each_slide(
        &renderer,
        Format::Portrait,
        |template, language, at, slide| {
            let sizes = slide.sizes();
            let name = name(template, Format::Portrait, language, at);
            writeln!(text, "{name}: title {} body {}", sizes.title, sizes.body).unwrap();
            write_runs(&mut text, &renderer.measure(slide).unwrap());
        },
    );
    assert_golden("measure.txt", &text);
}

fn write_runs(text: &mut String, node: &serde_json::Value) {
    let place = |at: usize| node["transform"][at].as_f64().unwrap();
    for run in node["runs"].as_array().unwrap() {
        let number = |key: &str| run[key].as_f64().unwrap();
        let (x, y) = (place(4) + number("x"), place(5) + number("y"));
        let run = run["text"].as_str().unwrap();
        writeln!(
            text,
            "  {x:.2} {y:.2} {:.2} {run:?}",
            x + node["width"].as_f64().unwrap()
        )
        .unwrap();
    }
    for child in node["children"].as_array().unwrap() {
        write_runs(text, child);
    }
}

/// Pixels are compared on the machine kind that drew the golden files; elsewhere floating point may differ.
#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "hashes are of x86-64")]
fn pictures_have_their_hashes() {
    let renderer = Renderer::new();
    let path = folder().join("pictures.txt");
    let golden: BTreeMap<String, String> = fs::read_to_string(&path)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| {
            line.rsplit_once(' ')
                .map(|(name, hash)| (name.to_owned(), hash.to_owned()))
        })
        .collect();
    let is_all = is_update() || env::var_os("GOLDEN").is_some_and(|wanted| wanted == "all");
    let mut lines = String::new();
    let mut turn = 0;
    for format in FORMATS {
        each_slide(&renderer, format, |template, language, at, slide| {
            if at == 0 {
                turn += 1;
            }
            if !is_all && (format != Format::Portrait || at != turn % SLIDES) {
                return;
            }
            let name = name(template, format, language, at);
            let hash = hex(&renderer.render(slide).unwrap().png);
            writeln!(lines, "{name} {hash}").unwrap();
            assert!(
                is_update() || golden.get(&name) == Some(&hash),
                "{name} is another picture than it was"
            );
        });
    }
    if is_update() {
        fs::create_dir_all(folder()).unwrap();
        return fs::write(path, lines).unwrap();
    }
    assert_eq!(
        golden.len(),
        FORMATS.len() * Template::ALL.len() * LANGUAGES.len() * SLIDES
    );
}

/// A change that no one can see keeps the small pictures: at most two of 255 steps in a thousandth of the pixels.
#[test]
fn small_pictures_look_as_they_did() {
    let renderer = Renderer::new();
    let sheet = Path::new(env!("CARGO_TARGET_TMPDIR")).join("contact");
    fs::create_dir_all(&sheet).unwrap();
    fs::create_dir_all(folder()).unwrap();
    let mut rows = String::new();
    for (turn, template) in Template::ALL.into_iter().enumerate() {
        for (shift, language) in PICTURED.into_iter().enumerate() {
            let slides = renderer
                .layout(
                    &draft(language),
                    &look(template, Format::Portrait, language),
                    None,
                )
                .unwrap();
            let at = (turn + shift) % SLIDES;
            let new = Picture::decode(&renderer.render(&slides[at]).unwrap().png).shrunk(SHRINK);
            let file = format!(
                "{}.png",
                name(template, Format::Portrait, language, at).replace(' ', "-")
            );
            let old = fs::read(folder().join(&file))
                .map_or_else(|_| new.clone(), |png| Picture::decode(&png));
            if is_update() {
                write_row(&sheet, &mut rows, &file, &old, &new);
                fs::write(folder().join(&file), new.encode()).unwrap();
            } else {
                let changed = old
                    .rgb
                    .iter()
                    .zip(&new.rgb)
                    .filter(|(old, new)| old.abs_diff(**new) > 2);
                assert!(
                    folder().join(&file).exists() && changed.count() * 1000 <= old.rgb.len(),
                    "{file}"
                );
            }
        }
    }
    if is_update() {
        fs::write(sheet.join("index.html"), rows).unwrap();
        println!("contact sheet: {}", sheet.join("index.html").display());
    }
}

fn write_row(sheet: &Path, rows: &mut String, file: &str, old: &Picture, new: &Picture) {
    for (kind, picture) in [
        ("old", old),
        ("new", new),
        ("difference", &old.difference(new)),
    ] {
        fs::write(sheet.join(format!("{kind}-{file}")), picture.encode()).unwrap();
        write!(rows, "<img src=\"{kind}-{file}\" alt=\"{kind}\">").unwrap();
    }
    writeln!(rows, "<p>{file}</p>").unwrap();
}
