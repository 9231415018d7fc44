//! The one HTTPS client that a process shares, and how its failures are read.

use std::{sync::Arc, time::Duration};

use confab_core::{Error, Result};
use reqwest::{Client, Response, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(8);
/// Shorter than the providers keep an idle connection: a request written to a dead one has an unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

pub fn http_client() -> Result<Client> {
    http_client_within(TOTAL_TIMEOUT)
}

/// Roots are constants in the binary, so a start reads no file and decodes no certificate.
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
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(concat!("confab/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::internal("http_client_failed", error))
}

#[derive(Debug)]
pub enum ReadError {
    TooLarge,
    Lost(reqwest::Error),
}

/// Reads a body chunk by chunk, and stops as soon as it is longer than `limit`, whatever its headers said.
pub async fn read_at_most(mut response: Response, limit: usize) -> Result<Vec<u8>, ReadError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(ReadError::TooLarge);
    }
    let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Lost)? {
        if body.len() + chunk.len() > limit {
            return Err(ReadError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A failure in words for the log. The address is left out: it may name a person.
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
