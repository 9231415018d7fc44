//! Client of Astria's API: packs, photo inspections, tunes, prompts and picture downloads.

use std::{collections::BTreeSet, time::Duration};

use confab_core::Timestamp;
use confab_provider_base::{
    File, MediaError,
    download::{Download, Origin},
    lenient::LenientVec,
    send::ApiResponse,
};
use reqwest::{
    Client, RequestBuilder,
    header::{ACCEPT, CONTENT_TYPE},
    multipart::{Form, Part},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::{AstriaError, Inspection, NewTune, Pack, Prompt, Tune, error::RequestKind};

#[derive(Debug, Clone)]
pub struct AstriaConfig {
    /// `https://api.astria.ai`
    pub api_url: String,
    /// `sd_..`
    pub api_key: SecretString,
    /// Origins of pictures besides Astria's own and that of `api_url`, as `https://host[:port]`.
    pub media_origins: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Astria {
    http: Client,
    config: AstriaConfig,
    media_origins: Vec<Origin>,
    request_timeout: Duration,
    media_timeout: Option<Duration>,
}

const MEDIA_ORIGINS: [&str; 2] = [
    "https://sdbooth2-production.s3.amazonaws.com",
    "https://mp.astria.ai",
];

/// Astria answers 504 after thirty seconds; a client that waits longer learns the outcome more
/// often.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(35);
/// A page of 120 tunes, each with the URLs of its photos.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// The page size that the documentation promises; larger pages are requested and may be granted.
const MIN_PAGE_SIZE: usize = 20;
const PAGE_SIZE: usize = 100;
/// Astria rejects larger offsets.
const MAX_OFFSET: usize = 200;
/// The largest page of tunes.
const TUNES_PAGE_SIZE: usize = 120;
/// Bounds one search through the list of tunes.
const MAX_TUNES_PAGES: usize = 20;

impl Astria {
    pub fn new(http: Client, config: AstriaConfig) -> Self {
        let media_origins = MEDIA_ORIGINS
            .into_iter()
            .chain([config.api_url.as_str()])
            .chain(config.media_origins.iter().map(String::as_str))
            .filter_map(Origin::parse)
            .collect();
        Self {
            http,
            config,
            media_origins,
            request_timeout: REQUEST_TIMEOUT,
            media_timeout: None,
        }
    }

    /// Lists our published packs. Only `pack` returns all of their costs and prompts.
    pub async fn packs(&self) -> Result<Vec<Pack>, AstriaError> {
        self.list("packs?listed=true&", |pack: &Pack| pack.id).await
    }

    /// Returns one pack.
    pub async fn pack(&self, id: i64) -> Result<Pack, AstriaError> {
        self.get(&format!("p/{id}")).await
    }

    /// Inspects a photo of a person of `class`, such as `woman`.
    pub async fn inspect(&self, class: &str, file: File) -> Result<Inspection, AstriaError> {
        let unknown_type = |_| AstriaError::Refused {
            status: 0,
            message: "not a media type".into(),
        };
        let part = Part::bytes(file.bytes)
            .file_name("file")
            .mime_str(&file.mime_type)
            .map_err(unknown_type)?;
        let form = Form::new()
            .text("name", class.to_owned())
            .part("file", part);
        let request = self.http.post(self.url("images/inspect")).multipart(form);
        parse_response(&self.call(RequestKind::Repeatable, request).await?)
    }

    /// Creates a tune, which trains on the photos and generates the pack's pictures. It is charged
    /// at once.
    /// After a lost response, look for it with `find_tune`, or among the prompts of the reused
    /// tunes.
    pub async fn create_tune(&self, pack_id: i64, new: &NewTune) -> Result<Tune, AstriaError> {
        let request = self
            .http
            .post(self.url(&format!("p/{pack_id}/tunes")))
            .header(CONTENT_TYPE, "application/json")
            .body(new.json().to_string());
        let response = self.call(RequestKind::Purchase, request).await?;
        let malformed = || AstriaError::Unknown("the response is malformed".into());
        response.json::<IgnoredAny>().ok_or_else(malformed)?;
        let tune = response.json::<Tune>();
        match new.tune_ids.first() {
            None => tune.ok_or_else(malformed),
            // Astria may answer with a tune, with prompts, or with a confirmation.
            Some(first) => Ok(tune
                .filter(|tune| new.tune_ids.contains(&tune.id))
                .unwrap_or_else(|| new.existing_tune(*first))),
        }
    }

    /// Finds the latest tune with this title, created at `not_before` or later; allow some minutes
    /// of clock skew.
    /// Returns `None` only after the whole period was searched.
    pub async fn find_tune(
        &self,
        title: &str,
        not_before: Timestamp,
    ) -> Result<Option<Tune>, AstriaError> {
        let is_recent = |tune: &Tune| {
            tune.created_at
                .is_none_or(|created_at| created_at >= not_before)
        };
        let mut before: Option<i64> = None;
        for _ in 0..MAX_TUNES_PAGES {
            let page = self.tunes_page(before).await?;
            if let Some(found) = page
                .items
                .iter()
                .find(|tune| tune.title == title && is_recent(tune))
            {
                return Ok(Some(found.clone()));
            }
            // A malformed tune may be the one that is searched for.
            if page.broken > 0 {
                return Err(malformed_response());
            }
            let Some(oldest) = page.items.iter().map(|tune| tune.id).min() else {
                return Ok(None);
            };
            if !page.items.iter().all(is_recent) {
                return Ok(None);
            }
            if before.is_some_and(|before| oldest >= before) {
                return Err(AstriaError::busy("the list of tunes does not advance"));
            }
            before = Some(oldest);
        }
        Err(AstriaError::busy("the list of tunes has too many pages"))
    }

    /// Returns a page of the account's tunes, newest first, from below the given id.
    pub async fn tunes_before(&self, id: Option<i64>) -> Result<Vec<Tune>, AstriaError> {
        Ok(self.tunes_page(id).await?.items)
    }

    async fn tunes_page(&self, before: Option<i64>) -> Result<LenientVec<Tune>, AstriaError> {
        let before = before
            .map(|id| format!("&before_id={id}"))
            .unwrap_or_default();
        self.get_array(&format!("tunes?limit={TUNES_PAGE_SIZE}{before}"))
            .await
    }

    /// Returns one tune.
    pub async fn tune(&self, id: i64) -> Result<Tune, AstriaError> {
        self.get(&format!("tunes/{id}")).await
    }

    /// Lists a tune's prompts, newest first; of a long list only the latest two or three hundred.
    pub async fn prompts_of(&self, tune_id: i64) -> Result<Vec<Prompt>, AstriaError> {
        self.list(&format!("tunes/{tune_id}/prompts?"), |prompt: &Prompt| {
            prompt.id
        })
        .await
    }

    /// Returns one prompt.
    pub async fn prompt(&self, id: i64) -> Result<Prompt, AstriaError> {
        self.get(&format!("prompts/{id}")).await
    }

    /// Deletes a tune with its photos and pictures. A missing tune counts as deleted.
    pub async fn delete_tune(&self, id: i64) -> Result<(), AstriaError> {
        let request = self.http.delete(self.url(&format!("tunes/{id}")));
        match self.call(RequestKind::Repeatable, request).await {
            Ok(_) | Err(AstriaError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Downloads a generated picture, without our API key.
    pub async fn image(&self, url: &str) -> Result<File, MediaError> {
        Download::new(&self.http, &self.media_origins, self.media_timeout)
            .get(url, |_, request| request)
            .await
    }

    /// Lists what is reachable within Astria's offset limit. A malformed item is skipped.
    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        id: fn(&T) -> i64,
    ) -> Result<Vec<T>, AstriaError> {
        let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
        let mut offset = 0;
        while offset <= MAX_OFFSET {
            let from = if offset > 0 {
                format!("&offset={offset}")
            } else {
                String::new()
            };
            let page: LenientVec<T> = self
                .get_array(&format!("{path}limit={PAGE_SIZE}{from}"))
                .await?;
            let length = page.items.len() + page.broken;
            let seen_before = seen.len();
            all.extend(page.items.into_iter().filter(|item| seen.insert(id(item))));
            // A page without new items comes from a server that ignores the offset.
            if length < MIN_PAGE_SIZE || seen.len() == seen_before {
                break;
            }
            offset += length;
        }
        Ok(all)
    }

    async fn get_array<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<LenientVec<T>, AstriaError> {
        let response = self
            .call(RequestKind::Repeatable, self.http.get(self.url(path)))
            .await?;
        // Without this check, a body that is no array would count as one malformed item.
        response
            .json::<Vec<IgnoredAny>>()
            .ok_or_else(malformed_response)?;
        parse_response(&response)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, AstriaError> {
        parse_response(
            &self
                .call(RequestKind::Repeatable, self.http.get(self.url(path)))
                .await?,
        )
    }

    async fn call(
        &self,
        kind: RequestKind,
        request: RequestBuilder,
    ) -> Result<ApiResponse, AstriaError> {
        let request = request
            .bearer_auth(self.config.api_key.expose_secret())
            .header(ACCEPT, "application/json");
        let response = request.timeout(self.request_timeout).send().await;
        let response = response.map_err(|error| AstriaError::from_transport(kind, error))?;
        let response = ApiResponse::read_up_to(MAX_RESPONSE_BYTES, response).await;
        let response =
            response.map_err(|error| AstriaError::response_lost(kind, error.to_string()))?;
        if !response.status.is_success() {
            return Err(AstriaError::from_response(kind, &response));
        }
        Ok(response)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.config.api_url.trim_end_matches('/'))
    }
}

fn parse_response<T: DeserializeOwned>(response: &ApiResponse) -> Result<T, AstriaError> {
    response.json().ok_or_else(malformed_response)
}

fn malformed_response() -> AstriaError {
    AstriaError::busy("the response is malformed")
}

#[cfg(test)]
mod tests;
