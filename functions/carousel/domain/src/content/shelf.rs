//! The shelf: verses and sayings that may be quoted, printed byte for byte.
//!
//! `functions/carousel/shelf/README.md` documents the format of its files.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use serde::Deserialize;

use super::{
    bm25::{Index, terms_of},
    text::{clean_line, fold, grapheme_count, is_hidden},
};
use crate::{Language, MAX_VERSE, Script};

/// How many verses a model chooses from.
pub const MAX_CANDIDATES: usize = 12;
const FORMAT: u32 = 1;
const MAX_ID_BYTES: usize = 40;
const MAX_REFERENCE: usize = 80;
const MAX_TAGS: usize = 12;
const MAX_TAG: usize = 32;
/// In percent of the letters of a row.
const MIN_SCRIPT_SHARE: usize = 90;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verse {
    pub id: String,
    /// `Psalm 23:1`, or the author and work of a saying.
    pub reference: String,
    /// The translation. Sayings in their own language have none.
    pub edition: Option<String>,
    pub tags: Vec<String>,
    pub text: String,
}

impl Verse {
    /// Tells whether a tag is among the words of a text. Words of the verse alone may mean something else.
    pub fn is_about(&self, text: &str, language: Language) -> bool {
        let words: BTreeSet<String> = terms_of(language, text).collect();
        let mut tags = self.tags.iter().flat_map(|tag| terms_of(language, tag));
        tags.any(|tag| words.contains(&tag))
    }

    /// Returns the line that is printed below the words.
    pub fn source(&self) -> String {
        match &self.edition {
            Some(edition) => format!("{} · {edition}", self.reference),
            None => self.reference.clone(),
        }
    }
}

/// Why a file is not loaded. Files count from 0, rows from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfError {
    pub file: usize,
    pub row: Option<usize>,
    pub problem: String,
}

impl fmt::Display for ShelfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Some(row) => write!(f, "shelf file {}, row {row}: {}", self.file, self.problem),
            None => write!(f, "shelf file {}: {}", self.file, self.problem),
        }
    }
}

impl std::error::Error for ShelfError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShelfFile {
    format: u32,
    language: Language,
    edition: Option<String>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    reference: String,
    tags: Vec<String>,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shelf {
    languages: HashMap<Language, Books>,
}

#[derive(Debug, Clone, PartialEq)]
struct Books {
    verses: Vec<Verse>,
    index: Index,
}

impl Shelf {
    /// Loads files of one edition each. An id occurs once in a language.
    pub fn load(files: &[&str]) -> Result<Self, ShelfError> {
        let mut verses: HashMap<Language, Vec<Verse>> = HashMap::new();
        for (at, file) in files.iter().enumerate() {
            let error = |row, problem: String| ShelfError {
                file: at,
                row,
                problem,
            };
            let file: ShelfFile =
                serde_json::from_str(file).map_err(|cause| error(None, cause.to_string()))?;
            if file.format != FORMAT {
                return Err(error(
                    None,
                    format!("format {} is not {FORMAT}", file.format),
                ));
            }
            let edition = file.edition.as_deref();
            if edition.is_some_and(|edition| !is_short_line(edition, MAX_REFERENCE)) {
                return Err(error(None, "the edition is no short line".to_owned()));
            }
            let known = verses.entry(file.language).or_default();
            for (index, row) in file.rows.into_iter().enumerate() {
                let number = Some(index + 1);
                row.check(file.language)
                    .map_err(|problem| error(number, problem.to_owned()))?;
                if known.iter().any(|verse| verse.id == row.id) {
                    return Err(error(number, format!("the id {} occurs twice", row.id)));
                }
                known.push(row.into_verse(edition));
            }
        }
        Ok(Self {
            languages: verses
                .into_iter()
                .map(|(language, verses)| (language, Books::new(language, verses)))
                .collect(),
        })
    }

    pub fn has(&self, language: Language) -> bool {
        self.languages
            .get(&language)
            .is_some_and(|books| !books.verses.is_empty())
    }

    /// Returns the verses that fit a text best. None in a language without an edition.
    pub fn candidates(&self, text: &str, language: Language) -> Vec<Verse> {
        let Some(books) = self.languages.get(&language) else {
            return Vec::new();
        };
        let hits = books.index.search(text, MAX_CANDIDATES);
        hits.into_iter()
            .filter_map(|(at, _)| books.verses.get(at).cloned())
            .collect()
    }

    /// Returns a verse about nothing in particular, the same for the same seed.
    pub fn any(&self, language: Language, seed: u64) -> Option<Verse> {
        let verses = &self.languages.get(&language)?.verses;
        let count = u64::try_from(verses.len())
            .ok()
            .filter(|count| *count > 0)?;
        verses.get(usize::try_from(seed % count).ok()?).cloned()
    }
}

impl Books {
    fn new(language: Language, verses: Vec<Verse>) -> Self {
        let index = Index::new(
            language,
            verses
                .iter()
                .map(|verse| (&verse.tags[..], verse.text.as_str())),
        );
        Self { verses, index }
    }
}

impl Row {
    fn check(&self, language: Language) -> Result<(), &'static str> {
        let is_id_byte =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=MAX_ID_BYTES).contains(&self.id.len()) || !self.id.bytes().all(is_id_byte) {
            return Err("the id is not of 1 to 40 of a-z, 0-9 and -");
        }
        if !is_short_line(&self.reference, MAX_REFERENCE) {
            return Err("the reference is no line of 1 to 80 characters");
        }
        let is_tag = |tag: &String| is_short_line(tag, MAX_TAG) && fold(tag) == *tag;
        if !(1..=MAX_TAGS).contains(&self.tags.len()) || !self.tags.iter().all(is_tag) {
            return Err("the tags are not 1 to 12 short words in lower case");
        }
        if self.text.trim() != self.text
            || self
                .text
                .contains(|c| is_hidden(c) || c == '\n' || c == '\r')
        {
            return Err("the text is not one trimmed line of visible characters");
        }
        if !(1..=MAX_VERSE).contains(&grapheme_count(&self.text)) {
            return Err("the text is not of 1 to 260 characters");
        }
        if self.text.contains(['<', '>', '{', '}', '[', ']', '&']) {
            return Err("the text has markup, notes or entities");
        }
        if self.text.contains(is_cantillation) {
            return Err("the text has cantillation marks");
        }
        if !is_mostly(&self.text, language.script())
            || !is_mostly(&self.reference, language.script())
        {
            return Err("the letters are not of the language's script");
        }
        Ok(())
    }

    fn into_verse(self, edition: Option<&str>) -> Verse {
        Verse {
            id: self.id,
            reference: self.reference,
            edition: edition.map(str::to_owned),
            tags: self.tags,
            text: self.text,
        }
    }
}

fn is_short_line(text: &str, limit: usize) -> bool {
    (1..=limit).contains(&grapheme_count(text)) && clean_line(text) == text
}

/// Marks of Hebrew chant. Vowel points stay.
fn is_cantillation(c: char) -> bool {
    matches!(c, '\u{591}'..='\u{5af}')
}

fn is_mostly(text: &str, script: Script) -> bool {
    let letters: Vec<char> = text.chars().filter(|c| c.is_alphabetic()).collect();
    let own = letters
        .iter()
        .filter(|c| Script::of(**c) == Some(script))
        .count();
    !letters.is_empty() && own * 100 >= letters.len() * MIN_SCRIPT_SHARE
}

#[cfg(test)]
mod tests;
