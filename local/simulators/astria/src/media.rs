//! Pictures, drawn on request. Those of a tune expire thirty days after its training.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

use crate::{
    api_error::ApiError,
    astria::Astria,
    exchange::{self, ApiReply},
    faults::MEDIA,
    figure::Class,
    packs::{self, Pack, Template},
    pictures::{self, Picture},
    tables,
};

/// A picture that can be requested.
enum RequestedPicture {
    Cover(Pack),
    Example(Template),
    Portrait(Picture),
}

pub(crate) async fn show(State(astria): State<Arc<Astria>>, Path(path): Path<String>) -> Response {
    let place = format!("{MEDIA}{path}");
    let what = format!(
        "GET {MEDIA}{}",
        if path.starts_with("packs/") {
            &path
        } else {
            "…"
        }
    );
    let drawing = async {
        let picture = find(&astria, &path)?;
        let draw = move || match picture {
            RequestedPicture::Cover(pack) => pictures::cover(pack),
            RequestedPicture::Example(template) => pictures::example(&template),
            RequestedPicture::Portrait(picture) => picture.draw(),
        };
        let jpeg = tokio::task::spawn_blocking(draw)
            .await
            .map_err(|_| ApiError::internal())?;
        Ok(ApiReply::new(
            ([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
        ))
    };
    exchange::run(&astria, &place, what, drawing).await
}

fn find(astria: &Astria, path: &str) -> Result<RequestedPicture, ApiError> {
    match *path.split('/').collect::<Vec<_>>().as_slice() {
        ["packs", pack, "cover"] => Ok(RequestedPicture::Cover(
            packs::find(pack).ok_or_else(ApiError::missing)?,
        )),
        ["packs", pack, class, scene] => {
            let templates = packs::find(pack)
                .zip(Class::of(class))
                .map(|(pack, class)| pack.templates(class));
            let scene: Option<usize> = scene.parse().ok();
            let template = templates
                .zip(scene)
                .and_then(|(templates, scene)| templates.get(scene).copied());
            Ok(RequestedPicture::Example(
                template.ok_or_else(ApiError::missing)?,
            ))
        }
        [key] => {
            let found = tables::picture(&astria.context.store().db, key)?;
            let kept = found.filter(|(_, tune)| !tune.is_expired(astria.context.now()));
            Ok(RequestedPicture::Portrait(
                kept.ok_or_else(ApiError::missing)?.0,
            ))
        }
        _ => Err(ApiError::missing()),
    }
}
