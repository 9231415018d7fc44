//! Bodies of requests: JSON, or forms with names like `tune[characteristics][eye_color]` and files.

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request},
    http::header::CONTENT_TYPE,
};
use confab_simulator_base::form_names::{put, segments};
use serde_json::{Map, Value};

use crate::api_error::ApiError;

#[derive(Debug)]
pub(crate) struct Input {
    fields: Value,
    /// Files with their field names.
    pub(crate) files: Vec<(String, Bytes)>,
}

impl Input {
    pub(crate) async fn read(request: Request) -> Result<Self, ApiError> {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            return Self::multipart(request).await;
        }
        let is_form = kind.starts_with("application/x-www-form-urlencoded");
        let body = Bytes::from_request(request, &())
            .await
            .map_err(|_| ApiError::bad())?;
        let fields = if is_form {
            nested(form_urlencoded::parse(&body))?
        } else if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&body).map_err(|_| ApiError::bad())?
        };
        Ok(Self {
            fields,
            files: Vec::new(),
        })
    }

    async fn multipart(request: Request) -> Result<Self, ApiError> {
        let mut form = Multipart::from_request(request, &())
            .await
            .map_err(|_| ApiError::bad())?;
        let (mut texts, mut files) = (Vec::<(String, String)>::new(), Vec::new());
        while let Some(field) = form.next_field().await.map_err(|_| ApiError::bad())? {
            let name = field.name().unwrap_or_default().to_owned();
            if field.file_name().is_some() {
                files.push((name, field.bytes().await.map_err(|_| ApiError::bad())?))
            } else {
                texts.push((name, field.text().await.map_err(|_| ApiError::bad())?))
            }
        }
        Ok(Self {
            fields: nested(texts.into_iter())?,
            files,
        })
    }

    pub(crate) fn texts(&self, thing: &str) -> Texts<'_> {
        self.form().within(thing)
    }

    pub(crate) fn form(&self) -> Texts<'_> {
        Texts(&self.fields)
    }
}

fn nested(
    pairs: impl Iterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
) -> Result<Value, ApiError> {
    let mut fields = Map::new();
    for (name, value) in pairs {
        let path = segments(name.as_ref()).ok_or_else(ApiError::bad)?;
        put(&mut fields, &path, value.as_ref()).ok_or_else(ApiError::bad)?;
    }
    Ok(fields.into())
}

/// Fields of an object. In forms, numbers are texts and lists are maps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts<'a>(&'a Value);

impl<'a> Texts<'a> {
    pub(crate) fn exists(self) -> bool {
        self.0.is_object()
    }

    pub(crate) fn within(self, name: &str) -> Self {
        Self(&self.0[name])
    }

    /// Returns a text that is not blank.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        text(&self.0[name])
    }

    pub(crate) fn list(self, name: &str) -> Vec<String> {
        match &self.0[name] {
            Value::Array(list) => list.iter().filter_map(text).collect(),
            Value::Object(map) => {
                let place = |name: &String| name.parse::<usize>().unwrap_or(usize::MAX);
                let mut list: Vec<_> = map
                    .iter()
                    .map(|(name, value)| (place(name), value))
                    .collect();
                list.sort_by_key(|(place, _)| *place);
                list.into_iter()
                    .filter_map(|(_, value)| text(value))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn map(self, name: &str) -> Map<String, Value> {
        self.0[name].as_object().cloned().unwrap_or_default()
    }
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}
