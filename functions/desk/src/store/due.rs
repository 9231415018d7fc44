//! What is due, in sixteen partitions of an index that has keys alone: the sweep reads nothing else of a tenant.

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Condition, Row, Table, text};
use confab_core::{Result, TenantId, Timestamp};
use desk_domain::{ConversationId, UploadId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Store;

const DUE_INDEX: &str = "Due";
/// Partitions of the index.
pub(crate) const DUE_SHARDS: u8 = 16;

/// What the row of a due key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum DueSubject {
    /// A snooze ends, or an idle conversation.
    Conversation { id: ConversationId },
    /// A file that was attached to no message.
    Upload {
        conversation: ConversationId,
        id: UploadId,
    },
    /// A trial ends, or the data of a deleted tenant is to be erased.
    Tenant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DueKey {
    pub(crate) tenant: TenantId,
    pub(crate) subject: DueSubject,
    pub(crate) due_at: Timestamp,
}

/// Returns the attributes that put a row with this partition key into the index.
pub(super) fn due_attributes(pk: &str, at: Timestamp) -> [(String, AttributeValue); 2] {
    let shard = Sha256::digest(pk)[0] % DUE_SHARDS;
    [
        ("dpk".to_owned(), text(due_pk(shard))),
        ("dsk".to_owned(), text(due_sk(at))),
    ]
}

fn due_pk(shard: u8) -> String {
    format!("DUE#{shard}")
}

/// Renders a time whose order as text is that of time. It is rounded up, so that the row is due when it is found.
fn due_sk(at: Timestamp) -> String {
    let second = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    format!("{:012}", second.max(0))
}

impl Store {
    /// Returns what is due in a partition of the index, the longest overdue first. A key that cannot be read is an
    /// error of its own, so that it does not hide the others.
    pub(crate) async fn list_due(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Option<DueKey>>> {
        let keys = Condition::expression("dpk = :shard AND dsk <= :now")
            .value(":shard", text(due_pk(shard)))
            .value(":now", text(format!("{:012}", now.as_second().max(0))));
        let rows = self.table.query(Some(DUE_INDEX), keys, limit).await?;
        Ok(rows.iter().map(due_key_of).collect())
    }
}

fn due_key_of(row: &Row) -> Option<DueKey> {
    let pk = Table::partition(row);
    let mut parts = pk.strip_prefix("T#")?.split('#');
    let tenant = parts.next()?.parse().ok()?;
    let subject = match (parts.next(), parts.next(), Table::sort_key(row)) {
        (None, None, "TENANT") => DueSubject::Tenant,
        (Some("CONV"), Some(id), "HEAD") => DueSubject::Conversation {
            id: id.parse().ok()?,
        },
        (Some("CONV"), Some(conversation), sk) => DueSubject::Upload {
            conversation: conversation.parse().ok()?,
            id: sk.strip_prefix("FILE#")?.parse().ok()?,
        },
        _ => return None,
    };
    let second = row.get("dsk")?.as_s().ok()?.parse().ok()?;
    Some(DueKey {
        tenant,
        subject,
        due_at: Timestamp::from_second(second).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::partition;

    fn tenant() -> TenantId {
        TenantId::new(Timestamp::UNIX_EPOCH, &|| [7; 10])
    }

    fn key_of(pk: &str, sk: &str, at: Timestamp) -> Option<DueKey> {
        let mut row = Table::key(pk, sk);
        row.extend(due_attributes(pk, at));
        due_key_of(&row)
    }

    #[test]
    fn keys_of_due_rows_are_read_back() {
        let at = Timestamp::from_second(1_796_000_000).unwrap();
        let id = ConversationId::new(at, &|| [3; 10]);
        let found = key_of(&partition(tenant(), format!("CONV#{id}")), "HEAD", at);
        let expected = DueKey {
            tenant: tenant(),
            subject: DueSubject::Conversation { id },
            due_at: at,
        };
        assert_eq!(found, Some(expected));
        let found = key_of(&partition(tenant(), ""), "TENANT", at).unwrap();
        assert_eq!(found.subject, DueSubject::Tenant);
        let upload = UploadId::new(at, &|| [4; 10]);
        let pk = partition(tenant(), format!("CONV#{id}"));
        let found = key_of(&pk, &format!("FILE#{upload}"), at).unwrap();
        let expected = DueSubject::Upload {
            conversation: id,
            id: upload,
        };
        assert_eq!(found.subject, expected);
        for (pk, sk) in [("T#x", "TENANT"), ("U#usr", "PERSON"), ("", "")] {
            assert_eq!(key_of(pk, sk, at), None, "{pk}");
        }
        let other = partition(tenant(), format!("CONV#{id}"));
        assert_eq!(key_of(&other, "MSG#000000000001", at), None);
    }

    #[test]
    fn times_are_sorted_as_text_and_rounded_up() {
        let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
        assert_eq!(due_sk(at(1_000)), "000000000001");
        assert_eq!(due_sk(at(1_001)), "000000000002");
        assert!(due_sk(at(9_999)) < due_sk(at(1_796_000_000_000)));
    }
}
