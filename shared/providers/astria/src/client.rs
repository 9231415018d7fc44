//! Calls to Astria's API: packs, inspections, tunes, prompts, and the pictures themselves.

use std::{collections::BTreeSet, time::Duration};

use confab_core::Timestamp;
use reqwest::{
    Client, RequestBuilder,
    header::{ACCEPT, CONTENT_TYPE},
    multipart::{Form, Part},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{AstriaError, Inspection, NewTune, Pack, Prompt, Tune, error::Doing};
use confab_provider_base::{
    File, MediaError,
    download::{Download, Origin},
    lenient::LenientVec,
    send::ApiResponse,
};

#[derive(Debug, Clone)]
pub struct AstriaConfig {
    /// `https://api.astria.ai`
    pub api_url: String,
    /// `sd_..`
    pub api_key: SecretString,
    /// Where pictures may come from besides Astria's own hosts and that of `api_url`, as `https://host[:port]`.
    pub media_origins: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Astria {
    http: Client,
    config: AstriaConfig,
    media_origins: Vec<Origin>,
    time_limit: Duration,
    media_time_limit: Option<Duration>,
}

const MEDIA_ORIGINS: [&str; 2] = [
    "https://sdbooth2-production.s3.amazonaws.com",
    "https://mp.astria.ai",
];

/// Astria gives up after thirty seconds, and says so. Whoever hangs up before knows less.
const TIME_LIMIT: Duration = Duration::from_secs(35);
/// A hundred and twenty tunes, each with its photos' addresses.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;
/// What the documentation says of pages; they may be larger, if we ask and are heard.
const SMALLEST_PAGE: usize = 20;
const PAGE: usize = 100;
/// Astria refuses to count any further.
const LAST_OFFSET: usize = 200;
/// As many as a list of tunes may have.
const PAGE_OF_TUNES: usize = 120;
/// Whoever makes more tunes than that in one search looks for too long ago.
const MOST_PAGES_OF_TUNES: usize = 20;

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
            time_limit: TIME_LIMIT,
            media_time_limit: None,
        }
    }

    /// Ours that are listed. What they make is often told by `pack` alone.
    pub async fn packs(&self) -> Result<Vec<Pack>, AstriaError> {
        self.list("packs?listed=true&", |pack: &Pack| pack.id).await
    }

    pub async fn pack(&self, id: i64) -> Result<Pack, AstriaError> {
        self.get(&format!("p/{id}")).await
    }

    /// `class` is who should be in the photo, such as `woman`.
    pub async fn inspect(&self, class: &str, file: File) -> Result<Inspection, AstriaError> {
        let unfit = |_| AstriaError::Refused {
            status: 0,
            message: "not a type of file".into(),
        };
        let part = Part::bytes(file.bytes)
            .file_name("file")
            .mime_str(&file.mime_type)
            .map_err(unfit)?;
        let form = Form::new()
            .text("name", class.to_owned())
            .part("file", part);
        let request = self
            .http
            .post(self.address("images/inspect"))
            .multipart(form);
        readable(&self.ask(Doing::Asking, request).await?)
    }

    /// Astria learns the person, and makes the pictures of the pack. It is paid for now: an answer that is lost must be
    /// looked for with `find_tune`, or among the prompts of the tunes that were to be used.
    pub async fn create_tune(&self, pack_id: i64, new: &NewTune) -> Result<Tune, AstriaError> {
        let request = self
            .http
            .post(self.address(&format!("p/{pack_id}/tunes")))
            .header(CONTENT_TYPE, "application/json")
            .body(new.json().to_string());
        let answer = self.ask(Doing::Making, request).await?;
        let unreadable = || AstriaError::Unknown("the answer cannot be read".into());
        answer.json::<IgnoredAny>().ok_or_else(unreadable)?;
        let tune = answer.json::<Tune>();
        match new.tune_ids.first() {
            None => tune.ok_or_else(unreadable),
            // Astria may answer with a tune, with prompts, or that they were created.
            Some(first) => Ok(tune
                .filter(|tune| new.tune_ids.contains(&tune.id))
                .unwrap_or_else(|| new.known_as(*first))),
        }
    }

    /// The latest tune with this title, made at `not_before` or later: leave some minutes for clocks that differ. That
    /// there is none is only said when the whole of that time could be looked at.
    pub async fn find_tune(
        &self,
        title: &str,
        not_before: Timestamp,
    ) -> Result<Option<Tune>, AstriaError> {
        let is_late = |tune: &Tune| {
            tune.created_at
                .is_none_or(|created_at| created_at >= not_before)
        };
        let mut before: Option<i64> = None;
        for _ in 0..MOST_PAGES_OF_TUNES {
            let from = before
                .map(|id| format!("&before_id={id}"))
                .unwrap_or_default();
            let page: LenientVec<Tune> = self
                .get_list(&format!("tunes?limit={PAGE_OF_TUNES}{from}"))
                .await?;
            if let Some(found) = page
                .items
                .iter()
                .find(|tune| tune.title == title && is_late(tune))
            {
                return Ok(Some(found.clone()));
            }
            // One of those may be it.
            if page.broken > 0 {
                return Err(unreadable());
            }
            let Some(oldest) = page.items.iter().map(|tune| tune.id).min() else {
                return Ok(None);
            };
            if !page.items.iter().all(is_late) {
                return Ok(None);
            }
            if before.is_some_and(|before| oldest >= before) {
                return Err(AstriaError::busy("the list of tunes does not go on"));
            }
            before = Some(oldest);
        }
        Err(AstriaError::busy("more tunes than can be looked through"))
    }

    /// A page of all tunes of the account, newest first, beginning with those that are older than one.
    pub async fn tunes_before(&self, id: Option<i64>) -> Result<Vec<Tune>, AstriaError> {
        let from = id.map(|id| format!("&before_id={id}")).unwrap_or_default();
        let page: LenientVec<Tune> = self
            .get_list(&format!("tunes?limit={PAGE_OF_TUNES}{from}"))
            .await?;
        Ok(page.items)
    }

    pub async fn tune(&self, id: i64) -> Result<Tune, AstriaError> {
        self.get(&format!("tunes/{id}")).await
    }

    /// Newest first; of a tune with many, the latest two or three hundred.
    pub async fn prompts_of(&self, tune_id: i64) -> Result<Vec<Prompt>, AstriaError> {
        self.list(&format!("tunes/{tune_id}/prompts?"), |prompt: &Prompt| {
            prompt.id
        })
        .await
    }

    pub async fn prompt(&self, id: i64) -> Result<Prompt, AstriaError> {
        self.get(&format!("prompts/{id}")).await
    }

    /// With the photos and the pictures. It is done as well when it was gone.
    pub async fn delete_tune(&self, id: i64) -> Result<(), AstriaError> {
        let request = self.http.delete(self.address(&format!("tunes/{id}")));
        match self.ask(Doing::Asking, request).await {
            Ok(_) | Err(AstriaError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A picture that was made. Our key is not told to where it is.
    pub async fn image(&self, url: &str) -> Result<File, MediaError> {
        Download::new(&self.http, &self.media_origins, self.media_time_limit)
            .get(url, |_, request| request)
            .await
    }

    /// As much of a list as Astria lets us count through. An element that cannot be read costs itself alone.
    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        id: fn(&T) -> i64,
    ) -> Result<Vec<T>, AstriaError> {
        let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
        let mut offset = 0;
        while offset <= LAST_OFFSET {
            let from = if offset > 0 {
                format!("&offset={offset}")
            } else {
                String::new()
            };
            let page: LenientVec<T> = self.get_list(&format!("{path}limit={PAGE}{from}")).await?;
            let length = page.items.len() + page.broken;
            let known = seen.len();
            all.extend(page.items.into_iter().filter(|item| seen.insert(id(item))));
            // A page that was seen before is that of somebody who does not count.
            if length < SMALLEST_PAGE || seen.len() == known {
                break;
            }
            offset += length;
        }
        Ok(all)
    }

    async fn get_list<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<LenientVec<T>, AstriaError> {
        let answer = self
            .ask(Doing::Asking, self.http.get(self.address(path)))
            .await?;
        // What is no list would read as a list of one that is broken.
        answer.json::<Vec<IgnoredAny>>().ok_or_else(unreadable)?;
        readable(&answer)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, AstriaError> {
        readable(
            &self
                .ask(Doing::Asking, self.http.get(self.address(path)))
                .await?,
        )
    }

    async fn ask(&self, doing: Doing, request: RequestBuilder) -> Result<ApiResponse, AstriaError> {
        let request = request
            .bearer_auth(self.config.api_key.expose_secret())
            .header(ACCEPT, "application/json");
        let response = request.timeout(self.time_limit).send().await;
        let response = response.map_err(|error| AstriaError::below_http(doing, error))?;
        let answer = ApiResponse::read_up_to(LARGEST_ANSWER, response).await;
        let answer = answer.map_err(|error| AstriaError::lost(doing, error.to_string()))?;
        match answer.status.is_success() {
            true => Ok(answer),
            false => Err(AstriaError::of(doing, &answer)),
        }
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.config.api_url.trim_end_matches('/'))
    }
}

fn readable<T: DeserializeOwned>(answer: &ApiResponse) -> Result<T, AstriaError> {
    answer.json().ok_or_else(unreadable)
}

fn unreadable() -> AstriaError {
    AstriaError::busy("the answer cannot be read")
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
