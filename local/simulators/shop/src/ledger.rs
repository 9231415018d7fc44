//! Pages of the ledger, read with the operator's key.

use std::sync::Arc;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::Uri,
    response::Response,
};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::{config::ShopConfig, gateway, shop::Shop, shop_error::ShopError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    day: Option<String>,
    after: Option<String>,
}

pub(crate) async fn read(
    State(shop): State<Arc<Shop>>,
    uri: Uri,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Response, ShopError> {
    let Query(page) = page.map_err(|e| ShopError::bad_request(&e.body_text()))?;
    let path = uri.path().strip_prefix("/api/ledger/").unwrap_or_default();
    let segments = segments(path).ok_or_else(|| ShopError::not_found("page of the ledger"))?;
    let config = shop.config()?;
    let mut url = ledger_url(config, &segments)?;
    for (name, value) in [("day", page.day), ("after", page.after)] {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, &value);
        }
    }
    let request = shop.context.http.get(url);
    gateway::forward(request.bearer_auth(config.operator_key.expose_secret())).await
}

/// Decodes the path of a ledger page. Returns `None` for other paths, and for segments that could
/// lead to one.
fn segments(path: &str) -> Option<Vec<String>> {
    let decoded = path.split('/').map(|segment| {
        percent_decode_str(segment)
            .decode_utf8()
            .ok()
            .map(|segment| segment.into_owned())
    });
    let segments: Vec<String> = decoded.collect::<Option<_>>()?;
    let is_plain = |segment: &String| {
        !matches!(segment.as_str(), "" | "." | "..") && !segment.contains(['/', '\\', '%'])
    };
    let names: Vec<_> = segments.iter().map(String::as_str).collect();
    let is_known = matches!(
        names[..],
        ["orders" | "flags"] | ["orders", _] | ["accounts", _, _]
    );
    (is_known && segments.iter().all(is_plain)).then_some(segments)
}

fn ledger_url(config: &ShopConfig, segments: &[String]) -> Result<Url, ShopError> {
    let mut url = gateway::url(config, "/api/payments/ledger")?;
    url.path_segments_mut()
        .map_err(|()| anyhow::anyhow!("the gateway's address has no path"))?
        .extend(segments);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_outside_the_ledger_are_refused() {
        for known in [
            "orders",
            "flags",
            "orders/ord_1",
            "accounts/studio/usr_1",
            "accounts/studio/%D7%93%D7%A0%D7%94",
        ] {
            assert!(segments(known).is_some(), "{known}");
        }
        for other in [
            "",
            "prices",
            "orders/",
            "orders/..",
            "orders/%2e%2e",
            "orders/.",
            "orders/a/b",
            "accounts/studio",
            "accounts/../orders",
            "accounts/studio/%2e%2e%2fsecret",
            "accounts/studio/a%5cb",
            "accounts/studio/%252e%252e",
            "accounts/studio/%ff",
            "accounts//usr_1",
            "/orders",
            "http://example.com/orders",
        ] {
            assert_eq!(segments(other), None, "{other}");
        }
    }
}
