//! Files on request: the PDF, and the masters of the slides.

use std::time::Duration;

use super::{
    Note, Pending, SendOutcome, Step, receipts::first_message, rendering::is_kept, split_album,
};
use crate::{Call, Document, PdfFile, SlideFile};

/// Patience with the receipt of a file.
const FILE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

impl Step<'_> {
    /// Sends the PDF of this revision, or has it made first.
    pub(super) fn send_pdf(&mut self) {
        let revision = self.saga.revision;
        let pdf = self.saga.pdf.clone();
        let now = self.now();
        let is_there = |pdf: &PdfFile| pdf.document_id.is_some() || is_kept(pdf.drawn_at, now);
        match pdf.filter(|pdf| pdf.revision == revision && is_there(pdf)) {
            Some(pdf) => self.post_pdf(&pdf),
            None => {
                self.saga.pdf = None;
                self.saga.wants_pdf = true;
                self.request_pdf();
            }
        }
    }

    /// Draws the PDF of this revision anew. It is not sent.
    pub(super) fn draw_pdf(&mut self) {
        self.saga.pdf = None;
        self.request_pdf();
    }

    pub(super) fn pdf_rendered(&mut self, file: &PdfFile) {
        self.saga.pdf = Some(file.clone());
        if std::mem::take(&mut self.saga.wants_pdf) {
            self.post_pdf(file);
        }
    }

    fn post_pdf(&mut self, pdf: &PdfFile) {
        let document = Document {
            object: pdf.object.clone(),
            name: "carousel.pdf".to_owned(),
            file_id: pdf.document_id.clone(),
        };
        self.post_documents(vec![document], Pending::Pdf);
    }

    fn post_documents(&mut self, documents: Vec<Document>, what: Pending) {
        let ticket = self.ticket(what);
        self.call(Call::SendDocuments { documents, ticket });
        self.due_in(FILE_TIMEOUT);
    }

    pub(super) fn send_files(&mut self) {
        let now = self.now();
        let is_there = |file: &SlideFile| file.document_id.is_some() || is_kept(file.drawn_at, now);
        let mut files = self
            .saga
            .hashes
            .iter()
            .map(|hash| self.saga.files.get(hash));
        if !files.all(|file| file.is_some_and(is_there)) {
            return self.show_ready(Some(Note::FilesDeleted));
        }
        let mut hashes = self.saga.hashes.clone().into_iter();
        for size in split_album(self.saga.content.count()) {
            let hashes = hashes.by_ref().take(usize::from(size)).collect();
            self.post_files(hashes);
        }
    }

    fn post_files(&mut self, hashes: Vec<String>) {
        let document = |hash: &String| {
            let number = self.saga.hashes.iter().position(|other| other == hash)? + 1;
            let file = self.saga.files.get(hash)?;
            Some(Document {
                object: file.png.clone(),
                name: format!("slide-{number:02}.png"),
                file_id: file.document_id.clone(),
            })
        };
        let documents: Vec<_> = hashes.iter().filter_map(document).collect();
        if !documents.is_empty() {
            self.post_documents(documents, Pending::Files { hashes });
        }
    }

    pub(super) fn pdf_settled(&mut self, outcome: &SendOutcome) {
        let sent = first_message(outcome).cloned();
        if let (Some(pdf), Some(sent)) = (&mut self.saga.pdf, sent) {
            pdf.document_id = sent.file_id;
            return self.files_done();
        }
        let is_wrong_file = *outcome
            == SendOutcome::Refused {
                is_wrong_file: true,
            };
        let mut pdf = self.saga.pdf.clone();
        let old_id = pdf.as_mut().and_then(|pdf| pdf.document_id.take());
        match pdf {
            Some(pdf) if is_wrong_file && old_id.is_some() => {
                self.saga.pdf = Some(pdf.clone());
                self.post_pdf(&pdf);
            }
            _ => self.files_lost(),
        }
    }

    pub(super) fn files_settled(&mut self, hashes: &[String], outcome: &SendOutcome) {
        if let SendOutcome::Done { messages } = outcome {
            for (hash, sent) in hashes.iter().zip(messages) {
                if let Some(file) = self.saga.files.get_mut(hash) {
                    file.document_id.clone_from(&sent.file_id);
                }
            }
            return self.files_done();
        }
        let mut had_ids = false;
        for hash in hashes {
            if let Some(file) = self.saga.files.get_mut(hash) {
                had_ids |= file.document_id.take().is_some();
            }
        }
        let is_wrong_file = *outcome
            == SendOutcome::Refused {
                is_wrong_file: true,
            };
        if is_wrong_file && had_ids {
            return self.post_files(hashes.to_vec());
        }
        self.files_lost();
    }

    fn files_done(&mut self) {
        if !self.saga.is_running() {
            self.rest();
        }
    }

    /// Sets the deadline of DELIVERED: there is one while a file or the buttons are on their way.
    pub(super) fn rest(&mut self) {
        self.saga.due_at = None;
        if self.saga.awaits_receipt() {
            self.due_in(FILE_TIMEOUT);
        }
    }

    /// The file may be in the chat. It is sent again when the person asks for it again.
    fn files_lost(&mut self) {
        self.files_done();
        self.show_file_unsure();
    }

    /// Sends the message with the buttons again, at the end of the chat.
    pub(super) fn open(&mut self) {
        self.post_final();
    }

    /// The deadline of DELIVERED: receipts that were lost block nothing.
    pub(super) fn files_overdue(&mut self) {
        let had_files = self.saga.is_sending_files();
        self.saga.pending.retain(|send| {
            !matches!(
                send.what,
                Pending::Pdf | Pending::Files { .. } | Pending::Final { .. }
            )
        });
        if had_files {
            self.show_ready(Some(Note::FileUnsure));
        }
    }
}
