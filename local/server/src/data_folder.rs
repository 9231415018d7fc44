//! The data folder: one process at a time, and what `--reset` deletes.

use std::path::Path;

use anyhow::{Context, Result, bail};

/// Files and folders that `--reset` deletes, with those whose name goes on after a hyphen.
const OWN_NAMES: &[&str] = &[
    "clock",
    "dynamodb.db",
    "env",
    "outside.sqlite",
    "rehearse",
    "s3",
    "schedules.json",
    "ses.db",
    "sqs.db",
];

/// Locks the folder until the file is dropped: two processes would take each other's messages.
pub(crate) fn lock(data: &Path, reset: bool) -> Result<std::fs::File> {
    std::fs::create_dir_all(data).with_context(|| format!("Failed to make {}", data.display()))?;
    let path = data.join("lock");
    let file = std::fs::File::create(&path)
        .with_context(|| format!("Failed to open {}", path.display()))?;
    if file.try_lock().is_err() {
        bail!(
            "Another local is at work on {}. Stop it, or choose another folder with --data.",
            data.display()
        );
    }
    if reset {
        for entry in std::fs::read_dir(data)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_own = OWN_NAMES
                .iter()
                .any(|own| name == *own || name.starts_with(&format!("{own}-")));
            if !is_own {
                continue;
            }
            if path.is_dir() {
                std::fs::remove_dir_all(&path)?;
            } else {
                std::fs::remove_file(&path)?;
            }
        }
    }
    Ok(file)
}
