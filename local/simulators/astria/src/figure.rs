//! People as simple shapes. One seed gives the same person in every picture.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::canvas::{Canvas, Colour, Ellipse, hsv, mix};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    Man,
    Woman,
}

impl Class {
    pub(crate) const ALL: [Self; 2] = [Self::Man, Self::Woman];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Man => "man",
            Self::Woman => "woman",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    class: Class,
    skin: Colour,
    hair: Colour,
    eyes: Colour,
    pub(crate) shirt: Colour,
    /// Width of the face relative to its height.
    width: f32,
    smile: f32,
    has_beard: bool,
    has_glasses: bool,
    is_curly: bool,
}

/// Centre of the head relative to the size of the picture, and half its height.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) size: f32,
}

const SKINS: [Colour; 6] = [
    [246, 214, 190],
    [232, 190, 158],
    [214, 164, 126],
    [182, 128, 92],
    [141, 92, 64],
    [104, 66, 46],
];
const HAIRS: [Colour; 6] = [
    [32, 26, 24],
    [74, 48, 32],
    [120, 78, 44],
    [196, 152, 84],
    [150, 62, 34],
    [168, 166, 162],
];
const EYES: [Colour; 4] = [[70, 120, 170], [90, 60, 36], [70, 130, 80], [110, 120, 128]];

pub(crate) fn digest(seed: &str) -> [u8; 32] {
    Sha256::digest(seed).into()
}

impl Figure {
    pub(crate) fn of(seed: &str, class: Class) -> Self {
        let bytes = digest(seed);
        let pick = |at: usize| usize::from(bytes[at]);
        Self {
            class,
            skin: SKINS[pick(0) % SKINS.len()],
            hair: HAIRS[pick(1) % HAIRS.len()],
            eyes: EYES[pick(2) % EYES.len()],
            shirt: hsv(
                f32::from(bytes[3]) * 360.0 / 256.0,
                0.65,
                0.4 + f32::from(bytes[4]) / 512.0,
            ),
            width: 0.74 + f32::from(bytes[5]) / 1_280.0,
            smile: 0.10 + f32::from(bytes[6]) / 2_000.0,
            has_beard: class == Class::Man && bytes[7].is_multiple_of(3),
            has_glasses: bytes[8].is_multiple_of(4),
            is_curly: bytes[9].is_multiple_of(2),
        }
    }

    /// Returns a figure without a person's features.
    pub(crate) fn mannequin(class: Class, shirt: Colour) -> Self {
        let (skin, hair) = ([206, 196, 186], [120, 112, 106]);
        Self {
            skin,
            hair,
            eyes: hair,
            shirt,
            has_beard: false,
            has_glasses: false,
            is_curly: false,
            ..Self::of("mannequin", class)
        }
    }

    pub(crate) fn draw(&self, canvas: &mut Canvas, place: Place) {
        let unit = place.size * canvas.height();
        let (x, y) = (place.x * canvas.width(), place.y * canvas.height());
        let at = |right: f32, down: f32, rx: f32, ry: f32| {
            Ellipse::new((x + right * unit, y + down * unit), (rx * unit, ry * unit))
        };
        let wide = self.width;
        let shoulders = if self.class == Class::Man { 2.35 } else { 1.9 };
        if self.class == Class::Woman {
            canvas.ellipse(at(0.0, 0.55, wide * 1.35, 1.75), self.hair);
        }
        canvas.ellipse(at(0.0, 3.1, shoulders, 1.75), self.shirt);
        let shade = mix(self.skin, [60, 30, 20], 0.25);
        canvas.ellipse(at(0.0, 1.15, 0.36, 0.75), shade);
        canvas.ellipse(at(0.0, 1.55, 0.5, 0.28), shade);
        for side in [-1.0, 1.0] {
            canvas.ellipse(at(side * wide, 0.1, 0.14, 0.24), shade);
        }
        canvas.ellipse(at(0.0, 0.0, wide, 1.05), self.skin);
        if self.has_beard {
            canvas.ellipse(
                Ellipse {
                    from: y + 0.42 * unit,
                    ..at(0.0, 0.05, wide, 1.05)
                },
                self.hair,
            );
        }
        canvas.ellipse(
            Ellipse {
                to: y - 0.5 * unit,
                ..at(0.0, -0.12, wide * 1.08, 1.12)
            },
            self.hair,
        );
        if self.is_curly {
            for step in 0..7 {
                let angle = std::f32::consts::PI * (1.0 + step as f32 / 6.0);
                canvas.ellipse(
                    at(angle.cos() * wide, angle.sin() * 0.85 - 0.3, 0.26, 0.26),
                    self.hair,
                );
            }
        }
        for side in [-1.0, 1.0] {
            let eye = side * wide * 0.45;
            if self.has_glasses {
                canvas.ellipse(at(eye, -0.08, 0.27, 0.21), [40, 40, 46]);
                canvas.ellipse(
                    at(eye, -0.08, 0.23, 0.17),
                    mix(self.skin, [255, 255, 255], 0.3),
                );
            }
            canvas.ellipse(at(eye, -0.08, 0.17, 0.1), [250, 250, 250]);
            canvas.ellipse(at(eye, -0.08, 0.09, 0.09), self.eyes);
            canvas.ellipse(at(eye, -0.08, 0.04, 0.04), [16, 16, 16]);
            canvas.ellipse(at(eye, -0.3, 0.2, 0.05), self.hair);
        }
        canvas.ellipse(at(0.0, 0.2, 0.1, 0.17), shade);
        canvas.ellipse(
            Ellipse {
                from: y + 0.55 * unit,
                ..at(0.0, 0.55, 0.3, self.smile)
            },
            [176, 70, 74],
        );
    }

    /// Draws sunglasses over the eyes of a drawn figure.
    pub(crate) fn draw_sunglasses(&self, canvas: &mut Canvas, place: Place) {
        let unit = place.size * canvas.height();
        let (x, y) = (place.x * canvas.width(), place.y * canvas.height());
        for side in [-1.0, 1.0] {
            let centre = (x + side * self.width * 0.45 * unit, y - 0.05 * unit);
            canvas.ellipse(
                Ellipse::new(centre, (0.34 * unit, 0.26 * unit)),
                [12, 12, 14],
            );
        }
    }
}
