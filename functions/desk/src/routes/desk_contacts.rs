//! `/contacts`: the visitors as agents see them.

use std::sync::Arc;

use confab_core::{CorrelationId, Error, Result, length};
use confab_lambda::{
    Response, Router,
    extract::{Json, Path, Query},
    response,
};
use desk_domain::{Action, Contact, ContactChange, LanguageTag, VisitorId};
use http::StatusCode;
use serde::Deserialize;

use crate::{
    auth::Access,
    extract::ContactParam,
    services::{
        contacts::{block, change, merge, require_contact},
        cursors::{ListPage, open_place, page_limit, seal_place},
    },
    state::{Part, State},
    store::Tenant,
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::Broadcasts,
    Part::DynamoDbConnection,
];

const MAX_QUERY_CHARS: usize = 200;
/// Contacts that one request reads to find those that fit a search. The next page goes on.
const MAX_SCANNED: usize = 500;
const SCAN_BATCH: u16 = 100;

pub fn routes() -> Router<State> {
    Router::new()
        .page_origin(State::console_origin)
        .route("GET /contacts", list)
        .route("GET /contacts/{contact}", show)
        .route("PATCH /contacts/{contact}", patch)
        .route("POST /contacts/{contact}/merge", merge_into)
        .route("POST /contacts/{contact}/block", set_block)
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct ListQuery {
    #[serde(default)]
    q: Option<String>,
    #[serde(default)]
    limit: Option<u16>,
    #[serde(default)]
    after: Option<String>,
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/contacts",
    operation_id = "list_contacts",
    tag = "Contacts",
    params(ListQuery),
    responses(
        (status = 200, description = "A page of contacts.", body = ListPage<Contact>),
        BadRequest,
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn list(
    state: Arc<State>,
    access: Access,
    Query(query): Query<ListQuery>,
) -> Result<Response> {
    access.require(Action::ReadContacts)?;
    let limit = page_limit(query.limit)?;
    let search = query.q.unwrap_or_default().trim().to_owned();
    if length(&search) > MAX_QUERY_CHARS {
        let message = "A search has at most 200 characters.";
        return Err(Error::invalid("bad_query", message));
    }
    let (grant, name) = (Some(access.grant), format!("contacts#{search}"));
    let after = match &query.after {
        Some(cursor) => Some(open_place(&state, grant, &name, cursor).await?),
        None => None,
    };
    let tenant = state.store()?.tenant(access.grant);
    let (items, next) = find(tenant, &search, after, limit).await?;
    let next = match next {
        Some(place) => Some(seal_place(&state, grant, &name, place).await?),
        None => None,
    };
    response::json(StatusCode::OK, &ListPage { items, next })
}

/// Reads contacts that fit a search, and the place after which the next page begins.
async fn find(
    tenant: Tenant<'_>,
    search: &str,
    mut after: Option<String>,
    limit: u16,
) -> Result<(Vec<Contact>, Option<String>)> {
    // One more than the page tells whether there is a next one.
    let batch = if search.is_empty() {
        limit + 1
    } else {
        SCAN_BATCH
    };
    let (mut found, mut scanned) = (Vec::new(), 0);
    loop {
        let page = tenant.list_contacts(after.clone(), batch).await?;
        let is_last = page.read < usize::from(batch);
        for listed in page.contacts {
            if found.len() == usize::from(limit) {
                return Ok((found, after));
            }
            if listed.contact.is_listed() && listed.contact.fits(search) {
                found.push(listed.contact);
            }
            after = Some(listed.place);
        }
        scanned += page.read;
        if is_last {
            return Ok((found, None));
        }
        if scanned >= MAX_SCANNED {
            return Ok((found, page.last.or(after)));
        }
        after = page.last.or(after);
    }
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/contacts/{contact}",
    operation_id = "show_contact",
    tag = "Contacts",
    params(("contact" = VisitorId, Path)),
    responses((status = 200, description = "The contact.", body = Contact), ReadRefusals),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn show(
    state: Arc<State>,
    access: Access,
    Path(ContactParam(id)): Path<ContactParam>,
) -> Result<Response> {
    access.require(Action::ReadContacts)?;
    let tenant = state.store()?.tenant(access.grant);
    let contact = require_contact(tenant, id).await?;
    response::json(StatusCode::OK, &contact)
}

/// What is absent stays, and an empty text removes.
#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactPatch {
    version: u64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    language: Option<LanguageTag>,
}

#[cfg_attr(test, utoipa::path(
    patch,
    path = "/contacts/{contact}",
    operation_id = "change_contact",
    tag = "Contacts",
    params(("contact" = VisitorId, Path)),
    request_body = ContactPatch,
    responses(
        (status = 200, description = "The changed contact.", body = Contact),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn patch(
    state: Arc<State>,
    access: Access,
    Path(ContactParam(id)): Path<ContactParam>,
    Json(body): Json<ContactPatch>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    access.require(Action::WriteContacts)?;
    let tenant = state.store()?.tenant(access.grant);
    let version = body.version;
    let fields = ContactChange {
        name: body.name,
        email: body.email,
        phone: body.phone,
        language: body.language,
    };
    let fields = (version, &fields);
    let contact = change(&state, tenant, &access, id, fields, correlation_id).await?;
    response::json(StatusCode::OK, &contact)
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "ContactMerge"), schema(as = ContactMerge))]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeBody {
    into: VisitorId,
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/contacts/{contact}/merge",
    operation_id = "merge_contact",
    tag = "Contacts",
    params(("contact" = VisitorId, Path)),
    request_body = MergeBody,
    responses(
        (status = 200, description = "The contact that holds both.", body = Contact),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn merge_into(
    state: Arc<State>,
    access: Access,
    Path(ContactParam(id)): Path<ContactParam>,
    Json(body): Json<MergeBody>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    access.require(Action::WriteContacts)?;
    let tenant = state.store()?.tenant(access.grant);
    let pair = (id, body.into);
    let contact = merge(&state, tenant, &access, pair, correlation_id).await?;
    response::json(StatusCode::OK, &contact)
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "ContactBlock"), schema(as = ContactBlock))]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockBody {
    is_blocked: bool,
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/contacts/{contact}/block",
    operation_id = "block_contact",
    tag = "Contacts",
    params(("contact" = VisitorId, Path)),
    request_body = BlockBody,
    responses(
        (status = 200, description = "The contact, blocked or not.", body = Contact),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn set_block(
    state: Arc<State>,
    access: Access,
    Path(ContactParam(id)): Path<ContactParam>,
    Json(body): Json<BlockBody>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    access.require(Action::WriteContacts)?;
    access.require(Action::WriteConversations)?;
    let tenant = state.store()?.tenant(access.grant);
    let blocked = body.is_blocked;
    let contact = block(&state, tenant, &access, id, blocked, correlation_id).await?;
    response::json(StatusCode::OK, &contact)
}

#[cfg(test)]
use crate::contract::{BadRequest, BodyRefusals, Conflict, ReadRefusals, WriteRefusals};
