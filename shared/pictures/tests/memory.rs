//! How much memory strangers can make us take: files at the bounds of what is read, one after the other. Alone in its
//! process, so that nothing else is counted.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, unreachable_pub, reason = "the samples are for the other tests too")]
#[path = "../src/samples/files.rs"]
mod files;

use std::time::Instant;

use confab_pictures::{LARGEST_KEPT, Picture, Refusal, Size, Wanted};
use files::{jpeg, png_parts, webp};

const MOST: u64 = 256_000_000;

#[test]
fn no_file_takes_more_than_a_quarter_of_a_gigabyte() {
    assert!(read(&jpeg::flat(0xc0, 640, 480, &[0x11])).is_ok());
    let start = bytes_of("VmSize:");
    for (what, file) in files() {
        let began = Instant::now();
        let read = read(&file);
        let taken = bytes_of("VmPeak:").saturating_sub(start + file.len() as u64);
        println!("{what}: {} bytes, at most {taken} until now, {:?}", file.len(), began.elapsed());
        assert!(read.is_ok(), "{what}: {read:?} says nothing of memory");
        assert!(taken < MOST, "{what}: {taken}");
    }
    // The first one alone takes so much.
    assert!(bytes_of("VmPeak:") > start + 150_000_000, "else nothing is measured");
}

fn read(file: &[u8]) -> Result<Picture, Refusal> {
    Picture::read(file, &Wanted { shorter_side: 1, within: Size::square(LARGEST_KEPT) })
}

fn bytes_of(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let zeros = png_parts::packed_zeros(200 * 1024 * 1024);
    let small = png_of_zeros(64, 8, 2, false);
    let packed = |name| png_parts::with(&small, &png_parts::chunk(name, &[&b"p\0\0"[..], &zeros].concat()));
    let lossy = |side, data| (Size::square(side), webp::lossy(Size::square(side), data));
    let with_alpha = |side| {
        let (size, frame) = lossy(side, 300_000);
        webp::riff(&[webp::canvas(webp::ALPHA, size), webp::plain_alpha(), frame])
    };
    vec![
        ("JPEG", jpeg::flat(0xc0, 7_240, 7_240, &[0x22, 0x11, 0x11])),
        ("JPEG of full colours", jpeg::flat(0xc0, 7_240, 7_240, &[0x11; 3])),
        ("progressive JPEG", jpeg::flat(0xc2, 5_900, 5_900, &[0x22, 0x11, 0x11])),
        ("progressive JPEG of full colours", jpeg::flat(0xc2, 4_900, 4_900, &[0x11; 3])),
        ("progressive JPEG for print", jpeg::flat(0xc2, 4_400, 4_400, &[0x11; 4])),
        ("progressive grey JPEG", jpeg::flat(0xc2, 6_500, 6_500, &[0x11])),
        ("JPEG in three scans", jpeg::in_scans(0xc0, 4_900, 4_900, &[0x11; 3])),
        ("PNG with alpha", png_of_zeros(7_240, 8, 6, false)),
        ("interlaced PNG with alpha", png_of_zeros(7_240, 8, 6, true)),
        ("deep PNG with alpha", png_of_zeros(5_200, 16, 6, false)),
        ("grey PNG", png_of_zeros(7_240, 8, 0, false)),
        ("deep grey PNG", png_of_zeros(6_600, 16, 0, false)),
        ("PNG of single bits", png_of_zeros(7_240, 1, 0, true)),
        ("PNG with a large profile", packed(b"iCCP")),
        ("PNG with a large text", packed(b"zTXt")),
        ("WebP", webp::riff(&[lossy(6_500, 500_000).1])),
        ("WebP with alpha", with_alpha(4_400)),
        ("lossless WebP", webp::riff(&[webp::plain_lossless(Size::square(5_200))])),
        ("lossless WebP of many codes", webp::riff(&[webp::many_codes(Size::square(16), 2_950)])),
    ]
}

fn png_of_zeros(side: u32, depth: u8, kind: u8, interlaced: bool) -> Vec<u8> {
    let channels = if kind == 6 { 4 } else { 1 };
    // Each row has a byte in front, and interlacing makes more rows.
    let bytes = side as usize * (side as usize * channels * usize::from(depth.max(8)) / 8 + 16);
    let data = png_parts::chunk(b"IDAT", &png_parts::packed_zeros(bytes));
    let end = png_parts::chunk(b"IEND", &[]);
    [png_parts::start(side, side, depth, kind, interlaced), data, end].concat()
}
