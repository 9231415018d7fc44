//! What `sam deploy` was told of the stack: its name and region in samconfig.toml, here or in a folder above.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Samconfig {
    /// The repository, as far as the file tells.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) stack: Option<String>,
    pub(crate) region: Option<String>,
}

impl Samconfig {
    pub(crate) fn find(start: &Path) -> Self {
        let found = start.ancestors().find_map(|folder| {
            let text = std::fs::read_to_string(folder.join("samconfig.toml")).ok()?;
            Some(Self {
                folder: Some(folder.to_owned()),
                ..Self::read(&text)
            })
        });
        found.unwrap_or_default()
    }

    /// A file that cannot be read says nothing, as far as this command goes.
    fn read(text: &str) -> Self {
        let table: Table = text.parse().unwrap_or_default();
        // What `sam deploy` itself goes by comes first.
        let value = |name: &str| {
            ["deploy", "global"].iter().find_map(|section| {
                let parameters = table.get("default")?.get(section)?.get("parameters")?;
                parameters
                    .get(name)
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            })
        };
        Self {
            folder: None,
            stack: value("stack_name"),
            region: value("region"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_names_the_stack() {
        let found = Samconfig::find(Path::new(env!("CARGO_MANIFEST_DIR")));
        assert_eq!(found.stack.as_deref(), Some("confab"));
        assert!(
            found
                .folder
                .is_some_and(|folder| folder.join("template.yaml").is_file())
        );
    }

    #[test]
    fn what_a_deployment_was_told_wins() {
        let text = "[default.global.parameters]\nstack_name = 'a'\nregion = 'eu-west-1'\n[default.deploy.parameters]\nstack_name = 'b'";
        let expected = Samconfig {
            folder: None,
            stack: Some("b".into()),
            region: Some("eu-west-1".into()),
        };
        assert_eq!(Samconfig::read(text), expected);
        assert_eq!(Samconfig::read("= broken"), Samconfig::default());
    }
}
