//! Resampling of a part of a picture to any size.

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer, images::TypedImage, images::TypedImageRef,
    pixels::U8x3,
};
use image::RgbImage;

use crate::Size;

/// A rectangle of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) size: Size,
}

/// Resamples `area`, which must lie inside the picture, to the size `to`.
#[expect(clippy::expect_used, reason = "both buffers have the stated sizes")]
pub(crate) fn resize(picture: &RgbImage, area: Area, to: Size) -> RgbImage {
    let mut result = RgbImage::new(to.width, to.height);
    let source =
        TypedImageRef::<U8x3>::from_buffer(picture.width(), picture.height(), picture.as_raw());
    let mut target = TypedImage::<U8x3>::from_buffer(to.width, to.height, &mut result)
        .expect("the target has its size");
    let options = ResizeOptions::new()
        .crop(
            area.left.into(),
            area.top.into(),
            area.size.width.into(),
            area.size.height.into(),
        )
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new()
        .resize_typed(
            &source.expect("the source has its size"),
            &mut target,
            &options,
        )
        .expect("the area lies inside");
    result
}

impl Area {
    pub(crate) fn whole(picture: &RgbImage) -> Self {
        Self {
            left: 0,
            top: 0,
            size: Size::new(picture.width(), picture.height()),
        }
    }
}
