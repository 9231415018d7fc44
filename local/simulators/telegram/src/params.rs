//! Parameters of a call: a query, JSON, a form, or a multipart form with files.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU32, Ordering},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Multipart, Request},
    http::header::CONTENT_TYPE,
};
use serde_json::{Map, Value};

use crate::api_error::ApiError;

/// Maximum bytes of a request: a document of 50 MB and its form.
const MAX_REQUEST_BYTES: usize = 51 * 1024 * 1024;

#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) file_name: String,
    pub(crate) mime_type: Option<String>,
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Default)]
pub(crate) struct Params {
    values: Map<String, Value>,
    pub(crate) files: HashMap<String, Upload>,
    /// Files that were sent by their id.
    reused: AtomicU32,
}

impl Params {
    pub(crate) fn from_json(values: Map<String, Value>) -> Self {
        Self {
            values,
            ..Self::default()
        }
    }

    pub(crate) async fn read(request: Request) -> Result<Self, ApiError> {
        let mut params = Self::default();
        params.add_form(request.uri().query().unwrap_or_default().as_bytes());
        let content_type = request.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, MAX_REQUEST_BYTES).await;
        let bytes = bytes.map_err(|_| ApiError::too_large())?;
        if content_type.starts_with("multipart/form-data") {
            let request = Request::from_parts(parts, Body::from(bytes));
            params.add_multipart(request).await?;
        } else if content_type.starts_with("application/json") && !bytes.is_empty() {
            let json: Map<String, Value> = serde_json::from_slice(&bytes)
                .map_err(|_| ApiError::bad("can't parse JSON object"))?;
            params.values.extend(json);
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            params.add_form(&bytes);
        }
        Ok(params)
    }

    fn add_form(&mut self, form: &[u8]) {
        let pairs = form_urlencoded::parse(form).into_owned();
        self.values
            .extend(pairs.map(|(name, value)| (name, value.into())));
    }

    async fn add_multipart(&mut self, request: Request) -> Result<(), ApiError> {
        let broken = || ApiError::bad("can't parse multipart form data");
        let form = Multipart::from_request(request, &()).await;
        let mut form = form.map_err(|_| broken())?;
        while let Some(field) = form.next_field().await.map_err(|_| broken())? {
            let name = field.name().ok_or_else(broken)?.to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let mime_type = field.content_type().map(str::to_owned);
            let bytes = field.bytes().await.map_err(|_| broken())?;
            if let Some(file_name) = file_name {
                self.files.insert(
                    name,
                    Upload {
                        file_name,
                        mime_type,
                        bytes,
                    },
                );
            } else {
                let text = String::from_utf8(bytes.to_vec());
                let text = text.map_err(|_| ApiError::bad("strings must be encoded in UTF-8"))?;
                self.values.insert(name, text.into());
            }
        }
        Ok(())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Returns a parameter as text, or an empty text when it is missing.
    pub(crate) fn text(&self, name: &str) -> String {
        match self.values.get(name) {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            Some(value) => value.to_string(),
        }
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.text(name).trim().parse().ok()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(
            self.text(name).to_ascii_lowercase().as_str(),
            "true" | "yes" | "1"
        )
    }

    /// Returns a parameter that is JSON, or text with JSON in it.
    pub(crate) fn json(&self, name: &str) -> Result<Option<Value>, ApiError> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| ApiError::bad(format!("can't parse {name} JSON object"))),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    pub(crate) fn count_reused_file(&self) {
        self.reused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn reused_files(&self) -> u32 {
        self.reused.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(json: Value) -> Params {
        Params::from_json(json.as_object().unwrap().clone())
    }

    #[test]
    fn values_have_one_meaning_in_every_encoding() {
        let params = params(
            serde_json::json!({"a": 7, "b": "7", "c": true, "d": "[1]", "e": [1], "f": "{"}),
        );
        assert_eq!(
            (params.integer("a"), params.integer("b")),
            (Some(7), Some(7))
        );
        assert!(params.flag("c") && !params.flag("missing"));
        assert_eq!(params.json("d").unwrap(), params.json("e").unwrap());
        assert_eq!(params.json("f").unwrap_err().code, 400);
        assert_eq!(params.text("missing"), "");
    }
}
