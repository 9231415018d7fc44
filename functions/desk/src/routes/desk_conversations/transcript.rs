//! The transcript of a conversation, to keep.

use std::sync::Arc;

use confab_core::{CorrelationId, Result};
use confab_lambda::{
    Response,
    extract::{Path, Query},
    response,
};
use desk_domain::VisitorMessage;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use crate::{
    extract::ConversationParam,
    services::{
        conversation_access::{Reader, open_to_read},
        transcripts::{TranscriptLine, newest, render_html, render_text},
    },
    state::State,
};

/// The newest messages of a long conversation: what a response can hold.
const MAX_MESSAGES: u64 = 500;

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum TranscriptFormat {
    #[default]
    Txt,
    Html,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct TranscriptQuery {
    #[serde(default)]
    #[cfg_attr(test, param(inline))]
    format: TranscriptFormat,
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/conversations/{conversation}/transcript",
    operation_id = "show_transcript",
    tag = "Conversations",
    params(("conversation" = desk_domain::ConversationId, Path), TranscriptQuery),
    responses(
        (status = 200, description = "The newest messages, as a file to keep.", content((String = "text/plain"), (String = "text/html"))),
        BadRequest,
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn transcript(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Path<ConversationParam>,
    Query(query): Query<TranscriptQuery>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let tenant = state.store()?.tenant(reader.grant());
    let head = open_to_read(tenant, &reader, id).await?;
    let after = head.last_seq.saturating_sub(MAX_MESSAGES);
    let most = usize::try_from(MAX_MESSAGES).unwrap_or(usize::MAX);
    let messages = tenant
        .messages_after(id, after, most, correlation_id)
        .await?;
    let lines = newest(match reader {
        Reader::Visitor(_) => TranscriptLine::for_visitor(&VisitorMessage::list(&messages)),
        Reader::Staff(_) => TranscriptLine::for_staff(&messages),
    });
    let (content, content_type, name) = match query.format {
        TranscriptFormat::Txt => {
            let text = render_text(&lines);
            (text, "text/plain; charset=utf-8", "conversation.txt")
        }
        TranscriptFormat::Html => {
            let html = render_html(&lines);
            (html, "text/html; charset=utf-8", "conversation.html")
        }
    };
    let mut response = response::text(StatusCode::OK, content);
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let headers = response.headers_mut();
    // A page of texts of people runs nothing, even if a browser shows it.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    for (name, value) in [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(disposition) = disposition {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

#[cfg(test)]
use crate::contract::{BadRequest, ReadRefusals};
