//! Files of a conversation: the rows of uploads. Their content is in the bucket.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table};
use confab_core::{Error, Result};
use confab_worker::{Consistency, SaveOutcome};
use desk_domain::{
    Attachment, ConversationId, Message, MessageKind, Upload, UploadId, UploadMessage,
};

use super::{Tenant, conversations::conversation_part, due::due_attributes};

fn upload_sk(id: UploadId) -> String {
    format!("FILE#{id}")
}

fn upload_ids(attachments: &[Attachment]) -> Result<Vec<UploadId>> {
    let ids = attachments.iter().map(|file| file.upload_id.parse());
    let ids: Result<_, _> = ids.collect();
    ids.map_err(|_| Error::not_found("file"))
}

impl Tenant<'_> {
    pub(crate) async fn find_upload(
        &self,
        conversation: ConversationId,
        id: UploadId,
    ) -> Result<Option<Upload>> {
        self.get(conversation_part(conversation), upload_sk(id))
            .await
    }

    /// Reads uploads, strongly consistent, in the order of their ids. Fails if one of them does not exist.
    pub(crate) async fn require_uploads(
        &self,
        conversation: ConversationId,
        ids: &[UploadId],
    ) -> Result<Vec<Upload>> {
        let part = conversation_part(conversation);
        let keys = ids.iter().map(|id| self.key(&part, upload_sk(*id)));
        let rows = self
            .table()
            .batch_get(keys.collect(), Consistency::Strong)
            .await?;
        let uploads = rows.into_iter().map(Table::from_row::<Upload>);
        let uploads = uploads.map(|upload| upload.map(|upload| (upload.id, upload)));
        let mut uploads = uploads.collect::<Result<HashMap<_, _>>>()?;
        let found = ids.iter().map(|id| uploads.remove(id));
        found
            .collect::<Option<_>>()
            .ok_or_else(|| Error::not_found("file"))
    }

    /// Writes an upload if it still has the version that was read; 0 is a new one.
    pub(crate) async fn save_upload(
        &self,
        conversation: ConversationId,
        upload: &Upload,
        version: u64,
    ) -> Result<SaveOutcome> {
        let row = self.upload_row(conversation, upload)?;
        if self.table().put(row, Condition::version(version)).await? {
            Ok(SaveOutcome::Saved)
        } else {
            Ok(SaveOutcome::Conflict)
        }
    }

    /// The parts of a transaction that attach the files of a message to it. Fails if one of them is not ready, of
    /// another author, or of another message.
    pub(crate) async fn attach_uploads(
        &self,
        conversation: ConversationId,
        message: &Message,
    ) -> Result<Vec<TransactWriteItem>> {
        if message.attachments.is_empty() {
            return Ok(Vec::new());
        }
        let ids = upload_ids(&message.attachments)?;
        let place = UploadMessage {
            seq: message.seq,
            is_note: message.kind == MessageKind::Note,
        };
        let uploads = self.require_uploads(conversation, &ids).await?;
        let writes = uploads.iter().map(|upload| {
            let attached = upload.attach(&message.author, place)?;
            let row = self.upload_row(conversation, &attached)?;
            let unchanged = Condition::version(upload.version);
            self.table().transact_put(row, unchanged)
        });
        writes.collect()
    }

    pub(crate) async fn delete_upload(
        &self,
        conversation: ConversationId,
        id: UploadId,
    ) -> Result<()> {
        let key = self.key(conversation_part(conversation), upload_sk(id));
        self.table().delete(key).await
    }

    /// Renders an upload. Without a message, it is deleted when it is due.
    fn upload_row(&self, conversation: ConversationId, upload: &Upload) -> Result<Row> {
        let part = conversation_part(conversation);
        let mut row = self.row(&part, upload_sk(upload.id), upload)?;
        if let Some(at) = upload.expires_at() {
            row.extend(due_attributes(&self.pk(&part), at));
        }
        Ok(row)
    }
}
