//! The fonts of a process: slices of the pack, each decoded when the first text needs it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use carousel_fonts::{SLICES, Slice};
use skrifa::{FontRef, MetadataProvider as _};
use takumi::prelude::{
    FontOverride, FontResource, FontSource, Fonts, UnicodeRange, UnicodeRangeSet,
};

use crate::Error;

/// Serves emoji sequences whole, so that it is not limited to the characters it is listed with.
const EMOJI: &str = "Twemoji";

/// Characters that every slide may need: digits and signs of the meta row, and the space that gives a font its metrics.
const ALWAYS: &str = " 0123456789/";

#[derive(Default)]
pub(crate) struct FontBook(Mutex<Loaded>);

#[derive(Default)]
struct Loaded {
    fonts: Fonts,
    /// Decoded files by index in the pack.
    files: HashMap<usize, Arc<Vec<u8>>>,
}

impl FontBook {
    /// Returns fonts that cover this text in each of these stacks of families, as far as the pack does.
    pub(crate) fn fonts_for(&self, text: &str, stacks: &[&str]) -> Result<Fonts, Error> {
        let mut loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for character in distinct(text) {
            for families in stacks {
                loaded.covers(character, families)?;
            }
        }
        Ok(loaded.fonts.clone())
    }

    /// Returns the characters of the text that one of these stacks has no font for.
    pub(crate) fn uncovered(&self, text: &str, stacks: &[&str]) -> Result<Vec<char>, Error> {
        let mut loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing = Vec::new();
        for character in distinct(text) {
            for families in stacks {
                if !is_invisible(character) && !loaded.covers(character, families)? {
                    missing.push(character);
                    break;
                }
            }
        }
        Ok(missing)
    }
}

impl Loaded {
    /// Loads the slices that may hold the character, family by family, until one does.
    fn covers(&mut self, character: char, families: &str) -> Result<bool, Error> {
        for family in families.split(',').map(|family| family.trim_matches('\'')) {
            for (at, slice) in SLICES.iter().enumerate() {
                if slice.family == family && slice.lists(character) {
                    let file = self.load(at, slice)?;
                    let has = FontRef::new(&file)
                        .is_ok_and(|font| font.charmap().map(character).is_some());
                    if has {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn load(&mut self, at: usize, slice: &Slice) -> Result<Arc<Vec<u8>>, Error> {
        if let Some(file) = self.files.get(&at) {
            return Ok(Arc::clone(file));
        }
        let failed = |reason: String| Error::Font(format!("{slice:?}: {reason}"));
        let sfnt =
            wuff::decompress_woff2(slice.woff2).map_err(|error| failed(error.to_string()))?;
        let file = Arc::new(sfnt);
        let source = FontSource::from_shared(Arc::<Vec<u8>>::clone(&file));
        let named = FontOverride {
            family_name: Some(slice.family.into()),
            ..FontOverride::default()
        };
        let mut font = FontResource::new(source).override_info(named);
        if slice.family != EMOJI {
            let ranges = slice
                .ranges
                .iter()
                .map(|&(first, last)| UnicodeRange::new(first, last));
            font = font.unicode_range(ranges.collect::<UnicodeRangeSet>());
        }
        self.fonts
            .register(font)
            .map_err(|error| failed(error.to_string()))?;
        self.files.insert(at, Arc::clone(&file));
        Ok(file)
    }
}

fn distinct(text: &str) -> BTreeSet<char> {
    text.chars().chain(ALWAYS.chars()).collect()
}

/// Whether a character has no picture of its own.
pub(crate) fn is_invisible(character: char) -> bool {
    let is_ignorable = matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
    );
    is_ignorable || character.is_whitespace() || character.is_control()
}
