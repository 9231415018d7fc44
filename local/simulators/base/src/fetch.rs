//! Downloads pictures by their addresses, from this machine only.

use futures::StreamExt;
use reqwest::{Client, Url};

const MAX_BYTES: usize = 12 * 1024 * 1024;
const MAX_CONCURRENT_FETCHES: usize = 6;

/// Downloads every address, in their order.
pub async fn all(http: &Client, urls: &[String]) -> Vec<Result<Vec<u8>, String>> {
    let fetches: Vec<_> = urls.iter().map(|url| one(http, url)).collect();
    futures::stream::iter(fetches)
        .buffered(MAX_CONCURRENT_FETCHES)
        .collect()
        .await
}

/// Downloads one address. The error completes a sentence about the address.
pub async fn one(http: &Client, url: &str) -> Result<Vec<u8>, String> {
    let url: Url = url.parse().map_err(|_| "is not an address".to_owned())?;
    if !is_local(&url) {
        return Err("is not on this laptop".to_owned());
    }
    let lost = |error: reqwest::Error| error.without_url().to_string();
    let mut response = http.get(url).send().await.map_err(lost)?;
    if !response.status().is_success() {
        return Err(format!("answers {}", response.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            return Err("is too large".to_owned());
        }
    }
    Ok(bytes)
}

/// Whether an address is on this machine, the only one that is asked.
pub fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    matches!(url.scheme(), "http" | "https")
        && (is_loopback || host == "localhost" || host.ends_with(".localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_local() {
        let local = |url: &str| is_local(&url.parse().unwrap());
        for url in [
            "http://127.0.0.1:7072/photos/a?X-Amz-Signature=1",
            "http://localhost/a",
            "http://[::1]:1/a",
        ] {
            assert!(local(url), "{url}");
        }
        for url in [
            "http://169.254.169.254/a",
            "https://example.com/a",
            "http://127.0.0.1.example.com/",
            "file:///a",
        ] {
            assert!(!local(url), "{url}");
        }
        assert!(local("http://photos.localhost:7072/a"));
    }
}
