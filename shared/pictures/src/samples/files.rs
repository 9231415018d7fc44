//! Builds files by hand, as an attacker could.

/// Builds Exif data with an orientation and a GPS position.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x02".to_vec();
    tiff.extend(
        [
            &b"\x01\x0e\0\x02\0\0\0\x10\0\0\0\x26"[..],
            b"\x01\x12\0\x03\0\0\0\x01",
        ]
        .concat(),
    );
    tiff.extend(orientation.to_be_bytes());
    tiff.extend([0; 2 + 4]);
    tiff.extend(b"32.0853,34.7818\0");
    tiff
}

pub(crate) const PLACE: &[u8] = b"32.0853,34.7818";

pub(crate) mod jpeg {
    pub(crate) fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], content].concat()
    }

    /// Inserts segments before all others.
    pub(crate) fn with(jpeg: &[u8], segments: &[u8]) -> Vec<u8> {
        [&jpeg[..2], segments, &jpeg[2..]].concat()
    }

    pub(crate) fn frame(marker: u8, width: u16, height: u16, sampling: &[u8]) -> Vec<u8> {
        let ([h0, h1], [w0, w1]) = (height.to_be_bytes(), width.to_be_bytes());
        let mut content = vec![8, h0, h1, w0, w1, sampling.len() as u8];
        content.extend(
            (1..)
                .zip(sampling)
                .flat_map(|(id, sampling)| [id, *sampling, 0]),
        );
        segment(marker, &content)
    }

    /// Builds one table of each kind. Both Huffman codes have a single bit: no difference, and end
    /// of block.
    pub(crate) fn tables() -> Vec<u8> {
        let code = |table: u8| {
            let mut content = vec![table, 1];
            content.extend([0; 16]);
            segment(0xc4, &content)
        };
        let mut quantization = vec![0];
        quantization.extend([16; 64]);
        [segment(0xdb, &quantization), code(0x00), code(0x10)].concat()
    }

    /// Builds a scan of the given components, with zero bits only.
    pub(crate) fn scan(components: &[u8], range: [u8; 3], bits: usize) -> Vec<u8> {
        let mut content = vec![components.len() as u8];
        content.extend(components.iter().flat_map(|id| [*id, 0]));
        content.extend(range);
        [segment(0xda, &content), vec![0; bits.div_ceil(8)]].concat()
    }

    /// Builds a grey picture with one scan for each component.
    pub(crate) fn in_scans(marker: u8, width: u16, height: u16, sampling: &[u8]) -> Vec<u8> {
        let bits = 2 * usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8));
        let components = 1..=sampling.len() as u8;
        let scans: Vec<u8> = components
            .flat_map(|component| scan(&[component], [0, 63, 0], bits))
            .collect();
        [
            &[0xff, 0xd8][..],
            &tables(),
            &frame(marker, width, height, sampling),
            &scans,
            &[0xff, 0xd9],
        ]
        .concat()
    }

    /// Builds a grey picture with one scan of as many zero bits as there are codes.
    pub(crate) fn flat(marker: u8, width: u16, height: u16, sampling: &[u8]) -> Vec<u8> {
        let (range, codes) = if marker == 0xc2 {
            ([0, 0, 0], 1)
        } else {
            ([0, 63, 0], 2)
        };
        let max_sampling = |shift: u8| {
            usize::from(
                sampling
                    .iter()
                    .map(|each| each >> shift & 0xf)
                    .max()
                    .unwrap_or(1),
            )
        };
        let mcus = usize::from(width).div_ceil(8 * max_sampling(4))
            * usize::from(height).div_ceil(8 * max_sampling(0));
        let blocks: usize = sampling
            .iter()
            .map(|each| mcus * usize::from(each >> 4) * usize::from(each & 0xf))
            .sum();
        let components: Vec<u8> = (1..).take(sampling.len()).collect();
        let scan = scan(&components, range, codes * blocks);
        [
            &[0xff, 0xd8][..],
            &tables(),
            &frame(marker, width, height, sampling),
            &scan,
            &[0xff, 0xd9],
        ]
        .concat()
    }
}

pub(crate) mod png_parts {
    pub(crate) const HEADER_END: usize = 8 + 25;

    pub(crate) fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let named = [&name[..], content].concat();
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], &named, &crc(&named).to_be_bytes()].concat()
    }

    /// Inserts a chunk after the header.
    pub(crate) fn with(png: &[u8], chunk: &[u8]) -> Vec<u8> {
        [&png[..HEADER_END], chunk, &png[HEADER_END..]].concat()
    }

    /// Builds the signature and the header. Colour types: 0 grey, 2 RGB, 3 palette, 4 grey with
    /// alpha, 6 RGB with alpha.
    pub(crate) fn start(width: u32, height: u32, depth: u8, kind: u8, interlaced: bool) -> Vec<u8> {
        let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
        header.extend([depth, kind, 0, 0, interlaced.into()]);
        [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &header)].concat()
    }

    /// Compresses zeros to as few bytes as deflate allows.
    pub(crate) fn packed_zeros(count: usize) -> Vec<u8> {
        // Fixed Huffman codes: a zero, then copies of the last 258 bytes one byte back, thirteen
        // bits each.
        let mut bits = super::Bits::default();
        bits.push(0b011, 3);
        bits.push_reversed(0x30, 8);
        for _ in 0..count.div_ceil(258) {
            bits.push_reversed(0b1100_0101, 8);
            bits.push(0, 5);
        }
        bits.push(0, 7);
        [&[0x78, 0x01][..], &bits.bytes, &[0; 4]].concat()
    }

    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                crc >> 1 ^ (if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
            })
        })
    }
}

pub(crate) mod webp {
    use super::Bits;
    use crate::Size;

    pub(crate) fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
        let content = [&b"WEBP"[..], &chunks.concat()].concat();
        [
            &b"RIFF"[..],
            &(content.len() as u32).to_le_bytes(),
            &content,
        ]
        .concat()
    }

    pub(crate) fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let padding = &[0][..content.len() % 2];
        [
            &name[..],
            &(content.len() as u32).to_le_bytes(),
            content,
            padding,
        ]
        .concat()
    }

    pub(crate) const ANIMATED: u8 = 2;
    pub(crate) const EXIF: u8 = 8;
    pub(crate) const ALPHA: u8 = 16;

    pub(crate) fn canvas(flags: u8, size: Size) -> Vec<u8> {
        let [width, height] = [size.width - 1, size.height - 1].map(u32::to_le_bytes);
        chunk(
            b"VP8X",
            &[&[flags, 0, 0, 0][..], &width[..3], &height[..3]].concat(),
        )
    }

    /// Returns the only chunk of a simple file.
    pub(crate) fn only_chunk(webp: &[u8]) -> Vec<u8> {
        webp[12..].to_vec()
    }

    /// Builds a key frame of zero bits, which is grey.
    pub(crate) fn lossy(size: Size, data: usize) -> Vec<u8> {
        let tag = (data as u32) << 5 | 1 << 4;
        let mut frame = tag.to_le_bytes()[..3].to_vec();
        frame.extend([0x9d, 0x01, 0x2a]);
        frame.extend(
            [size.width as u16, size.height as u16]
                .map(u16::to_le_bytes)
                .concat(),
        );
        frame.extend(vec![0; 2 * data]);
        chunk(b"VP8 ", &frame)
    }

    /// Builds a picture of one colour, in as few bytes as possible.
    pub(crate) fn plain_lossless(size: Size) -> Vec<u8> {
        let mut bits = lossless_start(size);
        plain(&mut bits);
        chunk(b"VP8L", &bits.bytes)
    }

    /// Builds a uniform alpha channel.
    pub(crate) fn plain_alpha() -> Vec<u8> {
        let mut bits = Bits::default();
        bits.push(1, 8);
        plain(&mut bits);
        chunk(b"ALPH", &bits.bytes)
    }

    fn lossless_start(size: Size) -> Bits {
        let mut bits = Bits::default();
        bits.push(0x2f, 8);
        bits.push(size.width - 1, 14);
        bits.push(size.height - 1, 14);
        bits.push(0, 1 + 3);
        bits
    }

    /// Writes no transforms, no cache, and one set of codes with one symbol each.
    fn plain(bits: &mut Bits) {
        bits.push(0, 3);
        for _ in 0..5 {
            bits.push(0b001, 4);
        }
        bits.push(0, 64);
    }

    /// Builds a small picture with many Huffman codes; each takes ten bytes here and 70,000 in a
    /// decoder.
    pub(crate) fn many_codes(size: Size, codes: u32) -> Vec<u8> {
        let mut bits = lossless_start(size);
        bits.push(0, 1);
        // A colour cache of eleven bits, and a meta image of one pixel that gives the number of
        // codes.
        bits.push(1, 1);
        bits.push(11, 4);
        bits.push(1, 1);
        bits.push(7, 3);
        bits.push(0, 1);
        let last = codes - 1;
        for symbol in [last & 0xff, last >> 8, 0, 0, 0] {
            bits.push(0b101, 3);
            bits.push(symbol, 8);
        }
        for _ in 0..codes {
            // 2,048 symbols of eleven bits each, encoded with one symbol of zero bits.
            bits.push(0, 1);
            bits.push(11, 4);
            for place in 0..15 {
                bits.push(u32::from(place == 14), 3);
            }
            bits.push(1, 1);
            bits.push(5, 3);
            bits.push(2_046, 12);
            // Four codes of one symbol each, in four bits.
            for _ in 0..4 {
                bits.push(0b001, 4);
            }
        }
        // Enough bits for all pixels, which are equal.
        bits.bytes.extend(vec![0; 2 * size.pixels() as usize]);
        chunk(b"VP8L", &bits.bytes)
    }
}

/// Writes bits, least significant first.
#[derive(Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn push(&mut self, value: u32, count: usize) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |=
                ((value.checked_shr(bit as u32).unwrap_or(0) & 1) as u8) << (self.used % 8);
            self.used += 1;
        }
    }

    /// Pushes the most significant bit first, as deflate orders its codes.
    fn push_reversed(&mut self, value: u32, count: usize) {
        for bit in (0..count).rev() {
            self.push(value >> bit, 1);
        }
    }
}
