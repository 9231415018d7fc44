//! Pictures that the app names by their addresses. Only this laptop is asked for them.

use futures::StreamExt;
use reqwest::Url;

use crate::{
    Outside,
    chat::Content,
    ids,
    store::media::{self, Media},
};

const LARGEST: usize = 12 * 1024 * 1024;
const AT_ONCE: usize = 6;

/// In the order of the addresses.
pub(crate) async fn all(outside: &Outside, urls: &[String]) -> Vec<Result<Vec<u8>, String>> {
    let asked: Vec<_> = urls.iter().map(|url| one(outside, url)).collect();
    futures::stream::iter(asked)
        .buffered(AT_ONCE)
        .collect()
        .await
}

pub(crate) async fn one(outside: &Outside, url: &str) -> Result<Vec<u8>, String> {
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

/// A messenger shows its own copy of a picture: the app's address may expire, and is not asked again. Err: there is none.
/// An address elsewhere is left as it is, since nobody here can look.
pub(crate) async fn kept(outside: &Outside, content: Content) -> Result<Content, String> {
    let Content::Image {
        media_id: None,
        url,
        caption,
    } = content
    else {
        return Ok(content);
    };
    if !url.parse().is_ok_and(|url| is_here(&url)) {
        return Ok(Content::Image {
            media_id: None,
            url,
            caption,
        });
    }
    let bytes = one(outside, &url).await?;
    let mime_type = kind_of(&bytes).ok_or("is no picture")?;
    let picture = Media::new(ids::meta_media(), mime_type, bytes, outside.now());
    media::add(&outside.store().db, &picture).map_err(|error| error.to_string())?;
    Ok(Content::Image {
        media_id: None,
        url: format!("/api/phone/media/{}", picture.id),
        caption,
    })
}

/// What a messenger shows.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        _ => None,
    }
}

fn is_here(url: &Url) -> bool {
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
    fn only_this_laptop_is_asked() {
        let here = |url: &str| is_here(&url.parse().unwrap());
        for url in [
            "http://127.0.0.1:7072/photos/a?X-Amz-Signature=1",
            "http://localhost/a",
            "http://[::1]:1/a",
        ] {
            assert!(here(url), "{url}");
        }
        for url in [
            "http://169.254.169.254/a",
            "https://example.com/a",
            "http://127.0.0.1.example.com/",
            "file:///a",
        ] {
            assert!(!here(url), "{url}");
        }
        assert!(here("http://photos.localhost:7072/a"));
    }
}
