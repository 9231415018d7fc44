//! Copies of pictures that the app sends by address.

use confab_simulator_base::{fetch, ids};

use crate::{
    chat::Chat,
    conversation::Content,
    media::{self, Media},
};

/// Replaces the address of an image by that of a copy, because the app's address may expire. Images
/// on other machines keep their address. Fails when the image cannot be downloaded.
pub async fn keep_image(chat: &Chat, content: Content) -> Result<Content, String> {
    let Content::Image {
        media_id: None,
        url,
        caption,
    } = content
    else {
        return Ok(content);
    };
    if !url.parse().is_ok_and(|url| fetch::is_local(&url)) {
        return Ok(Content::Image {
            media_id: None,
            url,
            caption,
        });
    }
    let context = &chat.context;
    let bytes = fetch::one(&context.http, &url).await?;
    let mime_type = mime_type_of(&bytes).ok_or("is no picture")?;
    let picture = Media::new(ids::digits(16), mime_type, bytes, context.now());
    media::add(&context.store().db, &picture).map_err(|error| error.to_string())?;
    Ok(Content::Image {
        media_id: None,
        url: format!("/api/phone/media/{}", picture.id),
        caption,
    })
}

/// Recognizes the formats that messengers show.
fn mime_type_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        _ => None,
    }
}
