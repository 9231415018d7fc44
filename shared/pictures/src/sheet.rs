//! Contact sheets: many pictures on one, to show at a glance what a set is like.

use image::{Rgb, RgbImage, imageops};

use crate::{
    Picture, Size, light,
    resize::{Area, resized},
};

const WIDTH: u32 = 1_080;
const GAP: u32 = 12;
const BACKGROUND: Rgb<u8> = Rgb([244, 242, 238]);
/// A picture that is darker on average shows nothing. Picture models give such ones instead of what they refuse.
const DARK: u8 = 12;
/// A cell is four wide and five high.
const CELL: Size = Size::new(4, 5);
/// Tall sheets are cut where chats show them.
const MOST_HEIGHT: u32 = 2_052;
const MOST_PICTURES: usize = 60;
const MOST_BYTES: usize = 1_000_000;
const QUALITIES: [u8; 7] = [86, 76, 64, 50, 35, 20, 8];

/// A JPEG of 1,080 pixels across and less than a megabyte, with the first 60 pictures that are not dark; None without
/// any. It is higher than wide, but for two pictures, which are side by side. The same pictures give the same bytes.
///
/// A cell shows the upper middle of a picture. From three pictures on it needs no more than 522 × 652 of it.
pub fn contact_sheet<'a>(pictures: impl IntoIterator<Item = &'a Picture>) -> Option<Vec<u8>> {
    let shown: Vec<_> = pictures
        .into_iter()
        .filter(|picture| light::mean(&picture.0) > DARK)
        .take(MOST_PICTURES)
        .collect();
    let grid = Grid::of(shown.len() as u32)?;
    let mut sheet = RgbImage::from_pixel(grid.size().width, grid.size().height, BACKGROUND);
    for (number, picture) in (0..).zip(shown) {
        let (x, y) = grid.place(number);
        let cell = resized(&picture.0, upper_middle(picture.size()), grid.cell);
        imageops::replace(&mut sheet, &cell, x.into(), y.into());
    }
    let sheet = Picture(sheet);
    QUALITIES
        .iter()
        .map(|quality| sheet.jpeg(*quality))
        .find(|bytes| bytes.len() < MOST_BYTES)
}

/// Cells in rows, the last of which may have fewer, in its middle.
#[derive(Debug, Clone, Copy)]
struct Grid {
    count: u32,
    columns: u32,
    cell: Size,
}

impl Grid {
    /// As few columns as the height allows.
    fn of(count: u32) -> Option<Self> {
        let of_columns = |columns| {
            let width = (WIDTH - GAP * (columns + 1)) / columns;
            Self {
                count,
                columns,
                cell: Size::new(width, width * CELL.height / CELL.width),
            }
        };
        (1..=count)
            .map(of_columns)
            .find(|grid| grid.size().height <= MOST_HEIGHT)
    }

    fn size(self) -> Size {
        let rows = self.count.div_ceil(self.columns);
        Size::new(WIDTH, rows * (self.cell.height + GAP) + GAP)
    }

    fn place(self, number: u32) -> (u32, u32) {
        let (row, column) = (number / self.columns, number % self.columns);
        let in_row = self.columns.min(self.count - row * self.columns);
        let width = in_row * (self.cell.width + GAP) - GAP;
        (
            (WIDTH - width) / 2 + column * (self.cell.width + GAP),
            GAP + row * (self.cell.height + GAP),
        )
    }
}

/// The largest part of the shape of a cell, as far up as faces are.
fn upper_middle(picture: Size) -> Area {
    let Size { width, height } = picture;
    let cut_width = (height * CELL.width / CELL.height).clamp(1, width);
    let cut_height = (width * CELL.height / CELL.width).clamp(1, height);
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
        let (x, y) = grid.place(number);
        (x + grid.cell.width / 2, y + grid.cell.height / 2)
    }

    #[test]
    fn sheets_have_as_few_columns_as_fit() {
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
                size.height <= MOST_HEIGHT && (count == 2 || size.height > size.width),
                "{count}: {size}"
            );
        }
    }

    #[test]
    fn cells_lie_in_the_sheet_with_gaps_between_them() {
        for count in 1..=60 {
            let grid = Grid::of(count).unwrap();
            let Size { width, height } = grid.cell;
            assert!((width * 5).abs_diff(height * 4) <= 4);
            let places: Vec<_> = (0..count).map(|number| grid.place(number)).collect();
            for (number, (x, y)) in places.iter().enumerate() {
                assert!(
                    *x >= GAP
                        && x + width + GAP <= WIDTH
                        && *y >= GAP
                        && y + height + GAP <= grid.size().height
                );
                let is_apart = |(other_x, other_y): &(u32, u32)| {
                    x.abs_diff(*other_x) >= width + GAP || y.abs_diff(*other_y) >= height + GAP
                };
                assert!(places[..number].iter().all(is_apart), "{count}");
            }
        }
    }

    #[test]
    fn pictures_are_shown_in_order_on_a_calm_ground() {
        let colours = [[200, 30, 30], [30, 200, 30], [30, 30, 200]];
        let sheet = shown(&contact_sheet(&colours.map(plain)).unwrap());
        assert_eq!(sheet.size(), Size::new(1_080, 1_340));
        let grid = Grid::of(3).unwrap();
        for (number, colour) in (0..).zip(colours) {
            assert!(is_colour(&sheet, middle(grid, number), colour), "{number}");
        }
        // The last one is in the middle of its row.
        assert_eq!(middle(grid, 2).0, WIDTH / 2);
        for place in [
            (4, 4),
            (540, 300),
            (100, 1_000),
            (1_000, 1_000),
            (1_076, 1_336),
        ] {
            assert!(is_colour(&sheet, place, BACKGROUND.0), "{place:?}");
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
    fn without_pictures_there_is_no_sheet() {
        assert_eq!(contact_sheet(&[]), None);
        assert_eq!(contact_sheet(&[plain([0; 3]), plain([9; 3])]), None);
    }

    #[test]
    fn only_so_many_are_shown() {
        let many = vec![plain([200, 30, 30]); 70];
        assert!(contact_sheet(&many) == contact_sheet(&many[..60]));
        assert!(contact_sheet(&many) != contact_sheet(&many[..59]));
    }

    #[test]
    fn a_cell_has_the_upper_middle() {
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
    fn pictures_of_any_shape_make_a_sheet() {
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
    fn a_sheet_is_less_than_a_megabyte_and_always_the_same() {
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
