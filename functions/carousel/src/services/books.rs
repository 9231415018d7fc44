//! The verses and sayings that slides may quote.

use carousel_domain::{Shelf, ShelfError};

const FILES: &[&str] = include!(concat!(env!("OUT_DIR"), "/shelf.rs"));

#[derive(Debug)]
pub(crate) struct Books(Shelf);

impl Books {
    /// Reads the embedded files. A bad row fails the start of the function.
    pub(crate) fn load() -> Result<Self, ShelfError> {
        Shelf::load(FILES).map(Self)
    }

    pub(crate) fn shelf(&self) -> &Shelf {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use carousel_domain::Language;

    use super::*;

    #[test]
    fn embedded_books_are_readable() {
        let books = Books::load().unwrap();
        assert!(books.shelf().has(Language::En));
    }
}
