//! Drawings: examples of packs, and portraits of people.

use serde::{Deserialize, Serialize};

use crate::{
    canvas::{Canvas, Ellipse, hsv, mix},
    figure::{Class, Figure, Place, digest},
    packs::{Pack, Template},
};

/// Everything that a drawing depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Picture {
    /// The seed that the person is drawn from.
    pub(crate) person: String,
    pub(crate) class: Class,
    /// The prompt of a pack, if the picture comes from one.
    pub(crate) template: Option<i64>,
    /// Distinguishes pictures of one person in one scene.
    pub(crate) variant: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

pub(crate) const WIDTH: u32 = 512;
pub(crate) const HEIGHT: u32 = 640;

impl Picture {
    pub(crate) fn draw(&self) -> Vec<u8> {
        let template = self.template.and_then(super::packs::template);
        let bytes = digest(&format!(
            "{} {:?} {}",
            self.person, self.template, self.variant
        ));
        let mut canvas = Canvas::new(self.width, self.height, [0; 3]);
        match template {
            Some(template) => backdrop(&mut canvas, &template),
            None => {
                let hue = f32::from(bytes[0]) * 1.4;
                canvas.fade(hsv(hue, 0.4, 0.5), hsv(hue + 50.0, 0.3, 0.85));
            }
        }
        let shift = |byte: u8| (f32::from(byte) - 128.0) / 128.0;
        let place = Place {
            x: 0.5 + shift(bytes[1]) * 0.08,
            y: 0.4 + shift(bytes[2]) * 0.03,
            size: 0.17,
        };
        Figure::of(&self.person, self.class).draw(&mut canvas, place);
        canvas.grain(4, 8, u32::from(bytes[3]) + 1);
        canvas.jpeg()
    }
}

/// Draws the cover of a pack: the scene, a figure, the initials, and a bar for each size.
pub(crate) fn example(template: &Template) -> Vec<u8> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, [0; 3]);
    backdrop(&mut canvas, template);
    let shirt = hsv(
        template.pack.hue()
            + if template.class == Class::Man {
                180.0
            } else {
                120.0
            },
        0.5,
        0.55,
    );
    Figure::mannequin(template.class, shirt).draw(
        &mut canvas,
        Place {
            x: 0.5,
            y: 0.42,
            size: 0.16,
        },
    );
    label(&mut canvas, template.pack);
    canvas.grain(4, 6, 7);
    canvas.jpeg()
}

pub(crate) fn cover(pack: Pack) -> Vec<u8> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, [0; 3]);
    canvas.fade(
        hsv(pack.hue(), 0.55, 0.35),
        hsv(pack.hue() + 30.0, 0.4, 0.85),
    );
    for (class, x) in [(Class::Man, 0.32), (Class::Woman, 0.68)] {
        let shirt = hsv(pack.hue() + x * 200.0, 0.5, 0.5);
        Figure::mannequin(class, shirt).draw(
            &mut canvas,
            Place {
                x,
                y: 0.5,
                size: 0.11,
            },
        );
    }
    label(&mut canvas, pack);
    canvas.grain(4, 6, 9);
    canvas.jpeg()
}

fn label(canvas: &mut Canvas, pack: Pack) {
    let light = [250, 248, 240];
    canvas.letters(pack.initials(), (28.0, 28.0), 9.0, light);
    for bar in 0..pack.size() {
        let left = 0.06 + bar as f32 * 0.08;
        canvas.area((left, 0.93), (left + 0.06, 0.96), light);
    }
}

fn backdrop(canvas: &mut Canvas, template: &Template) {
    let (dark, light) = template.backdrop();
    canvas.fade(dark, light);
    let (width, height) = (canvas.width(), canvas.height());
    let accent = mix(light, [255, 255, 255], 0.45);
    match template.scene % 4 {
        0 => {
            for tower in 0..6 {
                let left = tower as f32 / 6.0;
                let top = 0.25 + 0.09 * ((tower * 5 + template.scene) % 4) as f32;
                canvas.area((left, top), (left + 0.12, 1.0), mix(dark, [0, 0, 0], 0.35));
            }
        }
        1 => {
            for lamp in 0..9 {
                let centre = (
                    width * (lamp as f32 * 0.13),
                    height * (0.08 + 0.11 * ((lamp * 3) % 7) as f32),
                );
                canvas.ellipse(Ellipse::new(centre, (width * 0.05, width * 0.05)), accent);
            }
        }
        2 => {
            for step in 0..8 {
                let top = step as f32 / 8.0;
                canvas.area(
                    (0.0, top),
                    (0.06 + step as f32 * 0.11, top + 0.06),
                    mix(dark, accent, 0.4),
                );
            }
        }
        _ => {
            let sun = Ellipse::new((width * 0.76, height * 0.24), (width * 0.17, width * 0.17));
            canvas.ellipse(sun, accent);
            canvas.area((0.0, 0.7), (1.0, 1.0), mix(dark, [0, 0, 0], 0.2));
        }
    }
}
