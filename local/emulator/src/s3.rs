//! S3 on a folder.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};

use crate::{
    caller::SECRET_KEY,
    cors,
    recorder::{ApiCall, CallOutcome, Recorder},
    template::{Bucket, Template},
};

/// The access key and secret key of callers outside of functions: a command line, a test.
const OUTSIDE_KEY: &str = "test";

pub struct Objects {
    service: S3Service,
    folder: std::path::PathBuf,
    buckets: Vec<Bucket>,
    recorder: Arc<Recorder>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects")
            .field("folder", &self.folder)
            .finish()
    }
}

impl Objects {
    pub(crate) fn open(data: &Path, template: &Template, recorder: Arc<Recorder>) -> Result<Self> {
        let buckets = &template.buckets;
        let folder = data.join("s3");
        std::fs::create_dir_all(&folder)?;
        for bucket in buckets {
            std::fs::create_dir_all(folder.join(&bucket.name))?;
        }
        let files = s3s_fs::FileSystem::new(&folder)
            .map_err(|e| anyhow::anyhow!("{e:?}"))
            .context("Failed to open the objects")?;
        // Signatures are verified, also those of presigned URLs and forms.
        let mut keys = SimpleAuth::from_single(OUTSIDE_KEY, OUTSIDE_KEY);
        for function in &template.functions {
            keys.register(function.name.clone(), SECRET_KEY.into());
        }
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(keys);
        Ok(Self {
            service: service.build(),
            folder,
            buckets: buckets.to_vec(),
            recorder,
        })
    }

    /// Answers a request, with the CORS headers of the bucket.
    pub(crate) async fn answer(&self, request: Request, caller: &str) -> Response {
        let origin = request
            .headers()
            .get(header::ORIGIN)
            .and_then(|origin| origin.to_str().ok())
            .map(str::to_owned);
        let rule = self
            .bucket(request.uri().path())
            .and_then(|bucket| bucket.cors.as_ref());
        let is_preflight = request.method() == Method::OPTIONS && rule.is_some();
        let mut answer = match is_preflight {
            true => StatusCode::OK.into_response(),
            false => self.call(request, caller).await,
        };
        if let (Some(rule), Some(origin)) = (rule, origin) {
            cors::add_headers(answer.headers_mut(), rule, &origin, is_preflight);
        }
        answer
    }

    async fn call(&self, request: Request, caller: &str) -> Response {
        let method = request.method().clone();
        let is_form = method == Method::POST;
        let has_bucket = self.has(request.uri().path());
        let answer = if has_bucket {
            match self.service.call(request.map(s3s_body)).await {
                Ok(answer) if is_form => form_answer(answer.map(Body::new)).await,
                Ok(answer) => answer.map(Body::new).into_response(),
                Err(error) => {
                    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}")).into_response()
                }
            }
        } else {
            refusal(
                StatusCode::NOT_FOUND,
                "NoSuchBucket",
                "The specified bucket does not exist",
            )
        };
        let outcome = outcome(&method, has_bucket, answer.status());
        let call = ApiCall {
            service: "s3".to_owned(),
            operation: method.to_string(),
            caller: caller.to_owned(),
        };
        self.recorder.count_call(call, outcome, 0.0, 0.0);
        answer
    }

    /// Whether the template has the bucket. The engine would take any folder for one, and create it.
    fn has(&self, path: &str) -> bool {
        path.trim_matches('/').is_empty() || self.bucket(path).is_some()
    }

    fn bucket(&self, path: &str) -> Option<&Bucket> {
        let name = path.trim_start_matches('/').split('/').next()?;
        self.buckets.iter().find(|bucket| bucket.name == name)
    }

    /// Returns the number of objects of each bucket.
    pub fn counts(&self) -> Vec<(String, u64)> {
        self.buckets
            .iter()
            .map(|bucket| (bucket.name.clone(), files(&self.folder.join(&bucket.name))))
            .collect()
    }
}

fn outcome(method: &Method, has_bucket: bool, status: StatusCode) -> CallOutcome {
    match status {
        status if status.is_success() => CallOutcome::Success,
        StatusCode::NOT_FOUND if has_bucket && method == Method::HEAD => CallOutcome::Condition,
        StatusCode::NOT_MODIFIED | StatusCode::PRECONDITION_FAILED => CallOutcome::Condition,
        _ => CallOutcome::Failure,
    }
}

/// Maps the engine's 400 of a form's policy to the 403 of S3.
async fn form_answer(answer: Response) -> Response {
    if answer.status() != StatusCode::BAD_REQUEST {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, 64 * 1024).await.unwrap_or_default();
    if String::from_utf8_lossy(&body).contains("<Message>Policy condition ") {
        let message = "Invalid according to Policy: Policy Condition failed";
        return refusal(StatusCode::FORBIDDEN, "AccessDenied", message);
    }
    Response::from_parts(parts, Body::from(body))
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"#
    );
    (status, [("content-type", "application/xml")], body).into_response()
}

fn s3s_body(body: Body) -> s3s::Body {
    s3s::Body::http_body_unsync(body)
}

/// Counts the objects in a folder. The engine's own files begin with a dot.
fn files(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            Ok(_) if !entry.file_name().to_string_lossy().starts_with('.') => 1,
            _ => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_conditions_and_missing_heads_are_not_counted_as_failures() {
        assert_eq!(
            outcome(&Method::HEAD, true, StatusCode::NOT_FOUND),
            CallOutcome::Condition
        );
        assert_eq!(
            outcome(&Method::PUT, true, StatusCode::PRECONDITION_FAILED),
            CallOutcome::Condition
        );
        assert_eq!(
            outcome(&Method::GET, true, StatusCode::NOT_MODIFIED),
            CallOutcome::Condition
        );
        assert_eq!(
            outcome(&Method::PUT, true, StatusCode::OK),
            CallOutcome::Success
        );
        for (method, has_bucket) in [(Method::GET, true), (Method::HEAD, false)] {
            assert_eq!(
                outcome(&method, has_bucket, StatusCode::NOT_FOUND),
                CallOutcome::Failure,
                "{method}"
            );
        }
        assert_eq!(
            outcome(&Method::HEAD, true, StatusCode::FORBIDDEN),
            CallOutcome::Failure
        );
    }
}
