//! The API of SES: `SendEmail`, whose operation is in its path.

use axum::{
    Json,
    body::to_bytes,
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{MAX_BODY_BYTES, permissions::note_denial, state::Endpoint};
use crate::{
    recorder::{ApiCall, CallOutcome},
    ses::{Address, Refusal, SendEmail},
};

const PATHS: &str = "/v2/email/";
const SEND: &str = "/v2/email/outbound-emails";

/// Whether a path is one of SES. No bucket is called `v2`: names have three letters at least.
pub(super) fn is_call(path: &str) -> bool {
    path.starts_with(PATHS)
}

pub(super) async fn answer(
    endpoint: &Endpoint,
    signer: &str,
    caller: &str,
    request: Request,
) -> Response {
    if request.method() != Method::POST || request.uri().path() != SEND {
        let text = "local's ses knows SendEmail alone";
        let status = StatusCode::NOT_IMPLEMENTED;
        return response(&Refusal::new(status, "UnknownOperationException", text));
    }
    let (answer, outcome) = match send(endpoint, signer, caller, request).await {
        Ok(id) => {
            let answer = Json(json!({ "MessageId": id })).into_response();
            (answer, CallOutcome::Success)
        }
        Err(refusal) => (response(&refusal), CallOutcome::Failure),
    };
    let call = ApiCall {
        service: "ses".to_owned(),
        operation: "SendEmail".to_owned(),
        caller: caller.to_owned(),
    };
    endpoint.recorder.count_call(call, outcome, 0.0, 0.0);
    answer
}

async fn send(
    endpoint: &Endpoint,
    signer: &str,
    caller: &str,
    request: Request,
) -> Result<String, Refusal> {
    if signer.is_empty() {
        let text = "Missing Authentication Token";
        let kind = "MissingAuthenticationTokenException";
        return Err(Refusal::new(StatusCode::FORBIDDEN, kind, text));
    }
    let body = to_bytes(request.into_body(), MAX_BODY_BYTES).await;
    let body = body.map_err(|_| {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Refusal::new(status, "RequestTooLarge", "The request is too large.")
    })?;
    let request = SendEmail::read(&body)?;
    let from = request.from_email_address.clone();
    let is_verified = match Address::parse(&from) {
        Ok(address) => {
            authorize(endpoint, signer, &address)?;
            endpoint.mails.is_verified(&address)
        }
        // Refused below, together with the other addresses.
        Err(_) => false,
    };
    let mail = request.mail()?;
    if !is_verified {
        let region = endpoint.account.region.to_uppercase();
        let text = format!(
            "Email address is not verified. The following identities failed the check in region {region}: {from}"
        );
        let status = StatusCode::BAD_REQUEST;
        return Err(Refusal::new(status, "MessageRejected", text));
    }
    endpoint.mails.keep(caller, &mail).map_err(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Refusal::new(status, "InternalFailure", error.to_string())
    })
}

/// Checks the function's statements. They name the identity of the sender, which is its address or its domain.
fn authorize(endpoint: &Endpoint, signer: &str, from: &Address<'_>) -> Result<(), Refusal> {
    let Some(function) = endpoint.functions.get(signer) else {
        return Ok(());
    };
    let action = "ses:SendEmail";
    let arn = |name: &str| endpoint.account.arn("ses", &format!("identity/{name}"));
    let (address, domain) = (arn(&from.to_string()), arn(from.domain));
    let policy = &function.spec.policy;
    if policy.allows(action, &address) || policy.allows(action, &domain) {
        return Ok(());
    }
    let text = note_denial(endpoint, function, action, &domain);
    let status = StatusCode::FORBIDDEN;
    Err(Refusal::new(status, "AccessDeniedException", text))
}

fn response(refusal: &Refusal) -> Response {
    let headers = [("x-amzn-errortype", refusal.kind)];
    let body = Json(json!({ "message": refusal.message }));
    (refusal.status, headers, body).into_response()
}
