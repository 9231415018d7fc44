//! Fetching a person's file from a provider: from listed addresses only, within ten seconds and ten megabytes.

use std::time::{Duration, Instant};

use confab_core::{Error, Kind};
use reqwest::{
    Client, RequestBuilder, StatusCode, Url,
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
};

use crate::http::{ReadError, describe, read_at_most};

#[derive(Clone, PartialEq, Eq)]
pub struct File {
    pub bytes: Vec<u8>,
    /// As the provider says. Look at the bytes before believing it.
    pub mime_type: String,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({}, {} bytes)", self.mime_type, self.bytes.len())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// The address is none that media may come from.
    #[error("refused: {0}")]
    Refused(&'static str),
    #[error("larger than {LARGEST} bytes")]
    TooLarge,
    /// It has expired or was never there.
    #[error("gone: HTTP {0}")]
    Gone(u16),
    #[error("not available now: {0}")]
    Unavailable(String),
}

impl From<MediaError> for Error {
    fn from(error: MediaError) -> Self {
        let unusable =
            |code| Self::new(Kind::Unprocessable, code, "The file could not be fetched.");
        match error {
            MediaError::Refused(_) => unusable("media_refused").with_source(error),
            MediaError::TooLarge => unusable("media_too_large").with_source(error),
            MediaError::Gone(_) => unusable("media_gone").with_source(error),
            MediaError::Unavailable(_) => Self::unavailable("media_unavailable", error),
        }
    }
}

pub const LARGEST: usize = 10 * 1024 * 1024;
const LARGEST_REFUSAL: usize = 16 * 1024;
const TIME_LIMIT: Duration = Duration::from_secs(10);
const MOST_REDIRECTS: usize = 3;
const IMAGES: &str = "image/jpeg, image/png, image/webp, image/*;q=0.8";

/// Scheme, host and port, compared exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Url);

impl Origin {
    pub fn parse(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        url.has_host().then_some(Self(url))
    }

    pub fn holds(&self, url: &Url) -> bool {
        url.username().is_empty() && url.password().is_none() && url.origin() == self.0.origin()
    }
}

/// One fetch, which may take several requests but only one allowance of time.
#[derive(Debug)]
pub struct Download<'a> {
    http: &'a Client,
    allowed: &'a [Origin],
    deadline: Instant,
    time_limit: Duration,
}

impl<'a> Download<'a> {
    pub fn new(http: &'a Client, allowed: &'a [Origin], time_limit: Option<Duration>) -> Self {
        let time_limit = time_limit.unwrap_or(TIME_LIMIT);
        let deadline = Instant::now() + time_limit;
        Self {
            http,
            allowed,
            deadline,
            time_limit,
        }
    }

    pub async fn get(
        &self,
        address: &str,
        authorize: impl Fn(&Url, RequestBuilder) -> RequestBuilder,
    ) -> Result<File, MediaError> {
        self.get_or(address, authorize, |_| false).await
    }

    /// `authorize` sees each address, so that a credential goes no further than it should; `is_busy` sees what comes with a
    /// refusal, and says whether another try may do better.
    pub async fn get_or(
        &self,
        address: &str,
        authorize: impl Fn(&Url, RequestBuilder) -> RequestBuilder,
        is_busy: impl Fn(&[u8]) -> bool,
    ) -> Result<File, MediaError> {
        let mut url = Url::parse(address).map_err(|_| MediaError::Refused("not an address"))?;
        for _ in 0..=MOST_REDIRECTS {
            if !self.allowed.iter().any(|origin| origin.holds(&url)) {
                return Err(MediaError::Refused("not an address that media comes from"));
            }
            let left = self.deadline.saturating_duration_since(Instant::now());
            let request = self
                .http
                .get(url.clone())
                .header(ACCEPT, IMAGES)
                .timeout(left);
            let response = authorize(&url, request)
                .send()
                .await
                .map_err(|error| self.unavailable(error))?;
            if !response.status().is_redirection() {
                return self.read(response, is_busy).await;
            }
            let target = response
                .headers()
                .get(LOCATION)
                .and_then(|to| to.to_str().ok());
            url = target
                .and_then(|to| url.join(to).ok())
                .ok_or(MediaError::Refused("a redirect to nowhere"))?;
        }
        Err(MediaError::Refused("too many redirects"))
    }

    async fn read(
        &self,
        response: reqwest::Response,
        is_busy: impl Fn(&[u8]) -> bool,
    ) -> Result<File, MediaError> {
        let status = response.status();
        if !status.is_success() {
            let why = read_at_most(response, LARGEST_REFUSAL)
                .await
                .unwrap_or_default();
            return Err(if is_busy(&why) {
                MediaError::Unavailable(format!("HTTP {status}"))
            } else {
                no_file(status)
            });
        }
        let mime_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(|value| {
                value
                    .split(';')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_ascii_lowercase()
            })
            .unwrap_or_default();
        let bytes = read_at_most(response, LARGEST)
            .await
            .map_err(|error| match error {
                ReadError::TooLarge => MediaError::TooLarge,
                ReadError::Lost(error) => self.unavailable(error),
            })?;
        Ok(File { bytes, mime_type })
    }

    fn unavailable(&self, error: reqwest::Error) -> MediaError {
        if error.is_timeout() {
            return MediaError::Unavailable(format!("not there within {:?}", self.time_limit));
        }
        MediaError::Unavailable(describe(error))
    }
}

fn no_file(status: StatusCode) -> MediaError {
    let code = status.as_u16();
    match code {
        401 | 403 | 408 | 425 | 429 => MediaError::Unavailable(format!("HTTP {code}")),
        400..=499 => MediaError::Gone(code),
        _ => MediaError::Unavailable(format!("HTTP {code}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_origin_holds() {
        let origin = Origin::parse("https://lookaside.fbsbx.com").unwrap();
        let holds = |address: &str| origin.holds(&Url::parse(address).unwrap());
        assert!(holds(
            "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1"
        ));
        assert!(holds("https://LOOKASIDE.fbsbx.com:443/x"));
        for address in [
            "http://lookaside.fbsbx.com/x",
            "https://lookaside.fbsbx.com:8443/x",
            "https://lookaside.fbsbx.com.evil.example/x",
            "https://evil.example/lookaside.fbsbx.com",
            "https://lookaside.fbsbx.com@evil.example/x",
            "https://user@lookaside.fbsbx.com/x",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
        ] {
            assert!(!holds(address), "{address}");
        }
    }
}
