//! Lists the shelf files that the writer embeds: those of `scripts/build-shelf`, and the editions that an operator has put
//! beside their sources.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo speaks to build scripts through the environment"
)]

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    for folder in [package.join("../../.tools/shelf"), package.join("shelf")] {
        println!("cargo::rerun-if-changed={}", folder.display());
        let entries = fs::read_dir(&folder)
            .map_err(|error| format!("{}: {error}; run scripts/build-shelf", folder.display()))?;
        for entry in entries {
            files.push(entry?.path());
        }
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let mut list = String::from("&[");
    for file in files {
        write!(list, "include_str!({:?}),", fs::canonicalize(file)?)?;
    }
    list.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("shelf.rs"), list)?;
    Ok(())
}
