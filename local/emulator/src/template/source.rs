//! Template files and lines of keys. The YAML reader keeps no positions, so a line is found by following keys through
//! the text.

use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result, bail};

#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The path as shown in errors.
    name: String,
    /// The chain of including files, ending with this one.
    files: Vec<PathBuf>,
    /// The folder that relative paths in the file start from.
    pub(super) folder: PathBuf,
    lines: Lines,
}

/// The lines of a file, with what finding a key needs of each.
#[derive(Debug, Clone)]
struct Lines {
    texts: Vec<String>,
    /// `None` for a blank line and for a comment.
    indentations: Vec<Option<usize>>,
    /// The lines that hold a key, in order.
    by_key: HashMap<String, Vec<usize>>,
}

impl Source {
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            name: "template.yaml".to_owned(),
            files: Vec::new(),
            folder: PathBuf::new(),
            lines: Lines::of(text),
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
            lines: Lines::of(&text),
        })
    }

    /// Returns `file:line` of the last of `words` that is a key below the previous one. Other words are skipped.
    pub(super) fn place<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> String {
        match self.lines.find(words) {
            Some(line) => format!("{}:{line}", self.name),
            None => self.name.clone(),
        }
    }

    pub(super) fn text(&self) -> String {
        self.lines.texts.join("\n")
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

impl Lines {
    fn of(text: &str) -> Self {
        let texts: Vec<String> = text.lines().map(str::to_owned).collect();
        let indentations: Vec<_> = texts.iter().map(|line| indentation(line)).collect();
        let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, line) in texts.iter().enumerate() {
            if indentations[at].is_some() {
                for key in keys(line) {
                    by_key.entry(key.to_owned()).or_default().push(at);
                }
            }
        }
        Self {
            texts,
            indentations,
            by_key,
        }
    }

    /// Returns the number of the line of the last of `words` that is a key below the previous one.
    fn find<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Option<usize> {
        let mut found = None;
        let (mut from, mut until) = (0, self.texts.len());
        for word in words {
            // The first key is a section's name.
            let is_here = |at: &usize| {
                (from..until).contains(at) && (found.is_some() || self.texts[*at].starts_with(word))
            };
            let lines = self.by_key.get(word).map_or(&[][..], Vec::as_slice);
            let Some(at) = lines.iter().copied().find(is_here) else {
                continue;
            };
            found = Some(at + 1);
            from = at;
            let line = self.texts[at].trim_start();
            if line.trim_start_matches(['"', '\'']).starts_with(word) {
                until = self.end_of_block(at, until);
            }
        }
        found
    }

    /// In block style, a key's value ends before the next line that is not further indented.
    fn end_of_block(&self, key: usize, until: usize) -> usize {
        let depth = self.indentations[key];
        let ends = |at: &usize| self.indentations[*at].is_some_and(|other| Some(other) <= depth);
        (key + 1..until).find(ends).unwrap_or(until)
    }
}

/// Returns the indentation of a line, and `None` for a blank line and for a comment.
fn indentation(line: &str) -> Option<usize> {
    let first = line.bytes().position(|byte| !byte.is_ascii_whitespace())?;
    (line.as_bytes()[first] != b'#').then_some(first)
}

/// Returns the keys of a line: what stands before a colon that a space or nothing follows.
fn keys(line: &str) -> impl Iterator<Item = &str> {
    let ends_key = |at: usize| {
        let value = &line[at + 1..];
        value.is_empty() || value.starts_with(char::is_whitespace)
    };
    let colons = line.match_indices(':').map(|(at, _)| at);
    let keys = colons.filter(move |at| ends_key(*at)).map(|at| {
        let before = line[..at].trim_end_matches(['"', '\'']);
        let begins_key = |c: char| c.is_whitespace() || "{,\"'[".contains(c);
        before.rsplit(begins_key).next().unwrap_or_default()
    });
    keys.filter(|key| !key.is_empty())
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
        let line = |words: &[&str]| Lines::of(TEXT).find(words.iter().copied());
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
