//! Width and height in pixels.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    pub const fn square(side: u32) -> Self {
        Self::new(side, side)
    }

    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    pub fn shorter_side(self) -> u32 {
        self.width.min(self.height)
    }

    /// Returns the largest size of this aspect ratio that fits into `frame`, never larger than this
    /// one; no side becomes 0.
    pub fn within(self, frame: Self) -> Self {
        if self.width <= frame.width && self.height <= frame.height {
            return self;
        }
        let Self { width, height } = self;
        let is_wider = u64::from(width) * u64::from(frame.height)
            >= u64::from(frame.width) * u64::from(height);
        if is_wider {
            return Self::new(frame.width.max(1), scale(height, frame.width, width));
        }
        Self::new(scale(width, frame.height, height), frame.height.max(1))
    }

    pub(crate) fn transposed(self) -> Self {
        Self::new(self.height, self.width)
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × {}", self.width, self.height)
    }
}

/// Computes `side * numerator / denominator`, rounded, for a fraction of at most one.
fn scale(side: u32, numerator: u32, denominator: u32) -> u32 {
    let denominator = u64::from(denominator.max(1));
    let rounded = (u64::from(side) * u64::from(numerator) + denominator / 2) / denominator;
    u32::try_from(rounded).unwrap_or(side).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn size_is_limited_by_the_side_that_exceeds_the_frame_more() {
        let frame = Size::new(1600, 1200);
        assert_eq!(Size::new(4000, 3000).within(frame), Size::new(1600, 1200));
        assert_eq!(Size::new(3000, 4000).within(frame), Size::new(900, 1200));
        assert_eq!(Size::new(4000, 1000).within(frame), Size::new(1600, 400));
        assert_eq!(Size::new(1601, 10).within(frame), Size::new(1600, 10));
        assert_eq!(Size::new(10, 1201).within(frame), Size::new(10, 1200));
    }

    #[test]
    fn size_that_fits_is_unchanged() {
        for size in [Size::new(1600, 1200), Size::new(1, 1), Size::new(1600, 3)] {
            assert_eq!(size.within(Size::new(1600, 1200)), size);
        }
    }

    #[test]
    fn side_never_becomes_zero() {
        assert_eq!(
            Size::new(12_000, 1).within(Size::square(100)),
            Size::new(100, 1)
        );
        assert_eq!(Size::new(10, 20).within(Size::square(0)), Size::square(1));
    }

    proptest! {
        #[test]
        fn fitted_size_is_inside_and_keeps_its_aspect_ratio(
            width in 1_u32..20_000, height in 1_u32..20_000, frame_width in 1_u32..5_000, frame_height in 1_u32..5_000,
        ) {
            let (size, frame) = (Size::new(width, height), Size::new(frame_width, frame_height));
            let fitted = size.within(frame);
            prop_assert!((1..=frame_width).contains(&fitted.width) && (1..=frame_height).contains(&fitted.height));
            prop_assert!(fitted.width <= width && fitted.height <= height);
            // Rounding may shift the other side by half a pixel.
            let (across, down) = (f64::from(fitted.width), f64::from(fitted.height));
            let (width, height) = (f64::from(width), f64::from(height));
            let off = (across * height / width - down).abs().min((down * width / height - across).abs());
            prop_assert!(off <= 0.5 || fitted.shorter_side() == 1, "{size} in {frame} became {fitted}");
        }
    }
}
