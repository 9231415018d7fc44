//! The HTTPS client that a process shares, bounded body reads, and error descriptions.

use std::{sync::Arc, time::Duration};

use confab_core::{Error, Result};
use reqwest::{Client, Response, header::RETRY_AFTER, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);
/// Shorter than the providers' own idle timeout: a request written to a closed connection has an
/// unknown outcome.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// Builds the client with the default request timeout.
pub fn http_client() -> Result<Client> {
    http_client_within(REQUEST_TIMEOUT)
}

/// Builds the client with the given request timeout.
/// Root certificates are constants in the binary: start-up reads and decodes no file.
pub fn http_client_within(timeout: Duration) -> Result<Client> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("tls_setup_failed", error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .user_agent(concat!("confab/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::internal("http_client_failed", error))
}

#[derive(Debug)]
pub enum ReadError {
    TooLarge,
    Transport(reqwest::Error),
}

/// Reads a body chunk by chunk and stops once it exceeds `limit`, whatever `content-length` says.
pub async fn read_body_up_to(mut response: Response, limit: usize) -> Result<Vec<u8>, ReadError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(ReadError::TooLarge);
    }
    let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Transport)? {
        if body.len() + chunk.len() > limit {
            return Err(ReadError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Returns how long a response asks to wait, if it says so in seconds.
pub fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?;
    Some(Duration::from_secs(seconds.to_str().ok()?.parse().ok()?))
}

/// Describes an error and its causes for the log. The URL is left out, because it may identify a
/// user.
pub fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
