//! Template files and lines of keys. The YAML reader keeps no positions, so a line is found by following keys through
//! the text.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};

#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The path as shown in errors.
    name: String,
    /// The chain of including files, ending with this one.
    files: Vec<PathBuf>,
    /// The folder that relative paths in the file start from.
    pub(super) folder: PathBuf,
    lines: Vec<String>,
}

impl Source {
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            name: "template.yaml".to_owned(),
            files: Vec::new(),
            folder: PathBuf::new(),
            lines: lines(text),
        }
    }

    pub(super) fn file(path: &Path) -> Result<Self> {
        Self::read(path, Vec::new())
    }

    /// Reads a template that this one includes by a relative path.
    pub(super) fn included(&self, location: &str) -> Result<Self> {
        if location.contains("://") {
            bail!(
                "{location}: local reads nested templates from files, by a path relative to this one"
            );
        }
        Self::read(&self.folder.join(location), self.files.clone())
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.files.last().map(PathBuf::as_path)
    }

    /// The folder of the root template.
    pub(super) fn root(&self) -> &Path {
        self.files
            .first()
            .and_then(|file| file.parent())
            .unwrap_or(Path::new(""))
    }

    fn read(path: &Path, mut files: Vec<PathBuf>) -> Result<Self> {
        let path = normalized(path);
        let name = shown(&path);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("Failed to read {name}"))?;
        if files.contains(&path) {
            bail!("{name} includes itself");
        }
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        files.push(path);
        Ok(Self {
            name,
            files,
            folder,
            lines: lines(&text),
        })
    }

    /// Returns `file:line` of the last of `words` that is a key below the previous one. Other words are skipped.
    pub(super) fn place<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> String {
        match line_of(&self.lines, words) {
            Some(line) => format!("{}:{line}", self.name),
            None => self.name.clone(),
        }
    }

    pub(super) fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Prefixes an error with the place of the keys that its text names, outer ones first.
    pub(super) fn located(&self, error: &anyhow::Error) -> anyhow::Error {
        let message = format!("{error:#}");
        let is_in_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$');
        let place = self.place(message.split(|c| !is_in_key(c)));
        anyhow::anyhow!("{place}: {message}")
    }
}

/// Resolves `.` and `..` lexically.
pub fn normalized(path: &Path) -> PathBuf {
    let mut parts: Vec<Component> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            (part, _) => parts.push(part),
        }
    }
    parts.iter().collect()
}

/// Returns a path relative to the current folder, if it is below it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn line_of<'a>(lines: &[String], words: impl IntoIterator<Item = &'a str>) -> Option<usize> {
    let mut found = None;
    let (mut from, mut until) = (0, lines.len());
    for word in words.into_iter().filter(|word| !word.is_empty()) {
        let is_here = |line: &str| match found {
            // The first key is a section's name.
            None => line.starts_with(word) && has_key(line, word),
            Some(_) => has_key(line, word),
        };
        let Some(at) = (from..until).find(|at| is_here(&lines[*at])) else {
            continue;
        };
        found = Some(at + 1);
        from = at;
        let line = &lines[at];
        if line
            .trim_start()
            .trim_start_matches(['"', '\''])
            .starts_with(word)
        {
            // In block style, a key's value ends before the next line that is not further indented.
            let depth = indentation(line);
            let ends = |other: &str| indentation(other) <= depth && !is_blank(other);
            until = (at + 1..until)
                .find(|at| ends(&lines[*at]))
                .unwrap_or(until);
        }
    }
    found
}

fn indentation(line: &str) -> usize {
    line.bytes().take_while(u8::is_ascii_whitespace).count()
}

fn is_blank(line: &str) -> bool {
    let first = line.bytes().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, None | Some(b'#'))
}

fn has_key(line: &str, word: &str) -> bool {
    if !line.contains(word) || is_blank(line) {
        return false;
    }
    line.match_indices(word).any(|(at, _)| {
        let begins = line[..at]
            .chars()
            .next_back()
            .is_none_or(|c| c.is_whitespace() || "{,\"'[".contains(c));
        let after = line[at + word.len()..].trim_start_matches(['"', '\'']);
        let value = after.strip_prefix(':');
        begins
            && value.is_some_and(|value| value.is_empty() || value.starts_with(char::is_whitespace))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Parameters: {Colour: {Type: String}}
Resources:
  # Colour: not here
  A:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: Colour
  B: {Type: AWS::SQS::Queue, Properties: {Colour: red,
    DelaySeconds: 5}}
  C:
    Properties:
      Colour: red
";

    #[test]
    fn keys_are_found_in_block_and_flow_style() {
        let line = |words: &[&str]| line_of(&lines(TEXT), words.iter().copied());
        assert_eq!(line(&["Resources", "A"]), Some(4));
        assert_eq!(
            line(&["Resources", "A", "local", "does", "not", "know", "Colour"]),
            Some(4)
        );
        assert_eq!(line(&["Resources", "B", "Colour"]), Some(8));
        assert_eq!(
            line(&["Resources", "B", "Properties", "DelaySeconds"]),
            Some(9)
        );
        assert_eq!(line(&["Resources", "C", "Colour"]), Some(12));
        assert_eq!(line(&["Parameters", "Colour"]), Some(1));
        assert_eq!(line(&["Nothing", "A"]), None);
    }

    #[test]
    fn paths_are_normalized_lexically() {
        assert_eq!(
            normalized(Path::new("/a/functions/rooms/../../target/./x")),
            Path::new("/a/target/x")
        );
        assert_eq!(normalized(Path::new("../x")), Path::new("../x"));
    }
}
