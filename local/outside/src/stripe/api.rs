//! The API under `/v1`: who asks, what for, under which key, and what is answered.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Desk, behaviour::Fault, events, form::Form, list, objects::Sort, refunds, refusal::Refusal,
    sessions, version::Version,
};
use crate::{
    Outside, ids,
    meta::lost_connection,
    outside::Call,
    store::stripe::{self, Kept},
};

struct Asked<'a> {
    method: &'a Method,
    path: &'a str,
    form: Form,
    key: Option<&'a str>,
    /// The same for the same request only.
    fingerprint: String,
    request_id: &'a str,
    staged: Option<Refusal>,
    version: Version,
}

struct Answered {
    status: StatusCode,
    body: Value,
    version: Version,
    replayed: bool,
    correlation_id: Option<String>,
}

/// As long as Stripe keeps what was answered under a key.
const KEY_MS: i64 = 24 * 60 * 60 * 1_000;

pub(super) async fn call(
    State(outside): State<Arc<Outside>>,
    method: Method,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::new("stripe");
    let what = format!("{method} {}", without_ids(&path));
    let fault = outside.store().stripe_faults.next(&path);
    if fault.as_ref().is_some_and(|fault| fault.drop_before) {
        outside.saw(call, format!("{what}: connection lost"), false);
        return lost_connection();
    }
    let staged = fault.as_ref().and_then(staged);
    let request_id = ids::stripe("req", 14);
    let parameters = if method == Method::GET {
        query.unwrap_or_default().into_bytes()
    } else {
        body.to_vec()
    };
    let answered = Form::parse(&parameters).and_then(|form| {
        authorize(&outside, &headers)?;
        let version = version(&outside, &headers)?;
        let key = headers
            .get("idempotency-key")
            .and_then(|key| key.to_str().ok());
        let fingerprint = fingerprint(&method, &path, &parameters);
        let (method, path, request_id) = (&method, path.as_str(), request_id.as_str());
        let asked = Asked {
            method,
            path,
            form,
            key,
            fingerprint,
            request_id,
            staged,
            version,
        };
        answer(&outside, &asked)
    });
    outside.payment_work.notify_one();
    let (mut response, text, ok) = match &answered {
        Ok(Answered { status, body, .. }) => (
            (*status, Json(body)).into_response(),
            format!("{what}: {}", status.as_u16()),
            status.is_success(),
        ),
        Err(refusal) => {
            let response = (refusal.status, Json(refusal.body())).into_response();
            (response, format!("{what}: {}", refusal.told()), false)
        }
    };
    if let Ok(answered) = answered {
        call.correlation_id = answered.correlation_id;
        call.message_id = answered.body["id"].as_str().map(str::to_owned);
        response.headers_mut().insert(
            "stripe-version",
            HeaderValue::from_static(answered.version.text()),
        );
        if answered.replayed {
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
            outside.saw(call, format!("{text}, connection lost"), false);
            return lost_connection();
        }
    }
    outside.saw(call, text, ok);
    response
}

/// A refusal that a test asked for.
fn staged(fault: &Fault) -> Option<Refusal> {
    let status = StatusCode::from_u16(fault.http?).unwrap_or(StatusCode::BAD_REQUEST);
    let refusal = Refusal::staged(status);
    Some(if fault.kept { refusal.kept() } else { refusal })
}

fn authorize(outside: &Outside, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match given == Some(outside.options.secrets.stripe_secret_key.expose_secret()) {
        true => Ok(()),
        false => Err(Refusal::key()),
    }
}

/// That of our endpoint when the request names none.
fn version(outside: &Outside, headers: &HeaderMap) -> Result<Version, Refusal> {
    match headers
        .get("stripe-version")
        .map(|named| String::from_utf8_lossy(named.as_bytes()))
    {
        Some(named) => Version::parse(&named).map_err(Refusal::bad),
        None => Ok(outside.store().stripe.api_version),
    }
}

fn answer(outside: &Outside, asked: &Asked<'_>) -> Result<Answered, Refusal> {
    if asked.key.is_some_and(|key| !(1..=255).contains(&key.len())) {
        return Err(Refusal::bad("Idempotency keys have 1 to 255 characters."));
    }
    let key = asked.key.filter(|_| *asked.method == Method::POST);
    outside.store().write(|writer| {
        let mut desk = Desk::new(writer, outside);
        desk.request = json!({"id": asked.request_id, "idempotency_key": key});
        desk.version = asked.version;
        let version = asked.version;
        if let Some(key) = key
            && let Some(kept) = stripe::answered(desk.writer.db, key, desk.now - KEY_MS)?
        {
            if kept.request != asked.fingerprint {
                return Err(Refusal::idempotency(key));
            }
            let status =
                StatusCode::from_u16(kept.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let correlation_id = correlation(&desk, &kept.body)?;
            return Ok(Answered {
                status,
                body: kept.body,
                version,
                replayed: true,
                correlation_id,
            });
        }
        let (status, body) = match act(&mut desk, asked) {
            Ok(body) => (StatusCode::OK, body),
            // Nothing was written before it.
            Err(refusal) if refusal.is_kept => (refusal.status, refusal.body()),
            Err(refusal) => return Err(refusal),
        };
        if let Some(key) = key {
            let kept = Kept {
                request: asked.fingerprint.clone(),
                status: status.as_u16(),
                body: body.clone(),
            };
            stripe::keep_answer(desk.writer.db, key, desk.now, &kept)?;
        }
        let correlation_id = correlation(&desk, &body)?;
        Ok(Answered {
            status,
            body,
            version,
            replayed: false,
            correlation_id,
        })
    })
}

fn act(desk: &mut Desk<'_, '_>, asked: &Asked<'_>) -> Result<Value, Refusal> {
    if let Some(staged) = &asked.staged {
        return Err(staged.clone());
    }
    let mut body = done(desk, asked)?;
    for path in asked.form.texts("expand") {
        list::expand(desk, &mut body, path)?;
    }
    Ok(body)
}

fn done(desk: &mut Desk<'_, '_>, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let Asked {
        method, path, form, ..
    } = asked;
    let segments: Vec<&str> = path.split('/').collect();
    let one = |desk: &Desk<'_, '_>, sort, id| {
        form.check_names(&["expand"])?;
        desk.wire(desk.get(sort, id)?)
    };
    match (method.as_str(), segments.as_slice()) {
        ("POST", ["checkout", "sessions"]) => sessions::create(desk, form),
        ("POST", ["checkout", "sessions", id, "expire"]) => sessions::expire(desk, id, form),
        ("POST", ["refunds"]) => refunds::create(desk, form),
        ("GET", ["checkout", "sessions"]) => list::objects(desk, Sort::Session, path, form),
        ("GET", ["checkout", "sessions", id]) => one(desk, Sort::Session, id),
        ("GET", ["payment_intents"]) => list::objects(desk, Sort::Intent, path, form),
        ("GET", ["payment_intents", id]) => one(desk, Sort::Intent, id),
        ("GET", ["charges"]) => list::objects(desk, Sort::Charge, path, form),
        ("GET", ["charges", id]) => one(desk, Sort::Charge, id),
        ("GET", ["refunds"]) => list::objects(desk, Sort::Refund, path, form),
        ("GET", ["refunds", id]) => one(desk, Sort::Refund, id),
        ("GET", ["disputes"]) => list::objects(desk, Sort::Dispute, path, form),
        ("GET", ["disputes", id]) => one(desk, Sort::Dispute, id),
        ("GET", ["balance_transactions", id]) => one(desk, Sort::Balance, id),
        ("GET", ["events"]) => events::list(desk, form),
        ("GET", ["events", id]) => events::get(desk, id),
        (method, _) => Err(Refusal::path(method, path)),
    }
}

fn correlation(desk: &Desk<'_, '_>, body: &Value) -> Result<Option<String>, Refusal> {
    let Some(id) = body["id"].as_str() else {
        return Ok(None);
    };
    match stripe::get(desk.writer.db, id)? {
        Some(object) => desk.correlation(&object),
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

/// For the log: which call, not whose.
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
