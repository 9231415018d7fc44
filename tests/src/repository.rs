//! The repository as the house rules see it: its files and its packages.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A package of the workspace, with its own packages that it depends on outside of tests.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    /// Relative to the root, such as `shared/core`.
    pub folder: String,
    pub dependencies: Vec<String>,
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub fn cargo(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(env!("CARGO"));
    let output = command.args(arguments).current_dir(root()).output()?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!("cargo {arguments:?}: {told}");
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns all files below a folder with an ending, except build output and installed packages.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    const IGNORED: [&str; 4] = ["target", "node_modules", "dist", ".tools"];
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if !IGNORED.iter().any(|ignored| name == *ignored) {
                found.extend(files(&path, ending));
            }
        } else if name.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

pub fn packages() -> Result<Vec<Package>> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version=1"])?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let root = metadata["workspace_root"]
        .as_str()
        .context("workspace_root")?;
    let packages = metadata["packages"].as_array().context("packages")?;
    packages
        .iter()
        .map(|package| read_package(package, root))
        .collect()
}

fn read_package(package: &Value, root: &str) -> Result<Package> {
    let name = package["name"].as_str().context("name")?.to_owned();
    let manifest = package["manifest_path"].as_str().context("manifest_path")?;
    let folder = manifest.strip_prefix(root).unwrap_or(manifest);
    let folder = folder.trim_matches('/').trim_end_matches("Cargo.toml");
    let folder = folder.trim_end_matches('/').to_owned();
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let own = dependencies.filter(|d| d["kind"].is_null() && d["path"].is_string());
    let dependencies = own
        .filter_map(|d| d["name"].as_str().map(str::to_owned))
        .collect();
    Ok(Package {
        name,
        folder,
        dependencies,
    })
}

/// Names of the services: folders of `functions/`.
pub fn services() -> Result<Vec<String>> {
    let folders = packages()?.into_iter().map(|package| package.folder);
    let services = folders.filter_map(|folder| Some(folder.strip_prefix("functions/")?.to_owned()));
    Ok(services.filter(|service| !service.contains('/')).collect())
}
