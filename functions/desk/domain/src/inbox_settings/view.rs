//! Saved views of the inbox: an agent's own, or shared with the team.

use confab_core::{Error, Result, UserId, length};
use serde::{Deserialize, Serialize};

use super::{InboxSetting, InboxSettingKind, MAX_SETTING_NAME_CHARS, check_version};
use crate::{
    InboxFilter, InboxView, ViewId, parse_tag,
    text::{clean_line, parse_name},
};

const MAX_QUERY_CHARS: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct SavedView {
    pub id: ViewId,
    pub name: String,
    /// The built-in view that the filter narrows.
    pub view: InboxView,
    pub filter: InboxFilter,
    /// Whether all agents see it.
    pub shared: bool,
    pub owner: UserId,
    pub version: u64,
}

/// What agents send. A new view has no version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    feature = "contract",
    derive(ts_rs::TS, utoipa::ToSchema),
    ts(optional_fields)
)]
#[serde(deny_unknown_fields)]
pub struct ViewInput {
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(as = "Option<u64>"))]
    pub version: u64,
    pub name: String,
    #[serde(default = "everything_open")]
    #[cfg_attr(feature = "contract", ts(as = "Option<InboxView>"))]
    pub view: InboxView,
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(as = "Option<InboxFilter>"))]
    pub filter: InboxFilter,
    #[serde(default)]
    #[cfg_attr(feature = "contract", ts(as = "Option<bool>"))]
    pub shared: bool,
}

fn everything_open() -> InboxView {
    InboxView::All
}

/// The agent who edits views.
#[derive(Debug, Clone, Copy)]
pub struct ViewEditor {
    pub user: UserId,
    /// Whether the agent may change settings of the team.
    pub is_admin: bool,
}

impl SavedView {
    pub fn new(id: ViewId, input: &ViewInput, editor: ViewEditor) -> Result<Self> {
        let view = Self {
            id,
            name: parse_name(&input.name, MAX_SETTING_NAME_CHARS)?,
            view: input.view,
            filter: parse_filter(&input.filter)?,
            shared: input.shared,
            owner: editor.user,
            version: 1,
        };
        view.authorize_edit(editor)?;
        Ok(view)
    }

    pub fn with_update(&self, input: &ViewInput, editor: ViewEditor) -> Result<Self> {
        self.authorize_edit(editor)?;
        let updated = Self {
            owner: self.owner,
            version: self.version + 1,
            ..Self::new(self.id, input, editor)?
        };
        if updated.is_same(self) {
            return Ok(self.clone());
        }
        check_version(self.version, input.version)?;
        Ok(updated)
    }

    /// Returns whether an agent sees the view.
    pub fn is_visible_to(&self, user: UserId) -> bool {
        self.shared || self.owner == user
    }

    /// Allows admins to edit shared views, and agents their own. The view of another agent does not exist for others.
    pub fn authorize_edit(&self, editor: ViewEditor) -> Result<()> {
        if !self.is_visible_to(editor.user) {
            return Err(Error::not_found("view"));
        }
        if self.shared && !editor.is_admin {
            return Err(Error::forbidden("Only admins can change shared views."));
        }
        Ok(())
    }
}

fn parse_filter(filter: &InboxFilter) -> Result<InboxFilter> {
    let q = filter
        .q
        .as_deref()
        .map(clean_line)
        .filter(|q| !q.is_empty());
    if q.as_ref().is_some_and(|q| length(q) > MAX_QUERY_CHARS) {
        let message = format!("A search has at most {MAX_QUERY_CHARS} characters.");
        return Err(Error::invalid("bad_search", message));
    }
    let tag = filter.tag.as_deref().map(parse_tag).transpose()?;
    Ok(InboxFilter {
        q,
        tag,
        ..filter.clone()
    })
}

impl InboxSetting for SavedView {
    const KIND: InboxSettingKind = InboxSettingKind::View;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn is_same(&self, other: &Self) -> bool {
        let same_version = Self {
            version: other.version,
            ..self.clone()
        };
        same_version == *other
    }
}

#[cfg(test)]
mod tests {
    use confab_core::Timestamp;

    use super::*;

    fn editor(byte: u8, is_admin: bool) -> ViewEditor {
        ViewEditor {
            user: UserId::new(Timestamp::UNIX_EPOCH, &move || [byte; 10]),
            is_admin,
        }
    }

    fn input(version: u64, shared: bool) -> ViewInput {
        let json = serde_json::json!({
            "version": version, "name": "Refunds", "filter": { "tag": " Refund " }, "shared": shared,
        });
        serde_json::from_value(json).unwrap()
    }

    fn new(shared: bool, by: ViewEditor) -> Result<SavedView> {
        let id = ViewId::new(Timestamp::UNIX_EPOCH, &|| [9; 10]);
        SavedView::new(id, &input(0, shared), by)
    }

    fn code(result: Result<SavedView>) -> String {
        result.unwrap_err().code().to_owned()
    }

    #[test]
    fn agents_have_views_of_their_own_and_admins_share_them() {
        let (agent, other, admin) = (editor(1, false), editor(2, false), editor(3, true));
        let own = new(false, agent).unwrap();
        assert_eq!(own.filter.tag.as_deref(), Some("refund"));
        assert!(own.is_visible_to(agent.user) && !own.is_visible_to(admin.user));
        assert_eq!(
            code(own.with_update(&input(1, false), admin)),
            "view_not_found"
        );
        assert_eq!(code(new(true, agent)), "forbidden");
        assert_eq!(code(own.with_update(&input(1, true), agent)), "forbidden");
        let shared = new(true, admin).unwrap();
        assert!(shared.is_visible_to(other.user));
        assert_eq!(
            code(shared.with_update(&input(1, false), other)),
            "forbidden"
        );
        let updated = shared.with_update(&input(1, false), admin).unwrap();
        assert_eq!((updated.owner, updated.version), (admin.user, 2));
    }

    #[test]
    fn stale_views_are_refused_and_repeated_ones_change_nothing() {
        let admin = editor(3, true);
        let view = new(true, admin).unwrap();
        assert_eq!(view.with_update(&input(7, true), admin).unwrap(), view);
        assert_eq!(
            code(view.with_update(&input(7, false), admin)),
            "changed_meanwhile"
        );
    }

    #[test]
    fn filters_are_normalized_and_bounded() {
        let mut long = input(0, false);
        long.filter.q = Some("x".repeat(201));
        let id = ViewId::new(Timestamp::UNIX_EPOCH, &|| [9; 10]);
        assert_eq!(
            code(SavedView::new(id, &long, editor(1, false))),
            "bad_search"
        );
        long.filter.q = Some(" ".into());
        let blank = SavedView::new(id, &long, editor(1, false)).unwrap();
        assert_eq!(blank.filter.q, None);
        let odd = serde_json::json!({ "name": "x", "filter": { "owner": 1 } });
        assert!(serde_json::from_value::<ViewInput>(odd).is_err());
    }
}
