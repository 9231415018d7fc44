//! Pages of events: the newest first, or those of one correlation id in causal order.

use std::str::FromStr;

use confab_aws::{Condition, Row, Table, text};
use confab_core::{CorrelationId, Error, EventId, Result, Timestamp};
use confab_worker::Consistency;
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    journal::{Journal, JournaledEvent, SHARDS, day_pk, journaled, millis_of},
    rollups::days,
};

/// Rows of one query of a shard.
const CHUNK: usize = 50;
const CHUNK_AND_ONE: i32 = 51;
/// Queries of one request beyond the first of each shard. A rare type may need more than one request for a page.
const MAX_FURTHER_READS: usize = 64;
/// Days of one request, most of them without events.
const MAX_DAYS: usize = 14;
/// Events of one correlation id. A carousel has some twenty.
const MAX_CHAIN: usize = 5_000;
const READ_CONCURRENCY: usize = 16;
/// Greater than every character of a sort key.
const END: &str = "~";

/// A place between two events: the sort key of the one before, or a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor(String);

impl Cursor {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Cursor {
    type Err = Error;

    /// Reads `001795953600000` or `001795953600000-02-evt_..`.
    fn from_str(text: &str) -> Result<Self> {
        let refused = || Error::invalid("bad_cursor", "Pass `next` of the page before as `after`.");
        let is_number = |text: &str, length| {
            text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let mut parts = text.splitn(3, '-');
        let is_sound = match (parts.next(), parts.next(), parts.next()) {
            (Some(millis), None, None) => is_number(millis, 15),
            (Some(millis), Some(rank), Some(id)) => {
                is_number(millis, 15) && is_number(rank, 2) && id.parse::<EventId>().is_ok()
            }
            _ => false,
        };
        if is_sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(refused())
        }
    }
}

/// Which events are wanted.
#[derive(Debug, Clone)]
pub(crate) struct EventQuery {
    pub(crate) from: Timestamp,
    /// Not included.
    pub(crate) to: Timestamp,
    pub(crate) event_type: Option<String>,
    pub(crate) after: Option<Cursor>,
    pub(crate) limit: usize,
}

#[derive(Debug, Default)]
pub(crate) struct EventPage {
    pub(crate) events: Vec<JournaledEvent>,
    /// Where the next page begins. A page that is not full may have one, too.
    pub(crate) next: Option<Cursor>,
}

impl EventQuery {
    fn wants(&self, found: &JournaledEvent) -> bool {
        let wanted = self.event_type.as_ref();
        wanted.is_none_or(|wanted| found.event.event_type == *wanted)
    }
}

/// A shard of a day, read from its end.
struct ShardReader {
    pk: String,
    lower: String,
    /// Rows from here on are read.
    upper: String,
    has_more: bool,
}

/// An event with its sort key.
type Keyed = (String, JournaledEvent);

impl Journal {
    /// Returns events of one correlation id, the earliest first.
    pub(crate) async fn chain(&self, id: CorrelationId, query: &EventQuery) -> Result<EventPage> {
        let after = query.after.as_ref().map(Cursor::as_str);
        let lower = after.map_or_else(|| millis_of(query.from), |after| format!("{after}{END}"));
        let keys = Condition::expression("correlation_id = :id AND sk BETWEEN :lower AND :upper")
            .value(":id", text(id.to_string()))
            .value(":lower", text(&lower))
            .value(":upper", text(millis_of(query.to)));
        if lower > millis_of(query.to) {
            return Ok(EventPage::default());
        }
        let rows = self
            .table
            .query(Some("ByCorrelation"), keys, MAX_CHAIN)
            .await?;
        let events = rows.into_iter().map(keyed).collect::<Result<Vec<_>>>()?;
        let mut events: Vec<_> = events
            .into_iter()
            .filter(|(_, found)| query.wants(found))
            .collect();
        let has_more = events.len() > query.limit;
        events.truncate(query.limit);
        Ok(page(events, has_more))
    }

    /// Returns events of all correlation ids, the latest first.
    pub(crate) async fn newest(&self, query: &EventQuery) -> Result<EventPage> {
        let end = millis_of(query.to);
        let after = query.after.as_ref().map(|after| after.0.clone());
        let mut upper = after.map_or_else(|| end.clone(), |after| after.min(end.clone()));
        let mut days = days(query.from, time_of(&upper).max(query.from));
        let mut found = Vec::new();
        for _ in 0..MAX_DAYS {
            let Some(day) = days.pop() else {
                return Ok(page(found, false));
            };
            let missing = query.limit + 1 - found.len();
            let (events, stopped_at) = self.newest_of_day(&day, &upper, query, missing).await?;
            found.extend(events);
            if found.len() > query.limit {
                found.truncate(query.limit);
                return Ok(page(found, true));
            }
            if let Some(place) = stopped_at {
                return Ok(stopped(found, place));
            }
            upper = start_of(&day);
        }
        if days.is_empty() {
            return Ok(page(found, false));
        }
        Ok(stopped(found, upper))
    }

    /// Merges the shards of a day. Returns where it stopped, if it gave up before it had enough.
    async fn newest_of_day(
        &self,
        day: &str,
        upper: &str,
        query: &EventQuery,
        missing: usize,
    ) -> Result<(Vec<Keyed>, Option<String>)> {
        let reader = |shard| ShardReader {
            pk: day_pk(day, shard),
            lower: millis_of(query.from),
            upper: upper.to_owned(),
            has_more: true,
        };
        let reads = stream::iter((0..SHARDS).map(reader)).map(|shard| self.read_shard(shard));
        let read: Vec<_> = reads
            .buffer_unordered(READ_CONCURRENCY)
            .try_collect()
            .await?;
        let (mut shards, rows): (Vec<_>, Vec<_>) = read.into_iter().unzip();
        let mut found: Vec<_> = rows.into_iter().flatten().collect();
        found.retain(|(_, event)| query.wants(event));
        for _ in 0..MAX_FURTHER_READS {
            let Some(behind) = furthest_behind(&shards) else {
                break;
            };
            let frontier = &shards[behind].upper;
            if found.iter().filter(|(key, _)| key >= frontier).count() >= missing {
                break;
            }
            let (shard, rows) = self.read_shard(shards.swap_remove(behind)).await?;
            shards.push(shard);
            found.extend(rows.into_iter().filter(|(_, event)| query.wants(event)));
        }
        found.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
        let frontier = furthest_behind(&shards).map(|behind| shards[behind].upper.clone());
        if let Some(frontier) = &frontier {
            found.retain(|(key, _)| key >= frontier);
        }
        let stopped_at = frontier.filter(|_| found.len() < missing);
        Ok((found, stopped_at))
    }

    /// Reads the next chunk of a shard.
    async fn read_shard(&self, mut shard: ShardReader) -> Result<(ShardReader, Vec<Keyed>)> {
        if shard.lower > shard.upper {
            shard.has_more = false;
            return Ok((shard, Vec::new()));
        }
        let keys = Condition::expression("pk = :pk AND sk BETWEEN :lower AND :upper")
            .value(":pk", text(&shard.pk))
            .value(":lower", text(&shard.lower))
            .value(":upper", text(&shard.upper));
        let read = Consistency::Eventual;
        let rows = self
            .table
            .query_descending(keys, CHUNK_AND_ONE, read)
            .await?;
        shard.has_more = rows.len() > CHUNK;
        let rows = rows.into_iter().map(keyed).collect::<Result<Vec<_>>>()?;
        // The upper end was read before, or is a time, at which no key ends.
        let rows = rows.into_iter().filter(|(key, _)| *key < shard.upper);
        let rows: Vec<_> = rows.collect();
        if let Some((last, _)) = rows.last() {
            shard.upper.clone_from(last);
        }
        Ok((shard, rows))
    }
}

/// Returns the shard that is furthest behind: events before its place may still be missing.
fn furthest_behind(shards: &[ShardReader]) -> Option<usize> {
    let unread = shards
        .iter()
        .enumerate()
        .filter(|(_, shard)| shard.has_more);
    let behind = unread.max_by(|(_, one), (_, other)| one.upper.cmp(&other.upper));
    behind.map(|(index, _)| index)
}

fn keyed(row: Row) -> Result<Keyed> {
    let key = Table::sort_key(&row).to_owned();
    Ok((key, journaled(row)?))
}

fn page(found: Vec<Keyed>, has_more: bool) -> EventPage {
    let last = found.last().map(|(key, _)| Cursor(key.clone()));
    EventPage {
        events: found.into_iter().map(|(_, event)| event).collect(),
        next: last.filter(|_| has_more),
    }
}

fn stopped(found: Vec<Keyed>, place: String) -> EventPage {
    EventPage {
        next: Some(Cursor(place)),
        ..page(found, false)
    }
}

/// Returns the time of a sort key. Only a cursor that was invented has one out of range.
fn time_of(key: &str) -> Timestamp {
    let millis = key.get(..15).and_then(|millis| millis.parse().ok());
    let at = millis.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    at.unwrap_or(Timestamp::MAX)
}

fn start_of(day: &str) -> String {
    let start = format!("{day}T00:00:00Z").parse::<Timestamp>();
    millis_of(start.unwrap_or(Timestamp::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_times_or_keys_and_nothing_else() {
        let key = "001795953600000-02-evt_01m7ym613fe0yvvhrd4bj8893d";
        for sound in [key, "001795953600000"] {
            assert_eq!(sound.parse::<Cursor>().unwrap().as_str(), sound);
        }
        for hostile in [
            "",
            "-",
            "1",
            "00179595360000x",
            "001795953600000-02",
            "001795953600000-2-evt_01m7ym613fe0yvvhrd4bj8893d",
            "001795953600000-02-evt_",
            "001795953600000-02-evt_01m7ym613fe0yvvhrd4bj8893d~",
            "\u{1f4b8}\u{1f4b8}\u{1f4b8}\u{1f4b8}",
            &"9".repeat(4_000),
        ] {
            assert_eq!(
                hostile.parse::<Cursor>().unwrap_err().code(),
                "bad_cursor",
                "{hostile}"
            );
        }
    }

    #[test]
    fn invented_times_are_the_end_of_time() {
        assert_eq!(time_of("999999999999999"), Timestamp::MAX);
        assert_eq!(time_of(""), Timestamp::MAX);
    }
}
