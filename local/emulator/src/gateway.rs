//! API Gateway's HTTP API: routes of the template, events of payload format 2.0, answers with its limits.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::{
    cloud::Cloud,
    lambda::{Function, Outcome},
    record::Kind,
    template::{Cors, DEFAULT_ROUTE, Route},
};

/// API Gateway takes 10 MB, Lambda an event of 6.
const LARGEST: usize = 10 * 1024 * 1024;
const LARGEST_EVENT: usize = 6 * 1024 * 1024;
/// API Gateway waits no longer for an integration.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn router(cloud: Arc<Cloud>) -> Router {
    Router::new().fallback(answer).with_state(cloud)
}

/// API Gateway answers preflight requests itself, and adds the CORS headers of the route's API to each response.
async fn answer(State(cloud): State<Arc<Cloud>>, request: Request) -> Response {
    let origin = header_text(&request, header::ORIGIN);
    let wanted = header_text(&request, header::ACCESS_CONTROL_REQUEST_METHOD);
    let wanted = wanted.filter(|_| request.method() == Method::OPTIONS);
    let method = wanted.as_deref().unwrap_or(request.method().as_str());
    let cors = cors_of(&cloud, method, request.uri().path()).cloned();
    let is_preflight = wanted.is_some() && cors.is_some();
    let mut answer = match is_preflight {
        true => StatusCode::NO_CONTENT.into_response(),
        false => asked(cloud.clone(), request).await,
    };
    if let (Some(cors), Some(origin)) = (&cors, origin) {
        allow(answer.headers_mut(), cors, &origin, is_preflight);
    }
    answer
}

fn header_text(request: &Request, name: HeaderName) -> Option<String> {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// APIs share one address here, so the route tells which API is asked. Where no route fits, the only API is.
fn cors_of<'a>(cloud: &'a Cloud, method: &str, path: &str) -> Option<&'a Cors> {
    let apis = &cloud.template.http_apis;
    let api = match find(cloud, method, path) {
        Some((_, route, _)) => apis.iter().find(|api| api.id == route.api),
        None => apis.first().filter(|_| apis.len() == 1),
    };
    api?.cors.as_ref()
}

pub fn allow(headers: &mut HeaderMap, cors: &Cors, origin: &str, is_question: bool) {
    let is_open = cors.origins.iter().any(|known| known == "*");
    if !is_open && !cors.origins.iter().any(|known| known == origin) {
        return;
    }
    let mut says = |name: HeaderName, value: &str| {
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    };
    says(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        if is_open { "*" } else { origin },
    );
    if is_question {
        says(header::ACCESS_CONTROL_ALLOW_METHODS, &cors.methods);
        says(header::ACCESS_CONTROL_ALLOW_HEADERS, &cors.headers);
        says(header::ACCESS_CONTROL_MAX_AGE, &cors.max_age.to_string());
    } else {
        says(header::ACCESS_CONTROL_EXPOSE_HEADERS, &cors.exposed);
    }
}

async fn asked(cloud: Arc<Cloud>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str().to_owned();
    let path = parts.uri.path().to_owned();
    let started = std::time::Instant::now();
    let at = cloud.clock.now();
    let Some((function, route, parameters)) = find(&cloud, &method, &path) else {
        return message(StatusCode::NOT_FOUND, "Not Found");
    };
    let route_key = match (route.path.as_str(), is_any(route)) {
        (DEFAULT_ROUTE, _) => DEFAULT_ROUTE.to_owned(),
        (path, true) => format!("ANY {path}"),
        (path, false) => format!("{method} {path}"),
    };
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    };
    let event = event(&cloud, &parts, &body, &route_key, &path, parameters);
    let payload = Bytes::from(event.to_string());
    if payload.len() > LARGEST_EVENT {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    }
    let answer = match tokio::time::timeout(PATIENCE, function.invoke(payload)).await {
        Err(_) => message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        Ok(Outcome::Failed(failure)) if failure.is_throttle() => {
            message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
        Ok(Outcome::Failed(_)) => {
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
        Ok(Outcome::Answered(answer)) => rendered(&answer)
            .unwrap_or_else(|| message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")),
    };
    let took = started.elapsed().as_secs_f64() * 1_000.0;
    let correlation = answer
        .headers()
        .get("x-correlation-id")
        .and_then(|id| id.to_str().ok());
    if let Some(id) = correlation {
        let status = answer.status();
        let entry = cloud.record.entry(
            Kind::Http,
            &format!("{method} {path}"),
            id,
            format!("{} in {took:.1} ms", status.as_u16()),
        );
        entry
            .failed_if(status.is_server_error())
            .took(took)
            .at(at)
            .add();
    }
    answer
}

fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "message": text }))).into_response()
}

type Found<'a> = (&'a Arc<Function>, &'a Route, Map<String, Value>);

fn is_any(route: &Route) -> bool {
    route.method == "ANY" || route.method == "*"
}

/// The most specific route wins: whole words before parameters, parameters before `{proxy+}`, a method before `ANY`.
fn find<'a>(cloud: &'a Cloud, method: &str, path: &str) -> Option<Found<'a>> {
    let mut best: Option<(Vec<u8>, Found)> = None;
    for function in cloud.functions.all() {
        for route in &function.spec.routes {
            let any = is_any(route);
            if !any && route.method != method {
                continue;
            }
            let Some((mut rank, parameters)) = fits(&route.path, path) else {
                continue;
            };
            rank.push(u8::from(any));
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                best = Some((rank, (function, route, parameters)));
            }
        }
    }
    best.map(|(_, found)| found)
}

/// A rank a segment (0 a word, 1 a parameter, 2 the rest), and the parameters.
pub fn fits(route: &str, path: &str) -> Option<(Vec<u8>, Map<String, Value>)> {
    if route == DEFAULT_ROUTE {
        return Some((vec![3], Map::new()));
    }
    let mut rank = Vec::new();
    let mut parameters = Map::new();
    let mut given = path.split('/');
    for wanted in route.split('/') {
        if let Some(name) = wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix("+}"))
        {
            let rest: Vec<_> = given.by_ref().collect();
            if rest.is_empty() {
                return None;
            }
            rank.push(2);
            parameters.insert(name.to_owned(), json!(decoded(&rest.join("/"))));
            return Some((rank, parameters));
        }
        let segment = given.next()?;
        match wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) if !segment.is_empty() => {
                rank.push(1);
                parameters.insert(name.to_owned(), json!(decoded(segment)));
            }
            Some(_) => return None,
            None if wanted == segment => rank.push(0),
            None => return None,
        }
    }
    given.next().is_none().then_some((rank, parameters))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn event(
    cloud: &Cloud,
    parts: &axum::http::request::Parts,
    body: &Bytes,
    route_key: &str,
    path: &str,
    parameters: Map<String, Value>,
) -> Value {
    let query = parts.uri.query().unwrap_or_default();
    let now = cloud.clock.timestamp();
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers(&parts.headers),
        "requestContext": {
            "accountId": cloud.account,
            "apiId": "local",
            "domainName": header("host"),
            "domainPrefix": "local",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": header("user-agent"),
            },
            "requestId": uuid::Uuid::new_v4().to_string(),
            "routeKey": route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    let cookies: Vec<_> = parts
        .headers
        .get_all("cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split("; "))
        .collect();
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = Value::Object(query_parameters(query));
    }
    if !parameters.is_empty() {
        event["pathParameters"] = Value::Object(parameters);
    }
    if !body.is_empty() {
        let as_text = is_text(header("content-type"))
            .then(|| std::str::from_utf8(body).ok())
            .flatten();
        event["isBase64Encoded"] = json!(as_text.is_none());
        event["body"] = json!(as_text.map_or_else(|| STANDARD.encode(body), str::to_owned));
    }
    event
}

fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let mut joined = Map::new();
    for name in headers.keys().filter(|name| *name != "cookie") {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        joined.insert(name.to_string(), json!(values.join(",")));
    }
    // API Gateway writes these itself, whatever the caller sent.
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ] {
        joined.insert(name.to_owned(), json!(value));
    }
    joined
}

fn query_parameters(query: &str) -> Map<String, Value> {
    let mut joined: Map<String, Value> = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(&value.replace('+', " "));
        let name = decoded(&name.replace('+', " "));
        let value = match joined.get(&name).and_then(Value::as_str) {
            Some(earlier) => format!("{earlier},{value}"),
            None => value,
        };
        joined.insert(name, json!(value));
    }
    joined
}

/// What API Gateway hands over as text; all else is base64.
fn is_text(content_type: &str) -> bool {
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(
            kind.as_str(),
            "application/json" | "application/javascript" | "application/xml"
        )
}

/// A function's answer as HTTP. Without a status it is the body, as API Gateway infers.
fn rendered(answer: &[u8]) -> Option<Response> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let Some(status) = answer.get("statusCode") else {
        return Some(axum::Json(answer).into_response());
    };
    let status = StatusCode::from_u16(u16::try_from(status.as_u64()?).ok()?).ok()?;
    let text = answer
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is_base64 = answer
        .get("isBase64Encoded")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let body = if is_base64 {
        STANDARD.decode(text).ok()?
    } else {
        text.as_bytes().to_vec()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let single = answer
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let single = single.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let cookies = answer
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let cookies = cookies.filter_map(|cookie| Some(("set-cookie", cookie.as_str()?)));
    for (name, value) in single.chain(cookies) {
        let name = HeaderName::try_from(name).ok()?;
        response
            .headers_mut()
            .append(name, HeaderValue::from_str(value).ok()?);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_routes_and_the_specific_one_ranks_first() {
        assert!(fits("/SmsReceived", "/SmsReceived").is_some());
        assert!(fits("/SmsReceived", "/SmsReceived/").is_none());
        assert!(fits("/SmsReceived", "/smsreceived").is_none());
        let (rank, parameters) = fits("/chats/{code}/messages", "/chats/a%20b/messages").unwrap();
        assert_eq!(parameters["code"], "a b");
        let (rest, parameters) = fits("/chats/{proxy+}", "/chats/a/messages").unwrap();
        assert_eq!(parameters["proxy"], "a/messages");
        assert!(rank < rest);
        assert!(fits("/chats/{code}", "/chats/").is_none());
        let (default, _) = fits("$default", "/anything").unwrap();
        assert!(fits("/{proxy+}", "/anything").unwrap().0 < default);
    }

    #[test]
    fn an_answer_without_a_status_is_the_body() {
        let response = rendered(br#"{"hello":"world"}"#).unwrap();
        assert_eq!(response.status(), 200);
        assert!(rendered(b"not json").is_none());
        let response = rendered(
            br#"{"statusCode":201,"cookies":["a=1","b=2"],"body":"aGk=","isBase64Encoded":true}"#,
        )
        .unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    }

    #[test]
    fn forms_are_base64_and_json_is_text() {
        assert!(is_text("application/json; charset=utf-8"));
        assert!(!is_text("application/x-www-form-urlencoded"));
        assert!(!is_text(""));
    }

    #[test]
    fn repeated_query_parameters_are_joined() {
        let joined = query_parameters("a=1&b=x+y&a=2");
        assert_eq!(joined["a"], "1,2");
        assert_eq!(joined["b"], "x y");
    }
}
