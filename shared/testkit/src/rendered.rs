//! Files of the repository that are rendered from the Rust types.

use std::path::PathBuf;

/// Compares a file with its rendered content. With `CONFAB_WRITE=1` in the environment, it is written first.
#[expect(
    clippy::panic,
    reason = "a file that cannot be written is a mistake in the test"
)]
pub fn assert_rendered(package: &str, file: &str, rendered: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(file);
    if std::env::var_os("CONFAB_WRITE").is_some() {
        std::fs::write(&path, rendered)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == rendered,
        "{file} is outdated: CONFAB_WRITE=1 cargo test -p {package} contract"
    );
}
