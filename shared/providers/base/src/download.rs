//! Downloads a user's file from a provider, within an allowlist of origins, a deadline and a size
//! limit.

use std::time::{Duration, Instant};

use confab_core::{Error, Kind};
use reqwest::{
    Client, RequestBuilder, StatusCode, Url,
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
};

use crate::http::{ReadError, describe, read_body_up_to};

#[derive(Clone, PartialEq, Eq)]
pub struct File {
    pub bytes: Vec<u8>,
    /// The media type that the provider declares; callers must check the bytes.
    pub mime_type: String,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({}, {} bytes)", self.mime_type, self.bytes.len())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// The address is outside the allowlist, or is no URL.
    #[error("refused: {0}")]
    Refused(&'static str),
    #[error("larger than {MAX_FILE_BYTES} bytes")]
    TooLarge,
    /// The file has expired or never existed.
    #[error("gone: HTTP {0}")]
    Gone(u16),
    #[error("temporarily unavailable: {0}")]
    Unavailable(String),
}

impl From<MediaError> for Error {
    fn from(error: MediaError) -> Self {
        let code = match &error {
            MediaError::Refused(_) => "media_refused",
            MediaError::TooLarge => "media_too_large",
            MediaError::Gone(_) => "media_gone",
            MediaError::Unavailable(_) => return Self::unavailable("media_unavailable", error),
        };
        Self::new(
            Kind::Unprocessable,
            code,
            "The file could not be downloaded.",
        )
        .with_source(error)
    }
}

pub const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;
const MAX_ERROR_BODY_BYTES: usize = 16 * 1024;
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_REDIRECTS: usize = 3;
const ACCEPTED_TYPES: &str = "image/jpeg, image/png, image/webp, image/*;q=0.8";

/// Scheme, host and port of an allowed address, compared exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Url);

impl Origin {
    /// Parses an address; returns `None` without a host.
    pub fn parse(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        url.has_host().then_some(Self(url))
    }

    /// Tells whether `url` has this origin and carries no credentials.
    pub fn matches(&self, url: &Url) -> bool {
        url.username().is_empty() && url.password().is_none() && url.origin() == self.0.origin()
    }
}

/// One download; all of its redirects share a single deadline.
#[derive(Debug)]
pub struct Download<'a> {
    http: &'a Client,
    allowed: &'a [Origin],
    deadline: Instant,
    timeout: Duration,
}

impl<'a> Download<'a> {
    pub fn new(http: &'a Client, allowed: &'a [Origin], timeout: Option<Duration>) -> Self {
        let timeout = timeout.unwrap_or(DOWNLOAD_TIMEOUT);
        let deadline = Instant::now() + timeout;
        Self {
            http,
            allowed,
            deadline,
            timeout,
        }
    }

    /// Downloads `address`; a 4xx is final, except for credentials, timeouts and rate limits.
    pub async fn get(
        &self,
        address: &str,
        authorize: impl Fn(&Url, RequestBuilder) -> RequestBuilder,
    ) -> Result<File, MediaError> {
        self.get_with(address, authorize, |_| false).await
    }

    /// Downloads `address` and follows redirects within the allowlist.
    /// `authorize` is asked for each hop, so that credentials stay with their own origin.
    /// `is_temporary` reads an error body and tells whether a retry may succeed.
    pub async fn get_with(
        &self,
        address: &str,
        authorize: impl Fn(&Url, RequestBuilder) -> RequestBuilder,
        is_temporary: impl Fn(&[u8]) -> bool,
    ) -> Result<File, MediaError> {
        let mut url = Url::parse(address).map_err(|_| MediaError::Refused("not a URL"))?;
        for _ in 0..=MAX_REDIRECTS {
            if !self.allowed.iter().any(|origin| origin.matches(&url)) {
                return Err(MediaError::Refused("the origin is not allowed"));
            }
            let remaining = self.deadline.saturating_duration_since(Instant::now());
            let request = self
                .http
                .get(url.clone())
                .header(ACCEPT, ACCEPTED_TYPES)
                .timeout(remaining);
            let response = authorize(&url, request)
                .send()
                .await
                .map_err(|error| self.unavailable(error))?;
            if !response.status().is_redirection() {
                return self.read(response, is_temporary).await;
            }
            let target = response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok());
            url = target
                .and_then(|target| url.join(target).ok())
                .ok_or(MediaError::Refused("a redirect without a usable target"))?;
        }
        Err(MediaError::Refused("too many redirects"))
    }

    async fn read(
        &self,
        response: reqwest::Response,
        is_temporary: impl Fn(&[u8]) -> bool,
    ) -> Result<File, MediaError> {
        let status = response.status();
        if !status.is_success() {
            let body = read_body_up_to(response, MAX_ERROR_BODY_BYTES)
                .await
                .unwrap_or_default();
            if is_temporary(&body) {
                return Err(MediaError::Unavailable(format!("HTTP {status}")));
            }
            return Err(error_from_status(status));
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
        let bytes =
            read_body_up_to(response, MAX_FILE_BYTES)
                .await
                .map_err(|error| match error {
                    ReadError::TooLarge => MediaError::TooLarge,
                    ReadError::Transport(error) => self.unavailable(error),
                })?;
        Ok(File { bytes, mime_type })
    }

    fn unavailable(&self, error: reqwest::Error) -> MediaError {
        if error.is_timeout() {
            return MediaError::Unavailable(format!("timed out after {:?}", self.timeout));
        }
        MediaError::Unavailable(describe(error))
    }
}

fn error_from_status(status: StatusCode) -> MediaError {
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
    fn origin_matches_only_its_exact_scheme_host_and_port() {
        let origin = Origin::parse("https://lookaside.fbsbx.com").unwrap();
        let matches = |address: &str| origin.matches(&Url::parse(address).unwrap());
        assert!(matches(
            "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1"
        ));
        assert!(matches("https://LOOKASIDE.fbsbx.com:443/x"));
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
            assert!(!matches(address), "{address}");
        }
    }
}
