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
    gateway::allow,
    lambda::SECRET_KEY,
    record::{Caller, Ended, Record},
    template::{Bucket, Template},
};

/// The access key and the secret key of whoever is not a function: a command line, a test.
const VISITOR: &str = "test";

pub struct Objects {
    service: S3Service,
    folder: std::path::PathBuf,
    buckets: Vec<Bucket>,
    record: Arc<Record>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects")
            .field("folder", &self.folder)
            .finish()
    }
}

impl Objects {
    pub fn open(data: &Path, template: &Template, record: Arc<Record>) -> Result<Self> {
        let buckets = &template.buckets;
        let folder = data.join("s3");
        std::fs::create_dir_all(&folder)?;
        for bucket in buckets {
            std::fs::create_dir_all(folder.join(&bucket.name))?;
        }
        let files = s3s_fs::FileSystem::new(&folder)
            .map_err(|e| anyhow::anyhow!("{e:?}"))
            .context("Failed to open the objects")?;
        // Signatures are verified, those of addresses and forms too.
        let mut keys = SimpleAuth::from_single(VISITOR, VISITOR);
        for function in &template.functions {
            keys.register(function.name.clone(), SECRET_KEY.into());
        }
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(keys);
        Ok(Self {
            service: service.build(),
            folder,
            buckets: buckets.to_vec(),
            record,
        })
    }

    /// A browser asks first whether a page may, and looks for the same in each answer.
    pub async fn answer(&self, request: Request, caller: &str) -> Response {
        let origin = request
            .headers()
            .get(header::ORIGIN)
            .and_then(|origin| origin.to_str().ok())
            .map(str::to_owned);
        let cors = self
            .bucket(request.uri().path())
            .and_then(|bucket| bucket.cors.as_ref());
        let is_question = request.method() == Method::OPTIONS && cors.is_some();
        let mut answer = match is_question {
            true => StatusCode::OK.into_response(),
            false => self.asked(request, caller).await,
        };
        if let (Some(cors), Some(origin)) = (cors, origin) {
            allow(answer.headers_mut(), cors, &origin, is_question);
        }
        answer
    }

    async fn asked(&self, request: Request, caller: &str) -> Response {
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
        let ended = ended(&method, has_bucket, answer.status());
        let caller = Caller {
            service: "s3".to_owned(),
            operation: method.to_string(),
            caller: caller.to_owned(),
        };
        self.record.call(caller, ended, 0.0, 0.0);
        answer
    }

    /// The engine takes any folder for a bucket, and makes one for an object.
    fn has(&self, path: &str) -> bool {
        path.trim_matches('/').is_empty() || self.bucket(path).is_some()
    }

    fn bucket(&self, path: &str) -> Option<&Bucket> {
        let name = path.trim_start_matches('/').split('/').next()?;
        self.buckets.iter().find(|bucket| bucket.name == name)
    }

    /// The buckets, and how many objects each holds.
    pub fn counts(&self) -> Vec<(String, u64)> {
        self.buckets
            .iter()
            .map(|bucket| (bucket.name.clone(), files(&self.folder.join(&bucket.name))))
            .collect()
    }
}

fn ended(method: &Method, has_bucket: bool, status: StatusCode) -> Ended {
    match status {
        status if status.is_success() => Ended::Well,
        StatusCode::NOT_FOUND if has_bucket && method == Method::HEAD => Ended::Condition,
        StatusCode::NOT_MODIFIED | StatusCode::PRECONDITION_FAILED => Ended::Condition,
        _ => Ended::Badly,
    }
}

/// What a form's policy does not allow is forbidden on S3; the engine calls it a bad request.
async fn form_answer(answer: Response) -> Response {
    if answer.status() != StatusCode::BAD_REQUEST {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, 64 * 1024).await.unwrap_or_default();
    if String::from_utf8_lossy(&body).contains("<Message>Policy condition ") {
        let told = "Invalid according to Policy: Policy Condition failed";
        return refusal(StatusCode::FORBIDDEN, "AccessDenied", told);
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

/// The engine's own files begin with a dot.
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
    fn whether_an_object_is_there_may_be_asked() {
        assert_eq!(
            ended(&Method::HEAD, true, StatusCode::NOT_FOUND),
            Ended::Condition
        );
        assert_eq!(
            ended(&Method::PUT, true, StatusCode::PRECONDITION_FAILED),
            Ended::Condition
        );
        assert_eq!(
            ended(&Method::GET, true, StatusCode::NOT_MODIFIED),
            Ended::Condition
        );
        assert_eq!(ended(&Method::PUT, true, StatusCode::OK), Ended::Well);
        for (method, has_bucket) in [(Method::GET, true), (Method::HEAD, false)] {
            assert_eq!(
                ended(&method, has_bucket, StatusCode::NOT_FOUND),
                Ended::Badly,
                "{method}"
            );
        }
        assert_eq!(
            ended(&Method::HEAD, true, StatusCode::FORBIDDEN),
            Ended::Badly
        );
    }
}
