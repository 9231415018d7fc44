//! Writes the manifest of the fonts: for each slice its family, what it covers, its weights and its bytes.
//!
//! The files come from npm packages, which `scripts/fonts` installs as package-lock.json pins them.

#![expect(
    clippy::expect_used,
    reason = "a build script that cannot go on stops the build"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "cargo speaks to build scripts through the environment"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Slices of one family. Empty subsets stand for all that the package has.
struct Family {
    name: &'static str,
    package: &'static str,
    subsets: &'static [&'static str],
    weights: (u16, u16),
}

const FAMILIES: [Family; 10] = [
    Family {
        name: "Manrope",
        package: "manrope",
        subsets: &[
            "latin",
            "latin-ext",
            "vietnamese",
            "cyrillic",
            "cyrillic-ext",
            "greek",
        ],
        weights: (200, 800),
    },
    // What Manrope lacks: polytonic Greek, rare Latin and Cyrillic letters.
    Family {
        name: "Inter",
        package: "inter",
        subsets: &[
            "latin",
            "latin-ext",
            "cyrillic",
            "cyrillic-ext",
            "greek",
            "greek-ext",
        ],
        weights: (100, 900),
    },
    Family {
        name: "Playfair Display",
        package: "playfair-display",
        subsets: &["latin", "latin-ext", "vietnamese", "cyrillic"],
        weights: (400, 900),
    },
    // What Playfair Display lacks.
    Family {
        name: "Noto Serif",
        package: "noto-serif",
        subsets: &["greek", "greek-ext", "cyrillic-ext"],
        weights: (100, 900),
    },
    Family {
        name: "Rubik",
        package: "rubik",
        subsets: &["hebrew"],
        weights: (300, 900),
    },
    Family {
        name: "Frank Ruhl Libre",
        package: "frank-ruhl-libre",
        subsets: &["hebrew"],
        weights: (300, 900),
    },
    Family {
        name: "Noto Sans Devanagari",
        package: "noto-sans-devanagari",
        subsets: &["devanagari"],
        weights: (100, 900),
    },
    Family {
        name: "Noto Sans Arabic",
        package: "noto-sans-arabic",
        subsets: &["arabic", "symbols"],
        weights: (100, 900),
    },
    Family {
        name: "Noto Naskh Arabic",
        package: "noto-naskh-arabic",
        subsets: &["arabic"],
        weights: (400, 700),
    },
    Family {
        name: "Noto Sans SC",
        package: "noto-sans-sc",
        subsets: &[],
        weights: (100, 900),
    },
];

const CHINESE: &str = "noto-sans-sc";

/// The emoji font is one file. Its digits and signs are left to the text fonts, except the enclosing keycap.
const EMOJI_RANGES: &str = "U+20E3,U+200D,U+FE0F,U+203C,U+2049,U+2139,U+2194-2199,U+21A9-21AA,U+231A-231B,\
    U+2328,U+23CF,U+23E9-23F3,U+23F8-23FA,U+24C2,U+25AA-25AB,U+25B6,U+25C0,U+25FB-25FE,U+2600-27BF,U+2934-2935,\
    U+2B05-2B07,U+2B1B-2B1C,U+2B50,U+2B55,U+3030,U+303D,U+3297,U+3299,U+1F004-1FAFF,U+E0020-E007F";

struct Slice {
    family: &'static str,
    subset: String,
    ranges: Vec<(u32, u32)>,
    weights: (u16, u16),
    file: PathBuf,
}

fn main() {
    println!("cargo::rerun-if-changed=package-lock.json");
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let installed = here.join("../../../.tools/fonts");
    println!(
        "cargo::rerun-if-changed={}",
        installed.join("package-lock.json").display()
    );
    let pinned = fs::read(here.join("package-lock.json")).expect("package-lock.json");
    if fs::read(installed.join("package-lock.json")).ok().as_ref() != Some(&pinned) {
        println!(
            "cargo::error=The fonts of the slides are not installed, or are of another version. Run: scripts/fonts"
        );
        std::process::exit(1);
    }
    let modules = fs::canonicalize(installed.join("node_modules")).expect("run scripts/fonts");
    let with_chinese = std::env::var_os("CARGO_FEATURE_CHINESE").is_some();
    let mut slices: Vec<Slice> = FAMILIES
        .iter()
        .filter(|family| with_chinese || family.package != CHINESE)
        .flat_map(|family| slices_of(family, &modules.join("@fontsource-variable")))
        .collect();
    slices.push(emoji(&modules));
    let manifest = manifest(&slices);
    fs::write(
        Path::new(&variable("OUT_DIR")).join("manifest.rs"),
        manifest,
    )
    .expect("OUT_DIR");
}

fn variable(name: &str) -> String {
    std::env::var(name).expect("cargo sets it")
}

fn slices_of(family: &Family, packages: &Path) -> Vec<Slice> {
    let package = packages.join(family.package);
    let listed =
        fs::read(package.join("unicode.json")).expect("unicode.json of a fontsource package");
    let listed: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&listed).expect("ranges by subset");
    let wanted = |subset: &str| family.subsets.is_empty() || family.subsets.contains(&subset);
    let mut slices: Vec<Slice> = listed
        .iter()
        .filter(|(subset, _)| wanted(subset))
        .map(|(subset, ranges)| {
            let subset = subset.trim_matches(['[', ']']);
            let file = format!("files/{}-{subset}-wght-normal.woff2", family.package);
            Slice {
                family: family.name,
                subset: subset.to_owned(),
                ranges: parse_ranges(ranges.as_str().expect("a list of ranges")),
                weights: family.weights,
                file: package.join(file),
            }
        })
        .collect();
    assert!(
        slices.len() >= family.subsets.len(),
        "{} lacks a subset",
        family.package
    );
    slices.sort_by(|a, b| a.subset.cmp(&b.subset));
    slices
}

fn emoji(modules: &Path) -> Slice {
    Slice {
        family: "Twemoji",
        subset: "emoji".to_owned(),
        ranges: parse_ranges(EMOJI_RANGES),
        weights: (400, 400),
        file: modules.join("twemoji-colr-font/twemoji.woff2"),
    }
}

/// Parses `U+0-FF,U+131` into inclusive ranges.
fn parse_ranges(text: &str) -> Vec<(u32, u32)> {
    let number = |digits: &str| u32::from_str_radix(digits, 16).expect("a code point");
    let mut ranges: Vec<(u32, u32)> = text
        .split(',')
        .map(|range| {
            let range = range
                .trim()
                .trim_start_matches("U+")
                .trim_start_matches("u+");
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            (number(first), number(last))
        })
        .collect();
    ranges.sort_unstable();
    ranges
}

fn manifest(slices: &[Slice]) -> String {
    let mut digest = Sha256::new();
    let mut source = String::from("pub static SLICES: &[Slice] = &[\n");
    for Slice {
        family,
        subset,
        ranges,
        weights,
        file,
    } in slices
    {
        let bytes = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        digest.update(format!(
            "{family} {subset} {ranges:?} {weights:?} {}\n",
            bytes.len()
        ));
        digest.update(&bytes);
        writeln!(
            source,
            "    Slice {{ family: {family:?}, subset: {subset:?}, ranges: &{ranges:?}, weights: {weights:?}, \
             woff2: include_bytes!({file:?}) }},"
        )
        .expect("a string");
    }
    let version: String = digest.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    writeln!(
        source,
        "];\n\n/// Names the content of the pack.\npub const VERSION: &str = {version:?};"
    )
    .expect("a string");
    source
}
