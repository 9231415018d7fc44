//! Contact sheets: many pictures tiled on one, as a preview of a set.

use image::{Rgb, RgbImage, imageops};

use crate::{
    Picture, Size, luminance,
    resize::{Area, resize},
};

const SHEET_WIDTH_PIXELS: u32 = 1_080;
const GAP_PIXELS: u32 = 12;
const BACKGROUND: Rgb<u8> = Rgb([244, 242, 238]);
/// Pictures up to this mean luminance are left out: image models return black ones for refused
/// prompts.
const MAX_DARK_LUMINANCE: u8 = 12;
/// The aspect ratio of a cell.
const CELL_ASPECT: Size = Size::new(4, 5);
/// Chat apps crop taller previews.
const MAX_HEIGHT_PIXELS: u32 = 2_052;
const MAX_PICTURES: usize = 60;
const MAX_SHEET_BYTES: usize = 1_000_000;
const JPEG_QUALITIES: [u8; 7] = [86, 76, 64, 50, 35, 20, 8];

/// Tiles the first 60 pictures that are not dark into a JPEG of 1,080 pixels width and less than a
/// megabyte.
/// Returns `None` without any. Sheets are in portrait format, except for two pictures side by side.
/// Equal input gives equal bytes.
///
/// A cell shows the upper middle of a picture. With three or more pictures it uses at most 522 ×
/// 652 pixels.
pub fn contact_sheet<'a>(pictures: impl IntoIterator<Item = &'a Picture>) -> Option<Vec<u8>> {
    let shown: Vec<_> = pictures
        .into_iter()
        .filter(|picture| luminance::mean(&picture.0) > MAX_DARK_LUMINANCE)
        .take(MAX_PICTURES)
        .collect();
    let grid = Grid::of(shown.len() as u32)?;
    let mut sheet = RgbImage::from_pixel(grid.size().width, grid.size().height, BACKGROUND);
    for (number, picture) in (0..).zip(shown) {
        let (x, y) = grid.position(number);
        let cell = resize(&picture.0, upper_middle(picture.size()), grid.cell);
        imageops::replace(&mut sheet, &cell, x.into(), y.into());
    }
    let sheet = Picture(sheet);
    JPEG_QUALITIES
        .iter()
        .map(|quality| sheet.jpeg(*quality))
        .find(|bytes| bytes.len() < MAX_SHEET_BYTES)
}

/// A grid of cells; an incomplete last row is centred.
#[derive(Debug, Clone, Copy)]
struct Grid {
    count: u32,
    columns: u32,
    cell: Size,
}

impl Grid {
    /// Chooses the fewest columns that keep the sheet within its height.
    fn of(count: u32) -> Option<Self> {
        let of_columns = |columns| {
            let width = (SHEET_WIDTH_PIXELS - GAP_PIXELS * (columns + 1)) / columns;
            Self {
                count,
                columns,
                cell: Size::new(width, width * CELL_ASPECT.height / CELL_ASPECT.width),
            }
        };
        (1..=count)
            .map(of_columns)
            .find(|grid| grid.size().height <= MAX_HEIGHT_PIXELS)
    }

    fn size(self) -> Size {
        let rows = self.count.div_ceil(self.columns);
        Size::new(
            SHEET_WIDTH_PIXELS,
            rows * (self.cell.height + GAP_PIXELS) + GAP_PIXELS,
        )
    }

    fn position(self, number: u32) -> (u32, u32) {
        let (row, column) = (number / self.columns, number % self.columns);
        let in_row = self.columns.min(self.count - row * self.columns);
        let width = in_row * (self.cell.width + GAP_PIXELS) - GAP_PIXELS;
        (
            (SHEET_WIDTH_PIXELS - width) / 2 + column * (self.cell.width + GAP_PIXELS),
            GAP_PIXELS + row * (self.cell.height + GAP_PIXELS),
        )
    }
}

/// Returns the largest area of a cell's aspect ratio, placed high, where faces usually are.
fn upper_middle(picture: Size) -> Area {
    let Size { width, height } = picture;
    let cut_width = (height * CELL_ASPECT.width / CELL_ASPECT.height).clamp(1, width);
    let cut_height = (width * CELL_ASPECT.height / CELL_ASPECT.width).clamp(1, height);
    Area {
        left: (width - cut_width) / 2,
        top: (height - cut_height) / 4,
        size: Size::new(cut_width, cut_height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Wanted, samples};

    fn plain(colour: [u8; 3]) -> Picture {
        Picture(RgbImage::from_pixel(80, 100, Rgb(colour)))
    }

    fn shown(sheet: &[u8]) -> Picture {
        Picture::read(
            sheet,
            &Wanted {
                shorter_side: 1,
                within: Size::square(u32::MAX),
            },
        )
        .unwrap()
    }

    fn is_colour(picture: &Picture, (x, y): (u32, u32), colour: [u8; 3]) -> bool {
        picture.0[(x, y)]
            .0
            .iter()
            .zip(colour)
            .all(|(is, wanted)| is.abs_diff(wanted) <= 6)
    }

    fn middle(grid: Grid, number: u32) -> (u32, u32) {
        let (x, y) = grid.position(number);
        (x + grid.cell.width / 2, y + grid.cell.height / 2)
    }

    #[test]
    fn grid_has_the_fewest_columns_that_fit() {
        for (count, columns, height) in [
            (1, 1, 1_344),
            (2, 2, 676),
            (3, 2, 1_340),
            (4, 2, 1_340),
            (5, 2, 2_004),
            (6, 2, 2_004),
            (7, 3, 1_338),
            (12, 3, 1_780),
            (13, 4, 1_332),
            (24, 4, 1_992),
            (25, 5, 1_327),
            (36, 6, 1_326),
            (60, 7, 1_695),
        ] {
            let grid = Grid::of(count).unwrap();
            assert_eq!(
                (grid.columns, grid.size()),
                (columns, Size::new(1_080, height)),
                "{count}"
            );
        }
        for count in 1..=60 {
            let size = Grid::of(count).unwrap().size();
            assert!(
                size.height <= MAX_HEIGHT_PIXELS && (count == 2 || size.height > size.width),
                "{count}: {size}"
            );
        }
    }

    #[test]
    fn cells_lie_inside_the_sheet_with_gaps_between_them() {
        for count in 1..=60 {
            let grid = Grid::of(count).unwrap();
            let Size { width, height } = grid.cell;
            assert!((width * 5).abs_diff(height * 4) <= 4);
            let places: Vec<_> = (0..count).map(|number| grid.position(number)).collect();
            for (number, (x, y)) in places.iter().enumerate() {
                assert!(
                    *x >= GAP_PIXELS
                        && x + width + GAP_PIXELS <= SHEET_WIDTH_PIXELS
                        && *y >= GAP_PIXELS
                        && y + height + GAP_PIXELS <= grid.size().height
                );
                let is_apart = |(other_x, other_y): &(u32, u32)| {
                    x.abs_diff(*other_x) >= width + GAP_PIXELS
                        || y.abs_diff(*other_y) >= height + GAP_PIXELS
                };
                assert!(places[..number].iter().all(is_apart), "{count}");
            }
        }
    }

    #[test]
    fn pictures_are_tiled_in_order_on_the_background() {
        let colours = [[200, 30, 30], [30, 200, 30], [30, 30, 200]];
        let sheet = shown(&contact_sheet(&colours.map(plain)).unwrap());
        assert_eq!(sheet.size(), Size::new(1_080, 1_340));
        let grid = Grid::of(3).unwrap();
        for (number, colour) in (0..).zip(colours) {
            assert!(is_colour(&sheet, middle(grid, number), colour), "{number}");
        }
        // The last picture is centred in its row.
        assert_eq!(middle(grid, 2).0, SHEET_WIDTH_PIXELS / 2);
        for position in [
            (4, 4),
            (540, 300),
            (100, 1_000),
            (1_000, 1_000),
            (1_076, 1_336),
        ] {
            assert!(is_colour(&sheet, position, BACKGROUND.0), "{position:?}");
        }
    }

    #[test]
    fn dark_pictures_are_left_out() {
        let [dark, dim, red] = [[5, 5, 5], [20, 20, 20], [200, 30, 30]].map(plain);
        let with_dark = contact_sheet([&dark, &red, &dark, &dim]).unwrap();
        assert!(with_dark == contact_sheet([&red, &dim]).unwrap());
        assert!(is_colour(
            &shown(&with_dark),
            middle(Grid::of(2).unwrap(), 1),
            [20; 3]
        ));
    }

    #[test]
    fn sheet_is_none_without_visible_pictures() {
        assert_eq!(contact_sheet(&[]), None);
        assert_eq!(contact_sheet(&[plain([0; 3]), plain([9; 3])]), None);
    }

    #[test]
    fn sheet_shows_at_most_sixty_pictures() {
        let many = vec![plain([200, 30, 30]); 70];
        assert!(contact_sheet(&many) == contact_sheet(&many[..60]));
        assert!(contact_sheet(&many) != contact_sheet(&many[..59]));
    }

    #[test]
    fn cell_shows_the_upper_middle() {
        let area = |left, top, width, height| Area {
            left,
            top,
            size: Size::new(width, height),
        };
        for (width, height, cut) in [
            (800, 1_000, area(0, 0, 800, 1_000)),
            (1_000, 1_000, area(100, 0, 800, 1_000)),
            (800, 1_400, area(0, 100, 800, 1_000)),
            (1, 1, area(0, 0, 1, 1)),
            (1, 2_560, area(0, 639, 1, 1)),
            (2_560, 1, area(1_279, 0, 1, 1)),
        ] {
            assert_eq!(
                upper_middle(Size::new(width, height)),
                cut,
                "{width} × {height}"
            );
        }
    }

    #[test]
    fn pictures_of_any_aspect_ratio_make_a_sheet() {
        let shapes = [
            (1, 1),
            (1, 2_560),
            (2_560, 1),
            (30, 40),
            (1_536, 2_048),
            (2_048, 1_536),
        ];
        let pictures = shapes.map(|(width, height)| samples::quarters(width, height));
        assert_eq!(
            shown(&contact_sheet(&pictures).unwrap()).size(),
            Size::new(1_080, 2_004)
        );
    }

    #[test]
    fn sheet_is_below_a_megabyte_and_deterministic() {
        let sheet = contact_sheet(&vec![samples::noise(360, 450); 6]).unwrap();
        assert!(
            (300_000..1_000_000).contains(&sheet.len()),
            "small, but no worse than it has to be: {}",
            sheet.len()
        );
        let scenes: Vec<_> = (1..=8)
            .map(|number| samples::scene(256, 320, number))
            .collect();
        let sheet = contact_sheet(&scenes).unwrap();
        assert!(sheet == contact_sheet(&scenes).unwrap() && sheet.len() < 1_000_000);
    }
}
