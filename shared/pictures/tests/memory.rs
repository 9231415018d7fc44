//! Measures peak memory of files just within the limits and just outside them. Runs alone in its
//! process, so that nothing else is counted.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "other tests use these samples as well")]
#[path = "../src/samples/files.rs"]
mod files;

use std::time::Instant;

use confab_pictures::{Kind, MAX_KEPT_SIDE_PIXELS, Picture, Refusal, Size, Wanted};

use files::{jpeg, png_parts, webp};

const MAX_MEMORY_BYTES: u64 = 256_000_000;

/// A name, a file of the given side or number of codes, and the largest value that is accepted,
/// within 5%.
type Case = (&'static str, fn(u32) -> Vec<u8>, u32);

const CASES: [Case; 15] = [
    (
        "JPEG",
        |side| jpeg::flat(0xc0, side as u16, side as u16, &[0x22, 0x11, 0x11]),
        7_240,
    ),
    (
        "JPEG of full colours",
        |side| jpeg::flat(0xc0, side as u16, side as u16, &[0x11; 3]),
        7_240,
    ),
    (
        "progressive JPEG",
        |side| jpeg::flat(0xc2, side as u16, side as u16, &[0x22, 0x11, 0x11]),
        5_900,
    ),
    (
        "progressive JPEG of full colours",
        |side| jpeg::flat(0xc2, side as u16, side as u16, &[0x11; 3]),
        4_800,
    ),
    (
        "progressive JPEG for print",
        |side| jpeg::flat(0xc2, side as u16, side as u16, &[0x11; 4]),
        4_300,
    ),
    (
        "progressive grey JPEG",
        |side| jpeg::flat(0xc2, side as u16, side as u16, &[0x11]),
        6_400,
    ),
    (
        "JPEG in three scans",
        |side| jpeg::in_scans(0xc0, side as u16, side as u16, &[0x11; 3]),
        4_800,
    ),
    (
        "PNG with alpha",
        |side| png_of_zeros(side, 8, 6, false),
        7_240,
    ),
    (
        "interlaced PNG with alpha",
        |side| png_of_zeros(side, 8, 6, true),
        7_240,
    ),
    (
        "deep PNG with alpha",
        |side| png_of_zeros(side, 16, 6, false),
        5_100,
    ),
    (
        "deep grey PNG",
        |side| png_of_zeros(side, 16, 0, false),
        6_400,
    ),
    (
        "WebP",
        |side| webp::riff(&[webp::lossy(Size::square(side), 500_000)]),
        6_400,
    ),
    ("WebP with alpha", with_alpha, 4_300),
    (
        "lossless WebP",
        |side| webp::riff(&[webp::plain_lossless(Size::square(side))]),
        5_100,
    ),
    (
        "WebP of many codes",
        |codes| webp::riff(&[webp::many_codes(Size::square(16), codes)]),
        2_850,
    ),
];

#[test]
fn decoding_any_file_takes_at_most_256_megabytes() {
    assert!(read(&png_of_zeros(64, 8, 0, false)).is_ok());
    let start = memory_bytes("VmRSS:");
    let check = |what: &str, file: Vec<u8>| {
        let began = Instant::now();
        let read = read(&file);
        let peak = memory_bytes("VmHWM:").saturating_sub(start);
        println!(
            "{what}: {} bytes, {:?}, peak {peak} so far",
            file.len(),
            began.elapsed()
        );
        assert!(read.is_ok(), "{what}: {read:?}");
        assert!(peak < MAX_MEMORY_BYTES, "{what}: {peak}");
    };
    for (what, file_of, largest) in CASES {
        check(what, file_of(largest));
        let refusal = read(&file_of(largest * 21 / 20)).unwrap_err();
        let is_size_refusal = matches!(
            refusal,
            Refusal::TooManyPixels(_) | Refusal::OtherKind(Kind::LosslessWebP)
        );
        assert!(is_size_refusal, "{what}: {refusal:?}");
    }
    let small = png_of_zeros(64, 8, 2, false);
    for name in [b"iCCP", b"zTXt"] {
        let content = [&b"p\0\0"[..], &png_parts::packed_zeros(400 * 1024 * 1024)].concat();
        check(
            "PNG with much metadata",
            png_parts::with(&small, &png_parts::chunk(name, &content)),
        );
    }
    assert!(
        memory_bytes("VmHWM:") > start + 150_000_000,
        "the largest files must show in the measurement"
    );
}

fn read(file: &[u8]) -> Result<Picture, Refusal> {
    Picture::read(
        file,
        &Wanted {
            shorter_side: 1,
            within: Size::square(MAX_KEPT_SIDE_PIXELS),
        },
    )
}

fn memory_bytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    line.trim()
        .strip_suffix(" kB")
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

fn with_alpha(side: u32) -> Vec<u8> {
    let size = Size::square(side);
    webp::riff(&[
        webp::canvas(webp::ALPHA, size),
        webp::plain_alpha(),
        webp::lossy(size, 300_000),
    ])
}

fn png_of_zeros(side: u32, depth: u8, kind: u8, interlaced: bool) -> Vec<u8> {
    let channels = [1, 0, 3, 0, 0, 0, 4][usize::from(kind)];
    // Each row has a filter byte in front, and interlacing adds rows.
    let bytes = side as usize * (side as usize * channels * usize::from(depth) / 8 + 16);
    let data = png_parts::chunk(b"IDAT", &png_parts::packed_zeros(bytes));
    let end = png_parts::chunk(b"IEND", &[]);
    [
        png_parts::start(side, side, depth, kind, interlaced),
        data,
        end,
    ]
    .concat()
}
