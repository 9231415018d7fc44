//! Builds functions again when their sources change, and replaces their processes. A failed build keeps the old ones and
//! is logged.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, SystemTime},
};

use tokio::process::Command;

use confab_emulator::{Emulator, lambda::FunctionState, template::Runtime};

const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// When a file was written, and its length.
type Stamp = (SystemTime, u64);

pub(crate) async fn run(emulator: Emulator, root: PathBuf) {
    let builds = emulator
        .functions
        .all()
        .any(|function| function.spec.runtime == Runtime::Own);
    let mut sources = stamps(&root);
    let mut binaries = binary_stamps(&emulator);
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        if builds && stamps(&root) != sources {
            // A save of several files is one change.
            tokio::time::sleep(POLL_INTERVAL / 2).await;
            sources = stamps(&root);
            build(&emulator, &root).await;
        }
        let built = binary_stamps(&emulator);
        for function in emulator.functions.all() {
            let name = &function.spec.name;
            if built.get(name) != binaries.get(name) && built.contains_key(name) {
                function.renew();
                function.set_state(FunctionState::Ready, None);
                emulator.recorder.log(name, "the new build takes over");
            }
        }
        binaries = built;
    }
}

fn services(root: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(root.join("functions"))
        .into_iter()
        .flatten()
        .flatten();
    folders
        .filter_map(|folder| folder.file_name().into_string().ok())
        .collect()
}

/// Returns the service of each binary, by the folder of its source.
pub(crate) fn service_of_binaries(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for service in services(root) {
        let folder = root.join("functions").join(&service).join("src/bin");
        for source in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if let Some(name) = source.path().file_stem().and_then(|name| name.to_str()) {
                found.insert(name.to_owned(), service.clone());
            }
        }
    }
    found
}

async fn build(emulator: &Emulator, root: &Path) {
    for function in emulator.functions.all() {
        function.set_state(FunctionState::Building, None);
    }
    let mut command = Command::new("cargo");
    // The packages of scripts/dev. Others would change the dependencies' features, and rebuild them.
    command
        .args(["build", "--bins", "--package", "confab-server"])
        .current_dir(root)
        .stdin(Stdio::null());
    for service in services(root) {
        command.args(["--package", &service]);
    }
    let output = command.output().await;
    let problem = match output {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Some(format!("cargo cannot be run: {error}")),
    };
    for function in emulator.functions.all() {
        match &problem {
            None => function.set_state(FunctionState::Ready, None),
            Some(text) => function.set_state(FunctionState::Broken, Some(text.clone())),
        }
    }
    if let Some(text) = problem {
        emulator.recorder.log("build", &text);
    }
}

fn stamps(root: &Path) -> BTreeMap<PathBuf, Stamp> {
    let mut found = BTreeMap::new();
    for folder in ["functions", "shared"] {
        collect(&root.join(folder), &mut found);
    }
    found
}

/// Returns the latest change below a folder and the total length of its files, without installed packages.
fn newest(folder: &Path) -> Option<Stamp> {
    let mut stamp: Option<Stamp> = None;
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let about = entry.metadata().ok()?;
        let found = match about.is_dir() {
            true if matches!(
                entry.file_name().to_str(),
                Some("node_modules" | "__pycache__" | ".git")
            ) =>
            {
                None
            }
            true => newest(&entry.path()),
            false => Some((about.modified().ok()?, about.len())),
        };
        if let Some((at, length)) = found {
            let (latest, sum) = stamp.unwrap_or((at, 0));
            stamp = Some((latest.max(at), sum + length));
        }
    }
    stamp
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Stamp>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.metadata() {
            Ok(about) if about.is_dir() => collect(&path, found),
            Ok(about)
                if path
                    .extension()
                    .is_some_and(|kind| kind == "rs" || kind == "toml") =>
            {
                if let Ok(written) = about.modified() {
                    found.insert(path, (written, about.len()));
                }
            }
            _ => {}
        }
    }
}

fn binary_stamps(emulator: &Emulator) -> BTreeMap<String, Stamp> {
    let stamp = |path: &Path| {
        let about = std::fs::metadata(path).ok()?;
        if about.is_dir() {
            newest(path)
        } else {
            Some((about.modified().ok()?, about.len()))
        }
    };
    emulator
        .functions
        .all()
        .filter_map(|function| Some((function.spec.name.clone(), stamp(function.code())?)))
        .collect()
}
