//! Writes the list of the widget's files, each with its bytes as they are and compressed, and with its entity tag.
//!
//! `web/widget` is built into `.tools/widget` by the scripts before the functions are.

#![expect(
    clippy::expect_used,
    reason = "a build script that cannot go on stops the build"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

fn main() {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let folder = package.join("../../.tools/widget");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut list = String::from("&[\n");
    for name in names(&folder) {
        let plain = folder.join(&name);
        let compressed = folder.join(format!("{name}.gz"));
        writeln!(
            list,
            "    File {{ name: {name:?}, etag: {:?}, plain: include_bytes!({plain:?}), gzip: include_bytes!({compressed:?}) }},",
            etag_of(&plain)
        )
        .expect("a text takes every line");
    }
    list.push_str("]\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("widget_files.rs"), list).expect("OUT_DIR can be written");
}

/// Returns the names of the scripts and of the licences beside them, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .expect("the widget is not built: run scripts/widget, or any of the scripts");
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| is_served(name)).collect();
    names.sort();
    assert!(
        names.contains(&"w.js".to_owned()),
        "the widget has a loader"
    );
    names
}

fn is_served(name: &str) -> bool {
    matches!(name.rsplit_once('.'), Some((_, "js" | "txt")))
}

/// Returns the entity tag of a file, with its quotes: half of its SHA-256.
fn etag_of(file: &Path) -> String {
    let bytes = fs::read(file).expect("the file was just listed");
    let hash = Sha256::digest(bytes);
    let letters: String = hash[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{letters}\"")
}
