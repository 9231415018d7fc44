//! The titles that are taken, so that no two are alike.

use std::collections::HashSet;

use crate::content::check::title_key;

#[derive(Default)]
pub(super) struct Titles(HashSet<String>);

impl Titles {
    pub(super) fn of<'a>(taken: impl Iterator<Item = &'a str>) -> Self {
        Self(taken.map(title_key).collect())
    }

    pub(super) fn is_free(&self, title: &str) -> bool {
        !self.0.contains(&title_key(title))
    }

    pub(super) fn take(&mut self, title: &str) {
        self.0.insert(title_key(title));
    }

    /// Takes the first of these titles that is free, else the label with the next free number.
    pub(super) fn first_free(
        &mut self,
        wanted: impl IntoIterator<Item = String>,
        label: &str,
    ) -> String {
        let numbered = (1..).map(|number: usize| format!("{label} {number}"));
        let title = wanted
            .into_iter()
            .chain(numbered)
            .find(|title| self.is_free(title));
        let title = title.unwrap_or_default();
        self.take(&title);
        title
    }
}
