//! `cargo +nightly fuzz run picture fuzz/corpus/picture fuzz/seeds/picture -- -max_total_time=60 -malloc_limit_mb=256`
//! A decoder that panics ends the run, although [`Picture::read`] would answer.
#![no_main]

use confab_pictures::{Kind, Likeness, Picture, Size, Wanted, contact_sheet};
use libfuzzer_sys::fuzz_target;

const WANTED: Wanted = Wanted { shorter_side: 2, within: Size::square(64) };

fuzz_target!(|bytes: &[u8]| {
    let Ok(picture) = Picture::read(bytes, &WANTED) else { return };
    assert!(matches!(Kind::of(bytes), Some(Kind::Jpeg | Kind::Png | Kind::WebP)));
    let size = picture.size();
    assert!((1..=64).contains(&size.width) && (1..=64).contains(&size.height));
    let made = picture.jpeg(80);
    assert_eq!(Kind::of(&made), Some(Kind::Jpeg));
    let again = Picture::read(&made, &Wanted { shorter_side: 1, ..WANTED }).unwrap();
    assert_eq!(again.size(), size);
    assert!(Likeness::of(&picture).is_near(Likeness::of(&picture)));
    if let Some(sheet) = contact_sheet([&picture]) {
        assert!(sheet.len() < 1_000_000);
    }
});
