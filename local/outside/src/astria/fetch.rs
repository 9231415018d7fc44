//! Photos that the app names by their addresses. Only this laptop is asked for them.

use futures::StreamExt;
use reqwest::Url;

use crate::Outside;

const LARGEST: usize = 12 * 1024 * 1024;
const AT_ONCE: usize = 6;

/// In the order of the addresses.
pub(super) async fn all(outside: &Outside, urls: &[String]) -> Vec<Result<Vec<u8>, String>> {
    let asked: Vec<_> = urls.iter().map(|url| one(outside, url)).collect();
    futures::stream::iter(asked).buffered(AT_ONCE).collect().await
}

pub(super) async fn one(outside: &Outside, url: &str) -> Result<Vec<u8>, String> {
    let url: Url = url.parse().map_err(|_| "is not an address".to_owned())?;
    if !is_here(&url) {
        return Err("is not on this laptop".to_owned());
    }
    let lost = |error: reqwest::Error| error.without_url().to_string();
    let mut response = outside.http.get(url).send().await.map_err(lost)?;
    if !response.status().is_success() {
        return Err(format!("answers {}", response.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(lost)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err("is too large".to_owned());
        }
    }
    Ok(bytes)
}

fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    matches!(url.scheme(), "http" | "https") && (is_loopback || host == "localhost" || host.ends_with(".localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_laptop_is_asked() {
        let here = |url: &str| is_here(&url.parse().unwrap());
        for url in ["http://127.0.0.1:7072/photos/a?X-Amz-Signature=1", "http://localhost/a", "http://[::1]:1/a"] {
            assert!(here(url), "{url}");
        }
        for url in ["http://169.254.169.254/a", "https://example.com/a", "http://127.0.0.1.example.com/", "file:///a"] {
            assert!(!here(url), "{url}");
        }
        assert!(here("http://photos.localhost:7072/a"));
    }
}
