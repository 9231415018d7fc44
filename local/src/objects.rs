//! S3 on a folder.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use axum::{
    body::Body,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use s3s::service::{S3Service, S3ServiceBuilder};

use crate::{
    record::{Caller, Record},
    template::Bucket,
};

pub(crate) struct Objects {
    service: S3Service,
    folder: std::path::PathBuf,
    buckets: Vec<Bucket>,
    record: Arc<Record>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("folder", &self.folder).finish()
    }
}

impl Objects {
    pub(crate) fn open(data: &Path, buckets: &[Bucket], record: Arc<Record>) -> Result<Self> {
        let folder = data.join("s3");
        std::fs::create_dir_all(&folder)?;
        for bucket in buckets {
            std::fs::create_dir_all(folder.join(&bucket.name))?;
        }
        let files = s3s_fs::FileSystem::new(&folder)
            .map_err(|e| anyhow::anyhow!("{e:?}"))
            .context("Failed to open the objects")?;
        Ok(Self { service: S3ServiceBuilder::new(files).build(), folder, buckets: buckets.to_vec(), record })
    }

    pub(crate) async fn answer(&self, request: Request, caller: &str) -> Response {
        let operation = request.method().to_string();
        let answer = match self.service.call(request.map(s3s_body)).await {
            Ok(answer) => answer.map(Body::new).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}")).into_response(),
        };
        let caller = Caller { service: "s3".to_owned(), operation, caller: caller.to_owned() };
        self.record.call(caller, !answer.status().is_success(), 0.0, 0.0);
        answer
    }

    /// The buckets, and how many objects each holds.
    pub(crate) fn counts(&self) -> Vec<(String, u64)> {
        self.buckets.iter().map(|bucket| (bucket.name.clone(), files(&self.folder.join(&bucket.name)))).collect()
    }
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
