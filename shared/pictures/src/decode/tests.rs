use image::ExtendedColorType;
use proptest::prelude::*;

use super::*;
use crate::{
    Picture, Size,
    samples::{self, jpeg, png_parts, webp},
};

fn refused(bytes: &[u8]) -> Refusal {
    decode(bytes, 1).err().expect("a refusal")
}

fn size_of(bytes: &[u8]) -> Size {
    let pixels = decode(bytes, 1)
        .map(|decoded| decoded.pixels)
        .expect("a picture");
    Size::new(pixels.width(), pixels.height())
}

/// Builds small files of every format and coding.
fn files() -> Vec<Vec<u8>> {
    let scene = samples::scene(40, 30, 1);
    let size = scene.size();
    let alpha = webp::chunk(b"ALPH", &[&[0][..], &[200; 40 * 30]].concat());
    vec![
        scene.jpeg(80),
        jpeg::flat(0xc0, 40, 30, &[0x11]),
        jpeg::flat(0xc0, 40, 30, &[0x22, 0x11, 0x11]),
        jpeg::flat(0xc1, 40, 30, &[0x11, 0x11, 0x11, 0x11]),
        jpeg::flat(0xc2, 40, 30, &[0x11]),
        jpeg::flat(0xc2, 40, 30, &[0x21, 0x11, 0x11]),
        jpeg::in_scans(0xc0, 40, 30, &[0x11; 3]),
        samples::png(&scene),
        samples::png_of(size, &[90; 40 * 30 * 8], ExtendedColorType::Rgba16),
        png_of_zeros(40, 30, 8, 2, true),
        png_of_zeros(40, 30, 1, 0, false),
        samples::lossless_webp(&scene),
        webp::riff(&[webp::lossy(size, 300)]),
        webp::riff(&[
            webp::canvas(webp::ALPHA, size),
            alpha,
            webp::lossy(size, 300),
        ]),
        webp::riff(&[
            webp::canvas(webp::ALPHA, size),
            webp::plain_alpha(),
            webp::lossy(size, 300),
        ]),
        webp::riff(&[webp::plain_lossless(size)]),
        webp::riff(&[webp::many_codes(size, 300)]),
    ]
}

fn png_of_zeros(width: u32, height: u32, depth: u8, kind: u8, interlaced: bool) -> Vec<u8> {
    let bytes = height as usize * (9 + width as usize * 8);
    let data = png_parts::chunk(b"IDAT", &png_parts::packed_zeros(bytes));
    let end = png_parts::chunk(b"IEND", &[]);
    [
        png_parts::start(width, height, depth, kind, interlaced),
        data,
        end,
    ]
    .concat()
}

#[test]
fn every_format_and_coding_is_decoded() {
    for (number, file) in files().iter().enumerate() {
        let size = decode(file, 1).map(|decoded| decoded.pixels.dimensions());
        assert_eq!(size, Ok((40, 30)), "file {number}");
    }
}

#[test]
fn decoded_pixels_match_the_source() {
    let scene = samples::scene(40, 30, 1);
    for file in [samples::png(&scene), samples::lossless_webp(&scene)] {
        assert!(decode(&file, 1).unwrap().pixels == scene.0);
    }
    let pixels = decode(&scene.jpeg(95), 1).unwrap().pixels;
    let off = pixels
        .iter()
        .zip(scene.0.iter())
        .map(|(is, was)| is.abs_diff(*was))
        .max();
    assert!(off < Some(24), "{off:?}");
    for flat in [
        jpeg::flat(0xc0, 40, 30, &[0x22, 0x11, 0x11]),
        jpeg::flat(0xc2, 40, 30, &[0x11]),
    ] {
        assert!(
            decode(&flat, 1)
                .unwrap()
                .pixels
                .iter()
                .all(|part| *part == 128)
        );
    }
}

#[test]
fn transparent_pixels_become_white() {
    let clear = samples::png_of(Size::square(4), &[0; 64], ExtendedColorType::Rgba8);
    assert!(
        decode(&clear, 1)
            .unwrap()
            .pixels
            .iter()
            .all(|part| *part == 255)
    );
    let size = Size::square(16);
    let alpha = webp::chunk(b"ALPH", &[0; 1 + 256]);
    let clear = webp::riff(&[
        webp::canvas(webp::ALPHA, size),
        alpha,
        webp::lossy(size, 300),
    ]);
    assert!(
        decode(&clear, 1)
            .unwrap()
            .pixels
            .iter()
            .all(|part| *part == 255)
    );
}

#[test]
fn unsupported_file_is_refused_by_its_kind() {
    assert_eq!(refused(b""), Refusal::Empty);
    assert_eq!(
        refused(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        Refusal::UnknownKind
    );
    assert_eq!(
        refused(b"GIF89a\x01\0\x01\0"),
        Refusal::OtherKind(Kind::Gif)
    );
    assert_eq!(
        refused(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        Refusal::OtherKind(Kind::Heic)
    );
    for start in [
        &b"\xff\xd8\xff"[..],
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x08\0\0\0WEBP",
    ] {
        assert_eq!(refused(start), Refusal::Unreadable);
        let other = [start, &samples::png(&samples::scene(40, 30, 1))].concat();
        assert_eq!(refused(&other), Refusal::Unreadable);
    }
}

#[test]
fn truncated_file_is_refused() {
    for (number, file) in files().iter().enumerate() {
        let needed = match Kind::of(file) {
            // The chunk after the pixels carries no data.
            Some(Kind::Png) => file.len() - 16,
            // The last byte may be padding.
            Some(Kind::WebP) => file.len() - 1,
            _ => file.len(),
        };
        for length in 12..needed {
            assert!(
                decode(&file[..length], 1).is_err(),
                "file {number}, {length} of {} bytes",
                file.len()
            );
        }
    }
}

#[test]
fn corrupt_scan_is_refused_instead_of_decoded_as_grey() {
    let mut file = samples::scene(400, 300, 1).jpeg(90);
    let middle = file.len() / 2;
    // No Huffman code consists of ones only.
    file[middle..middle + 40].copy_from_slice(&[0xff, 0].repeat(20));
    assert_eq!(refused(&file), Refusal::Unreadable);
}

#[test]
fn size_is_checked_before_memory_is_allocated() {
    let too_many = |width, height| Refusal::TooManyPixels(Size::new(width, height));
    assert_eq!(
        refused(&jpeg::flat(0xc0, 65_535, 65_535, &[0x11])),
        too_many(65_535, 65_535)
    );
    assert_eq!(
        refused(&jpeg::flat(0xc0, 12_001, 8, &[0x11])),
        too_many(12_001, 8)
    );
    // Fifty megapixels fit in one scan, but not with all coefficients kept until the last scan.
    let full = [0x11, 0x11, 0x11];
    assert_eq!(
        refused(&jpeg::flat(0xc2, 8_000, 6_000, &full)),
        too_many(8_000, 6_000)
    );
    assert_eq!(
        refused(&jpeg::in_scans(0xc0, 8_000, 6_000, &full)),
        too_many(8_000, 6_000)
    );
    for (width, height) in [
        (100_000, 100_000),
        (12_001, 1),
        (u32::MAX >> 1, u32::MAX >> 1),
        (8_000, 8_000),
    ] {
        let file = [
            png_parts::start(width, height, 8, 6, false),
            png_parts::chunk(b"IDAT", &[0x78, 0x01]),
        ]
        .concat();
        assert_eq!(refused(&file), too_many(width, height));
    }
    // Sixteen bits per channel double the memory.
    let deep = [
        png_parts::start(8_000, 6_000, 16, 6, false),
        png_parts::chunk(b"IDAT", &[0x78, 0x01]),
    ]
    .concat();
    assert_eq!(refused(&deep), too_many(8_000, 6_000));
    let huge = Size::new(16_383, 16_383);
    assert_eq!(
        refused(&webp::riff(&[webp::lossy(huge, 9)])),
        too_many(16_383, 16_383)
    );
    assert_eq!(
        refused(&webp::riff(&[webp::many_codes(Size::new(16_383, 1), 1)])),
        too_many(16_383, 1)
    );
    let canvas = webp::canvas(0, Size::square(1 << 24));
    let file = webp::riff(&[canvas]);
    assert_eq!(refused(&file), too_many(1 << 24, 1 << 24));
}

#[test]
fn large_file_with_few_pixels_is_refused() {
    let file = webp::riff(&[webp::lossy(Size::square(40), 36_000_000)]);
    assert_eq!(refused(&file), Refusal::TooManyPixels(Size::square(40)));
}

#[test]
fn webp_frame_larger_than_its_canvas_is_refused() {
    let canvas = webp::canvas(0, Size::square(40));
    for frame in [
        webp::lossy(Size::square(16_000), 300),
        webp::many_codes(Size::new(16_000, 1), 1),
    ] {
        assert_eq!(
            refused(&webp::riff(&[canvas.clone(), frame])),
            Refusal::Unreadable
        );
    }
}

#[test]
fn webp_chunk_longer_than_the_file_is_refused() {
    let size = Size::square(40);
    let mut file = webp::riff(&[webp::canvas(webp::EXIF, size), webp::lossy(size, 300)]);
    file.extend(b"EXIF\xf0\xff\xff\xff");
    assert_eq!(refused(&file), Refusal::Unreadable);
}

#[test]
fn webp_decompression_bomb_is_refused() {
    let bomb = webp::riff(&[webp::many_codes(Size::square(16), 65_536)]);
    assert!(bomb.len() < 700_000);
    assert_eq!(refused(&bomb), Refusal::OtherKind(Kind::LosslessWebP));
    let size = Size::square(40);
    let alpha = webp::chunk(b"ALPH", &vec![1; 100_000]);
    let bomb = webp::riff(&[
        webp::canvas(webp::ALPHA, size),
        alpha,
        webp::lossy(size, 300),
    ]);
    assert_eq!(refused(&bomb), Refusal::OtherKind(Kind::LosslessWebP));
}

#[test]
fn animated_webp_is_refused_and_apng_shows_its_first_frame() {
    let size = Size::square(40);
    let frame = webp::chunk(b"ANMF", &[&[0; 16][..], &webp::lossy(size, 300)].concat());
    for chunks in [
        vec![
            webp::canvas(webp::ANIMATED, size),
            webp::chunk(b"ANIM", &[0; 6]),
            frame.clone(),
        ],
        // Decoders also look at chunks, not only at the flag.
        vec![webp::canvas(0, size), frame, webp::lossy(size, 300)],
        vec![webp::canvas(webp::ANIMATED, size), webp::lossy(size, 300)],
    ] {
        assert_eq!(
            refused(&webp::riff(&chunks)),
            Refusal::OtherKind(Kind::AnimatedWebP)
        );
    }
    let control = png_parts::chunk(b"acTL", &[0, 0, 0, 9, 0, 0, 0, 0]);
    assert_eq!(
        size_of(&png_parts::with(
            &samples::png(&samples::scene(40, 30, 1)),
            &control
        )),
        Size::new(40, 30)
    );
}

#[test]
fn compressed_png_metadata_is_not_expanded() {
    let zeros = png_parts::packed_zeros(200 * 1024 * 1024);
    let png = samples::png(&samples::scene(40, 30, 1));
    for name in [b"iCCP", b"zTXt"] {
        let chunk = png_parts::chunk(name, &[&b"p\0\0"[..], &zeros].concat());
        assert_eq!(size_of(&png_parts::with(&png, &chunk)), Size::new(40, 30));
    }
}

#[test]
fn jpeg_without_tables_or_dimensions_is_refused() {
    let scan = jpeg::scan(&[1], [0, 63, 0], 400);
    let frame = |width, height| jpeg::frame(0xc0, width, height, &[0x11]);
    for (what, parts) in [
        ("no tables", [frame(40, 30), scan.clone()]),
        (
            "no width",
            [[jpeg::tables(), frame(0, 30)].concat(), scan.clone()],
        ),
        ("no height", [[jpeg::tables(), frame(40, 0)].concat(), scan]),
    ] {
        assert_eq!(
            refused(&[&[0xff, 0xd8][..], &parts.concat(), &[0xff, 0xd9]].concat()),
            Refusal::Unreadable,
            "{what}"
        );
    }
}

#[test]
fn jpeg_scan_with_restart_markers_is_decoded() {
    let grey = jpeg::flat(0xc0, 40, 30, &[0x11]);
    let interval = jpeg::segment(0xdd, &[0, 1]);
    let header = grey.len() - 2 - 5;
    // Twenty blocks, each of two zero bits and padding.
    let blocks: Vec<u8> = (0..20)
        .flat_map(|block| [0x3f, 0xff, 0xd0 + block % 8])
        .take(20 * 3 - 2)
        .collect();
    let file = [
        &jpeg::with(&grey[..header], &interval)[..],
        &blocks,
        &[0xff, 0xd9],
    ]
    .concat();
    assert!(decode(&file, 1).unwrap().pixels == decode(&grey, 1).unwrap().pixels);
}

#[test]
fn jpeg_padding_and_trailing_data_are_ignored() {
    let file = samples::scene(40, 30, 1).jpeg(80);
    let clean = decode(&file, 1).unwrap().pixels;
    let padded = jpeg::with(&file, &[&jpeg::segment(0xfe, b"")[..], &[0; 100]].concat());
    let with_video = [&file[..], b"\0\0\0\x18ftypmp42", &file[..300]].concat();
    let with_notes = jpeg::with(
        &file,
        &jpeg::segment(0xfe, b"\xff\xd8\xff\xda a comment with markers \xff\xd9"),
    );
    for file in [padded, with_video, with_notes] {
        assert!(decode(&file, 1).unwrap().pixels == clean);
    }
}

#[test]
fn shorter_side_is_checked_before_decoding() {
    let size = Size::new(600, 511);
    let only_header = png_parts::start(600, 511, 8, 2, false);
    let file = [only_header, png_parts::chunk(b"IDAT", &[1, 2, 3])].concat();
    assert_eq!(decode(&file, 512).err(), Some(Refusal::TooSmall(size)));
    assert_eq!(decode(&file, 511).err(), Some(Refusal::Unreadable));
    let file = samples::scene(600, 511, 1).jpeg(80);
    assert_eq!(decode(&file, 512).err(), Some(Refusal::TooSmall(size)));
    assert!(decode(&file, 511).is_ok());
}

#[derive(Debug, Clone)]
enum Mutation {
    Byte(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index, usize),
    Double(prop::sample::Index, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        6 => any::<(prop::sample::Index, u8)>().prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        2 => (any::<prop::sample::Index>(), prop::sample::select(vec![0, 1, 0x7f, 0x80, 0xff]))
            .prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        1 => any::<prop::sample::Index>().prop_map(Mutation::Cut),
        1 => (any::<prop::sample::Index>(), 1_usize..20).prop_map(|(at, count)| Mutation::Remove(at, count)),
        1 => (any::<prop::sample::Index>(), 1_usize..200).prop_map(|(at, count)| Mutation::Double(at, count)),
    ]
}

fn mutated(mut file: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for mutation in mutations
        .iter()
        .filter(|_| !file.is_empty())
        .cloned()
        .collect::<Vec<_>>()
    {
        let length = file.len();
        match mutation {
            Mutation::Byte(at, byte) => file[at.index(length)] = byte,
            Mutation::Cut(at) => file.truncate(at.index(length).max(1)),
            Mutation::Remove(at, count) => {
                let at = at.index(length);
                file.drain(at..(at + count).min(length));
            }
            Mutation::Double(at, count) => {
                let at = at.index(length);
                let part = file[at..(at + count).min(length)].to_vec();
                file.splice(at..at, part);
            }
        }
        if file.is_empty() {
            break;
        }
    }
    file
}

proptest! {
    #[test]
    fn decoding_never_panics_on_any_bytes(start in 0_usize..6, rest in prop::collection::vec(any::<u8>(), 0..400)) {
        let starts: [&[u8]; 6] = [
            b"",
            b"\xff\xd8\xff",
            b"\xff\xd8\xff\xc0\0\x0b\x08\0\x20\0\x20\x01\x01\x11\0\xff",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20",
            b"RIFF\0\x01\0\0WEBPVP8 \x80\0\0\0\x10\x02\0\x9d\x01\x2a\x20\0\x20\0",
            b"RIFF\0\x01\0\0WEBPVP8L\x80\0\0\0\x2f\x1f\xc0\x07",
        ];
        drop(decode(&[starts[start], &rest].concat(), 1));
    }

    #[test]
    fn decoding_never_panics_on_a_mutated_file(
        file in prop::sample::select(files()), mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        if let Ok(decoded) = decode(&mutated(file, &mutations), 1) {
            prop_assert!(!Picture(decoded.pixels).jpeg(50).is_empty());
        }
    }
}
