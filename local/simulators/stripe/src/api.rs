//! The API under `/v1`: authentication, versions, idempotency keys and dispatch.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode},
    response::{IntoResponse, Response},
};
use confab_simulator_base::{Call, bearer_token, lost_connection};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    api_error::ApiError,
    events,
    faults::CallFault,
    form::Form,
    ids, list,
    objects::ObjectKind,
    refunds, sessions,
    stripe::Stripe,
    tables::{self, StoredReply},
    unit_of_work::UnitOfWork,
    version::Version,
};

struct ApiRequest<'a> {
    method: &'a Method,
    path: &'a str,
    form: Form,
    key: Option<&'a str>,
    /// Hash of method, path and parameters.
    fingerprint: String,
    request_id: &'a str,
    injected: Option<ApiError>,
    version: Version,
}

struct ApiReply {
    status: StatusCode,
    body: Value,
    version: Version,
    replayed: bool,
    correlation_id: Option<String>,
}

/// How long a reply is replayed under its idempotency key.
const IDEMPOTENCY_KEY_TTL_MS: i64 = 24 * 60 * 60 * 1_000;

pub(crate) async fn call(
    State(stripe): State<Arc<Stripe>>,
    method: Method,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::new("stripe");
    let what = format!("{method} {}", without_ids(&path));
    let fault = stripe.faults().take(|fault| fault.fits(&path));
    if fault.as_ref().is_some_and(|fault| fault.drop_before) {
        stripe
            .context
            .record(call, format!("{what}: connection lost"), false);
        return lost_connection();
    }
    let injected = fault.as_ref().and_then(injected);
    let request_id = ids::new_id("req", 14);
    let parameters = if method == Method::GET {
        query.unwrap_or_default().into_bytes()
    } else {
        body.to_vec()
    };
    let reply = Form::parse(&parameters).and_then(|form| {
        authorize(&stripe, &headers)?;
        let version = version(&stripe, &headers)?;
        let key = headers
            .get("idempotency-key")
            .and_then(|key| key.to_str().ok());
        let fingerprint = fingerprint(&method, &path, &parameters);
        let (method, path, request_id) = (&method, path.as_str(), request_id.as_str());
        let request = ApiRequest {
            method,
            path,
            form,
            key,
            fingerprint,
            request_id,
            injected,
            version,
        };
        answer(&stripe, &request)
    });
    stripe.webhooks.wake();
    let (mut response, text, ok) = match &reply {
        Ok(ApiReply { status, body, .. }) => (
            (*status, Json(body)).into_response(),
            format!("{what}: {}", status.as_u16()),
            status.is_success(),
        ),
        Err(error) => {
            let response = (error.status, Json(error.body())).into_response();
            (response, format!("{what}: {}", error.summary()), false)
        }
    };
    if let Ok(reply) = reply {
        call.correlation_id = reply.correlation_id;
        call.message_id = reply.body["id"].as_str().map(str::to_owned);
        response.headers_mut().insert(
            "stripe-version",
            HeaderValue::from_static(reply.version.text()),
        );
        if reply.replayed {
            response
                .headers_mut()
                .insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
    }
    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("request-id", request_id);
    }
    if let Some(fault) = fault {
        tokio::time::sleep(Duration::from_millis(fault.hang_ms.unwrap_or(0))).await;
        if fault.drop_after {
            stripe
                .context
                .record(call, format!("{text}, connection lost"), false);
            return lost_connection();
        }
    }
    stripe.context.record(call, text, ok);
    response
}

/// Returns the error that a fault injects.
fn injected(fault: &CallFault) -> Option<ApiError> {
    let status = StatusCode::from_u16(fault.http?).unwrap_or(StatusCode::BAD_REQUEST);
    let error = ApiError::staged(status);
    Some(if fault.kept { error.kept() } else { error })
}

fn authorize(stripe: &Stripe, headers: &HeaderMap) -> Result<(), ApiError> {
    if bearer_token(headers) != Some(stripe.account.secret_key.expose_secret()) {
        return Err(ApiError::key());
    }
    Ok(())
}

/// Returns the version of the request, which is the one of the settings when it names none.
fn version(stripe: &Stripe, headers: &HeaderMap) -> Result<Version, ApiError> {
    match headers
        .get("stripe-version")
        .map(|named| String::from_utf8_lossy(named.as_bytes()))
    {
        Some(named) => Version::parse(&named).map_err(ApiError::bad),
        None => Ok(stripe.settings.get().api_version),
    }
}

fn answer(stripe: &Stripe, request: &ApiRequest<'_>) -> Result<ApiReply, ApiError> {
    if request
        .key
        .is_some_and(|key| !(1..=255).contains(&key.len()))
    {
        return Err(ApiError::bad("Idempotency keys have 1 to 255 characters."));
    }
    let key = request.key.filter(|_| *request.method == Method::POST);
    stripe.context.store().write(|tx| {
        let mut unit = UnitOfWork::new(tx, stripe);
        unit.request = json!({"id": request.request_id, "idempotency_key": key});
        unit.version = request.version;
        let version = request.version;
        if let Some(key) = key
            && let Some(stored) = tables::reply(unit.tx.db, key, unit.now - IDEMPOTENCY_KEY_TTL_MS)?
        {
            if stored.request != request.fingerprint {
                return Err(ApiError::idempotency(key));
            }
            let status =
                StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let correlation_id = correlation(&unit, &stored.body)?;
            return Ok(ApiReply {
                status,
                body: stored.body,
                version,
                replayed: true,
                correlation_id,
            });
        }
        let (status, body) = match execute(&mut unit, request) {
            Ok(body) => (StatusCode::OK, body),
            // An error that is kept comes before any write.
            Err(error) if error.is_kept => (error.status, error.body()),
            Err(error) => return Err(error),
        };
        if let Some(key) = key {
            let stored = StoredReply {
                request: request.fingerprint.clone(),
                status: status.as_u16(),
                body: body.clone(),
            };
            tables::save_reply(unit.tx.db, key, unit.now, &stored)?;
        }
        let correlation_id = correlation(&unit, &body)?;
        Ok(ApiReply {
            status,
            body,
            version,
            replayed: false,
            correlation_id,
        })
    })
}

fn execute(unit: &mut UnitOfWork<'_, '_>, request: &ApiRequest<'_>) -> Result<Value, ApiError> {
    if let Some(injected) = &request.injected {
        return Err(injected.clone());
    }
    let mut body = dispatch(unit, request)?;
    for path in request.form.texts("expand") {
        list::expand(unit, &mut body, path)?;
    }
    Ok(body)
}

fn dispatch(unit: &mut UnitOfWork<'_, '_>, request: &ApiRequest<'_>) -> Result<Value, ApiError> {
    let ApiRequest {
        method, path, form, ..
    } = request;
    let segments: Vec<&str> = path.split('/').collect();
    let one = |unit: &UnitOfWork<'_, '_>, sort, id| {
        form.check_names(&["expand"])?;
        unit.wire(unit.get(sort, id)?)
    };
    match (method.as_str(), segments.as_slice()) {
        ("POST", ["checkout", "sessions"]) => sessions::create(unit, form),
        ("POST", ["checkout", "sessions", id, "expire"]) => sessions::expire(unit, id, form),
        ("POST", ["refunds"]) => refunds::create(unit, form),
        ("GET", ["checkout", "sessions"]) => list::objects(unit, ObjectKind::Session, path, form),
        ("GET", ["checkout", "sessions", id]) => one(unit, ObjectKind::Session, id),
        ("GET", ["payment_intents"]) => list::objects(unit, ObjectKind::Intent, path, form),
        ("GET", ["payment_intents", id]) => one(unit, ObjectKind::Intent, id),
        ("GET", ["charges"]) => list::objects(unit, ObjectKind::Charge, path, form),
        ("GET", ["charges", id]) => one(unit, ObjectKind::Charge, id),
        ("GET", ["refunds"]) => list::objects(unit, ObjectKind::Refund, path, form),
        ("GET", ["refunds", id]) => one(unit, ObjectKind::Refund, id),
        ("GET", ["disputes"]) => list::objects(unit, ObjectKind::Dispute, path, form),
        ("GET", ["disputes", id]) => one(unit, ObjectKind::Dispute, id),
        ("GET", ["balance_transactions", id]) => one(unit, ObjectKind::Balance, id),
        ("GET", ["events"]) => events::list(unit, form),
        ("GET", ["events", id]) => events::get(unit, id),
        (method, _) => Err(ApiError::path(method, path)),
    }
}

fn correlation(unit: &UnitOfWork<'_, '_>, body: &Value) -> Result<Option<String>, ApiError> {
    let Some(id) = body["id"].as_str() else {
        return Ok(None);
    };
    match tables::get(unit.tx.db, id)? {
        Some(object) => unit.correlation(&object),
        None => Ok(None),
    }
}

fn fingerprint(method: &Method, path: &str, parameters: &[u8]) -> String {
    let mut pairs: Vec<_> = form_urlencoded::parse(parameters).collect();
    pairs.sort_unstable();
    let text = format!("{method} {path} {pairs:?}");
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Replaces ids in the path, so that call records group by route.
fn without_ids(path: &str) -> String {
    let word = |segment: &str| {
        if segment.contains('_') && segment.len() > 20 {
            "…"
        } else {
            segment
        }
        .to_owned()
    };
    path.split('/').map(word).collect::<Vec<_>>().join("/")
}
