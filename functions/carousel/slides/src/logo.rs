//! The logo of a brand.

use std::io::Cursor;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use takumi::prelude::RgbaImage;

use crate::Error;

/// Greatest width and height of a logo, in pixels.
pub const MAX_LOGO_SIDE: u32 = 512;

/// A decoded logo. Clones share the pixels.
#[derive(Clone)]
pub struct Logo(Arc<Pixels>);

struct Pixels {
    png: Vec<u8>,
    image: RgbaImage,
    width: u32,
    height: u32,
}

impl Logo {
    /// Decodes a PNG. Larger pictures than `MAX_LOGO_SIDE` are refused: uploads are re-encoded before they get here.
    pub fn from_png(png: &[u8]) -> Result<Self, Error> {
        let refused = |reason: &str| Error::Logo(reason.to_owned());
        let mut decoder = png::Decoder::new(Cursor::new(png));
        decoder.set_transformations(
            png::Transformations::normalize_to_color8() | png::Transformations::ALPHA,
        );
        let mut reader = decoder
            .read_info()
            .map_err(|error| refused(&error.to_string()))?;
        let (width, height) = (reader.info().width, reader.info().height);
        if width > MAX_LOGO_SIDE || height > MAX_LOGO_SIDE {
            return Err(refused("it is wider or higher than 512 pixels"));
        }
        let size = reader
            .output_buffer_size()
            .ok_or_else(|| refused("it is too large"))?;
        let mut pixels = vec![0; size];
        let frame = reader
            .next_frame(&mut pixels)
            .map_err(|error| refused(&error.to_string()))?;
        pixels.truncate(frame.buffer_size());
        let rgba = match frame.color_type {
            png::ColorType::Rgba => pixels,
            png::ColorType::GrayscaleAlpha => pixels
                .chunks_exact(2)
                .flat_map(|pair| [pair[0], pair[0], pair[0], pair[1]])
                .collect(),
            other => return Err(refused(&format!("{other:?} pixels are not supported"))),
        };
        let image = RgbaImage::new(rgba, width, height, false)
            .map_err(|error| refused(&error.to_string()))?;
        Ok(Self(Arc::new(Pixels {
            png: png.to_owned(),
            image,
            width,
            height,
        })))
    }

    pub(crate) fn image(&self) -> RgbaImage {
        self.0.image.clone()
    }

    /// Returns the width that keeps the proportions at this height, within a limit.
    pub(crate) fn size_within(&self, height: u32, max_width: u32) -> (u32, u32) {
        let width = (self.0.width * height)
            .div_ceil(self.0.height.max(1))
            .max(1);
        if width <= max_width {
            return (width, height);
        }
        (
            max_width,
            (self.0.height * max_width)
                .div_ceil(self.0.width.max(1))
                .max(1),
        )
    }

    pub(crate) fn data_url(&self) -> String {
        format!("data:image/png;base64,{}", STANDARD.encode(&self.0.png))
    }
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Logo({}x{})", self.0.width, self.0.height)
    }
}
