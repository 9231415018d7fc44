//! Pictures and where they are. They are drawn when they are asked for, and gone thirty days after the training.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

use super::{
    api::{self, Answered},
    behaviour::MEDIA,
    figure::Class,
    packs::{self, Pack, Template},
    pictures::{self, Picture},
    refusal::Refusal,
};
use crate::{Outside, store::astria};

/// What is to be drawn.
enum Sight {
    Cover(Pack),
    Example(Template),
    Portrait(Picture),
}

pub(super) async fn show(
    State(outside): State<Arc<Outside>>,
    Path(path): Path<String>,
) -> Response {
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
        let sight = find(&outside, &path)?;
        let draw = move || match sight {
            Sight::Cover(pack) => pictures::cover(pack),
            Sight::Example(template) => pictures::example(&template),
            Sight::Portrait(picture) => picture.draw(),
        };
        let jpeg = tokio::task::spawn_blocking(draw)
            .await
            .map_err(|_| Refusal::internal())?;
        Ok(Answered::new(
            ([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
        ))
    };
    api::answer(&outside, &place, what, drawing).await
}

fn find(outside: &Outside, path: &str) -> Result<Sight, Refusal> {
    match *path.split('/').collect::<Vec<_>>().as_slice() {
        ["packs", pack, "cover"] => Ok(Sight::Cover(
            packs::find(pack).ok_or_else(Refusal::missing)?,
        )),
        ["packs", pack, class, scene] => {
            let templates = packs::find(pack)
                .zip(Class::of(class))
                .map(|(pack, class)| pack.templates(class));
            let scene: Option<usize> = scene.parse().ok();
            let template = templates
                .zip(scene)
                .and_then(|(templates, scene)| templates.get(scene).copied());
            Ok(Sight::Example(template.ok_or_else(Refusal::missing)?))
        }
        [key] => {
            let found = astria::picture(&outside.store().db, key)?;
            let kept = found.filter(|(_, tune)| !tune.is_gone(outside.now()));
            Ok(Sight::Portrait(kept.ok_or_else(Refusal::missing)?.0))
        }
        _ => Err(Refusal::missing()),
    }
}
