//! Tombstones: a deleted message keeps its number and loses its content.

use confab_core::{Error, Result};

use super::{Author, Message, MessageKind, Offer};

impl Message {
    /// Returns the tombstone of a message. Deleting again changes nothing. Notes do not exist for visitors.
    pub fn deleted(&self, by: &Author, is_admin: bool) -> Result<Self> {
        let is_visitor = matches!(by, Author::Visitor { .. });
        if is_visitor && self.kind == MessageKind::Note {
            return Err(Error::not_found("message"));
        }
        if self.kind == MessageKind::Event {
            return Err(Error::forbidden("Events cannot be deleted."));
        }
        let may_delete = self.author.is_same(by) || (is_admin && !is_visitor);
        if !may_delete {
            return Err(Error::forbidden(
                "Only the author or an admin can delete a message.",
            ));
        }
        if self.is_deleted {
            return Ok(self.clone());
        }
        Ok(Self {
            text: String::new().into(),
            attachments: Vec::new(),
            offer: Offer::default(),
            language: None,
            rev: self.rev + 1,
            is_deleted: true,
            ..self.clone()
        })
    }
}
