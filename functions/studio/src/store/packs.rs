//! The packs as their maker listed them last, and the pictures of what they make.

use std::collections::BTreeMap;

use confab_aws::{Condition, Row, Table, text};
use confab_core::{Error, EventId, Result, Timestamp};
use serde::{Deserialize, Serialize};
use studio_domain::{Class, Pack};

use super::Store;

const ALL: &str = "PACKS";
/// More than that a list in a chat cannot offer anyway.
const MOST: usize = 500;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PackRow {
    #[serde(flatten)]
    pack: Pack,
    /// Which refresh saw it last.
    refresh: EventId,
    /// Which refresh each picture is of.
    #[serde(default)]
    drawn_by: BTreeMap<Class, EventId>,
}

/// One look at all packs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refresh {
    pub(crate) id: EventId,
    pub(crate) began_at: Timestamp,
    /// None until the maker has answered.
    pub(crate) packs: Option<usize>,
}

/// How far a refresh is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Refreshed {
    #[serde(flatten)]
    pub(crate) refresh: Refresh,
    pub(crate) pictures: usize,
    pub(crate) pictures_drawn: usize,
}

fn key(pack: i64) -> Row {
    Table::key(ALL, format!("PACK#{pack}"))
}

fn unrendered(error: serde_dynamo::Error) -> Error {
    Error::internal("render_failed", error)
}

impl Store {
    /// What is on the shelf, and whether that is all of it: a list that is being written has not said how long it is.
    pub(crate) async fn packs(&self) -> Result<(Vec<Pack>, bool)> {
        let keys = Condition::expression("pk = :all").value(":all", text(ALL));
        let (mut packs, mut refresh) = (Vec::new(), None);
        for row in self.table.query(None, keys, MOST + 1).await? {
            match row
                .get("sk")
                .and_then(|sk| sk.as_s().ok())
                .map(String::as_str)
            {
                Some("REFRESH") => refresh = Some(Table::from_row::<Refresh>(row)?),
                _ => packs.push(Table::from_row::<PackRow>(row)?.pack),
            }
        }
        let is_whole =
            refresh.is_some_and(|refresh| refresh.packs.is_some_and(|count| packs.len() >= count));
        Ok((packs, is_whole))
    }

    async fn pack_rows(&self) -> Result<Vec<PackRow>> {
        let keys = Condition::expression("pk = :all AND begins_with(sk, :pack)")
            .value(":all", text(ALL))
            .value(":pack", text("PACK#"));
        self.table
            .query(None, keys, MOST)
            .await?
            .into_iter()
            .map(Table::from_row)
            .collect()
    }

    /// A later refresh takes the place of an earlier one.
    pub(crate) async fn refreshes(&self, refresh: &Refresh) -> Result<()> {
        let row = Table::to_row(ALL, "REFRESH", refresh)?;
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// Its list may have come before this was noted.
    pub(crate) async fn begins(&self, refresh: &Refresh) -> Result<()> {
        let when = Condition::expression("attribute_not_exists(pk) OR id <> :id")
            .value(":id", text(refresh.id.to_string()));
        let row = Table::to_row(ALL, "REFRESH", refresh)?;
        self.table.put(row, when).await.map(drop)
    }

    pub(crate) async fn refresh(&self) -> Result<Option<Refresh>> {
        self.table.get(Table::key(ALL, "REFRESH")).await
    }

    pub(crate) async fn refreshed(&self) -> Result<Option<Refreshed>> {
        let Some(refresh) = self.refresh().await? else {
            return Ok(None);
        };
        let rows = self.pack_rows().await?;
        let rows: Vec<_> = rows
            .iter()
            .filter(|row| row.refresh == refresh.id)
            .collect();
        let drawn = |row: &&PackRow| {
            row.drawn_by
                .values()
                .filter(|by| **by == refresh.id)
                .count()
        };
        Ok(Some(Refreshed {
            pictures: rows.iter().map(|row| row.pack.images.len()).sum(),
            pictures_drawn: rows.iter().map(drawn).sum(),
            refresh,
        }))
    }

    /// What is on the shelf from now on. A pack keeps its pictures until there are new ones; one that is `listed` stays,
    /// even if nothing new is known of it.
    pub(crate) async fn lists(
        &self,
        refresh: EventId,
        packs: &[Pack],
        listed: &[i64],
    ) -> Result<()> {
        for pack in packs {
            let render = |value| serde_dynamo::to_attribute_value(value).map_err(unrendered);
            let images = serde_dynamo::to_attribute_value(&pack.images).map_err(unrendered)?;
            let empty = render(BTreeMap::<String, String>::new())?;
            let expression = "SET id = :id, slug = :slug, title = :title, images = :images, refresh = :refresh, \
                              sheets = if_not_exists(sheets, :none), drawn_by = if_not_exists(drawn_by, :none)";
            let when = Condition::none()
                .value(":id", confab_aws::number(pack.id))
                .value(":slug", text(&pack.slug))
                .value(":title", text(&pack.title))
                .value(":images", images)
                .value(":refresh", text(refresh.to_string()))
                .value(":none", empty);
            self.table.update(key(pack.id), expression, when).await?;
        }
        let gone = self
            .pack_rows()
            .await?
            .into_iter()
            .filter(|row| !listed.contains(&row.pack.id));
        for row in gone {
            self.table.delete(key(row.pack.id)).await?;
        }
        Ok(())
    }

    /// There is a picture of what a pack makes. Nothing is noted for a pack that is not listed any more.
    pub(crate) async fn drew(
        &self,
        refresh: EventId,
        pack: i64,
        class: Class,
        object: &str,
    ) -> Result<()> {
        let when = Condition::expression("attribute_exists(pk)")
            .value(":object", text(object))
            .value(":refresh", text(refresh.to_string()));
        // A class is one of our own words.
        let expression = format!(
            "SET sheets.{name} = :object, drawn_by.{name} = :refresh",
            name = class.name()
        );
        self.table
            .update(key(pack), &expression, when)
            .await
            .map(drop)
    }
}
