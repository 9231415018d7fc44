//! Sample photos of invented people, both good ones and ones that are refused.

use axum::{
    extract::{Path, Query},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    canvas::{Canvas, Colour, Ellipse, hsv, mix},
    figure::{Class, Figure, Place, digest},
};

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SelfieKind {
    #[default]
    Good,
    Blurry,
    Sunglasses,
    Group,
    Hat,
    Funny,
    #[serde(rename = "nobody")]
    NoFace,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SelfieRequest {
    kind: SelfieKind,
    person: String,
    class: Option<Class>,
}

impl Default for SelfieRequest {
    fn default() -> Self {
        Self {
            kind: SelfieKind::Good,
            person: "dana".into(),
            class: None,
        }
    }
}

pub(crate) async fn show(
    Path(file): Path<String>,
    Query(request): Query<SelfieRequest>,
) -> Response {
    let number = file
        .strip_suffix(".jpg")
        .and_then(|number| number.parse().ok());
    let Some(number) = number else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let class = request.class.unwrap_or_else(|| class_of(&request.person));
    let drawn =
        tokio::task::spawn_blocking(move || draw(request.kind, &request.person, class, number))
            .await;
    match drawn {
        Ok(jpeg) => ([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn class_of(person: &str) -> Class {
    Class::ALL[usize::from(digest(person)[31]) % 2]
}

pub(crate) fn draw(kind: SelfieKind, person: &str, class: Class, number: u32) -> Vec<u8> {
    let bytes = digest(&format!("{person} {number}"));
    let part = |at: usize| f32::from(bytes[at]) / 255.0;
    let hue = hue(person, class);
    if kind == SelfieKind::NoFace {
        let mut canvas = Canvas::new(480, 600, [0; 3]);
        let wall = hsv(hue, 0.06, 0.72 + part(0) * 0.05);
        canvas.fade(wall, mix(wall, [0, 0, 0], 0.02));
        return canvas.jpeg();
    }
    let (width, height) = if kind == SelfieKind::Group {
        (900, 480)
    } else {
        (480, 600)
    };
    let mut canvas = Canvas::new(width, height, [0; 3]);
    room(&mut canvas, hue, part(0));
    let place = Place {
        x: 0.45 + part(1) * 0.1,
        y: 0.42 + part(2) * 0.04,
        size: 0.19 + part(3) * 0.03,
    };
    let mut figure = Figure::of(person, class);
    figure.shirt = hsv(hue + part(4) * 12.0 - 6.0, 0.55, 0.6);
    match kind {
        SelfieKind::Group => group(&mut canvas, figure, person, hue),
        SelfieKind::Sunglasses => {
            canvas.area((0.0, 0.0), (1.0, 0.34), [14, 13, 16]);
            figure.draw(&mut canvas, place);
            canvas.area((0.0, 0.0), (1.0, place.y - place.size * 0.5), [14, 13, 16]);
            figure.draw_sunglasses(&mut canvas, place);
        }
        _ => figure.draw(&mut canvas, place),
    }
    if kind == SelfieKind::Hat {
        hat(&mut canvas, place, hsv(hue + 150.0, 0.95, 0.85));
    }
    if kind == SelfieKind::Funny {
        let (x, y) = (
            place.x * canvas.width(),
            (place.y + place.size * 0.85) * canvas.height(),
        );
        let tongue = place.size * canvas.height() * 0.3;
        canvas.ellipse(Ellipse::new((x, y), (tongue * 0.6, tongue)), [220, 60, 90]);
    }
    canvas.grain(3, 14, number.wrapping_mul(2_654_435_761) | 1);
    match kind {
        SelfieKind::Blurry => canvas = canvas.blurred(20),
        SelfieKind::Funny => canvas.tint(|[r, g, b]| [r / 3, 96 + g / 2, b / 3]),
        _ => {}
    }
    canvas.jpeg()
}

/// Returns blue for men and red for women, in a shade that depends on the person.
fn hue(person: &str, class: Class) -> f32 {
    let own = f32::from(digest(person)[30]) / 255.0;
    match class {
        Class::Man => 200.0 + own * 40.0,
        Class::Woman => 335.0 + own * 22.0,
    }
}

fn room(canvas: &mut Canvas, hue: f32, light: f32) {
    let wall = hsv(hue, 0.42, 0.68 + light * 0.12);
    canvas.fade(mix(wall, [255, 255, 255], 0.12), wall);
    canvas.area((0.06, 0.08), (0.24, 0.34), hsv(hue, 0.3, 0.5));
    canvas.area((0.08, 0.095), (0.22, 0.325), hsv(hue, 0.2, 0.92));
    canvas.area((0.8, 0.12), (0.97, 0.62), hsv(hue, 0.5, 0.45));
    for shelf in 0..4 {
        let top = 0.15 + shelf as f32 * 0.115;
        canvas.area((0.82, top), (0.95, top + 0.08), hsv(hue, 0.25, 0.8));
    }
}

fn group(canvas: &mut Canvas, figure: Figure, person: &str, hue: f32) {
    for (friend, x) in [(1, 0.2), (2, 0.8)] {
        let mut other = Figure::of(&format!("{person} friend {friend}"), Class::ALL[friend % 2]);
        other.shirt = hsv(hue, 0.5, 0.4);
        other.draw(
            canvas,
            Place {
                x,
                y: 0.46,
                size: 0.17,
            },
        );
    }
    figure.draw(
        canvas,
        Place {
            x: 0.5,
            y: 0.42,
            size: 0.2,
        },
    );
}

fn hat(canvas: &mut Canvas, place: Place, colour: Colour) {
    let unit = place.size * canvas.height();
    let (x, y) = (place.x * canvas.width(), place.y * canvas.height());
    canvas.area((0.0, 0.0), (1.0, 0.17), colour);
    canvas.ellipse(
        Ellipse::new((x, y - 0.75 * unit), (unit * 1.5, unit * 0.28)),
        colour,
    );
    canvas.ellipse(
        Ellipse {
            to: y - 0.7 * unit,
            ..Ellipse::new((x, y - 0.7 * unit), (unit * 0.9, unit))
        },
        colour,
    );
}
