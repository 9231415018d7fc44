//! Detects a file's kind by its first bytes, whatever media type the sender declares.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Jpeg,
    Png,
    WebP,
    /// An animated sticker.
    AnimatedWebP,
    LosslessWebP,
    Gif,
    Heic,
    Avif,
    JpegXl,
    Tiff,
    Bmp,
    Pdf,
    Video,
}

impl Kind {
    /// Detects the kind; returns `None` for an unknown one.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        const SIGNATURES: [(&[u8], Kind); 13] = [
            (b"\xff\xd8\xff", Kind::Jpeg),
            (b"\x89PNG\r\n\x1a\n", Kind::Png),
            (b"GIF87a", Kind::Gif),
            (b"GIF89a", Kind::Gif),
            (b"II*\0", Kind::Tiff),
            (b"MM\0*", Kind::Tiff),
            (b"%PDF-", Kind::Pdf),
            (b"\xff\x0a", Kind::JpegXl),
            (b"\0\0\0\x0cJXL ", Kind::JpegXl),
            // Matroska and WebM, MPEG.
            (b"\x1a\x45\xdf\xa3", Kind::Video),
            (b"\0\0\x01\xba", Kind::Video),
            (b"\0\0\x01\xb3", Kind::Video),
            (b"FLV\x01", Kind::Video),
        ];
        if let Some((_, kind)) = SIGNATURES
            .iter()
            .find(|(signature, _)| bytes.starts_with(signature))
        {
            return Some(*kind);
        }
        match (bytes.get(..4)?, bytes.get(4..8)?, bytes.get(8..12)?) {
            (b"RIFF", _, b"WEBP") => Some(Self::WebP),
            (b"RIFF", _, b"AVI ") => Some(Self::Video),
            (_, b"ftyp", brand) => kind_by_brands(brand, bytes),
            (_, b"moov" | b"mdat" | b"wide", _) => Some(Self::Video),
            // Two letters are weak evidence: the reserved bytes after the length tell a bitmap from
            // text.
            ([b'B', b'M', ..], [_, _, 0, 0], [0, 0, ..]) => Some(Self::Bmp),
            _ => None,
        }
    }

    /// Returns the name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::AnimatedWebP => "animated WebP",
            Self::LosslessWebP => "lossless WebP",
            Self::Gif => "GIF",
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::JpegXl => "JPEG XL",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Pdf => "PDF",
            Self::Video => "video",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Tells HEIC, AVIF and MP4 apart, which share one container, by their main and compatible brands.
fn kind_by_brands(main: &[u8], bytes: &[u8]) -> Option<Kind> {
    let length = bytes
        .first_chunk()
        .map_or(0, |length| u32::from_be_bytes(*length)) as usize;
    let compatible = bytes.get(16..length.min(bytes.len())).unwrap_or_default();
    let known = [main]
        .into_iter()
        .chain(compatible.chunks_exact(4))
        .find_map(|brand| match brand {
            b"avif" | b"avis" => Some(Kind::Avif),
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" => Some(Kind::Heic),
            _ => None,
        });
    match main {
        // Pictures of any codec, which phones write for HEIC.
        b"mif1" | b"msf1" => known.or(Some(Kind::Heic)),
        b"M4A " | b"M4B " | b"crx " => None,
        _ => known.or(Some(Kind::Video)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_is_detected_by_the_first_bytes() {
        for (signature, kind) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], Kind::Jpeg),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Kind::Png),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Kind::WebP),
            (b"GIF89a\x01\0", Kind::Gif),
            (b"GIF87a\x01\0", Kind::Gif),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Kind::Heic),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Kind::Heic),
            (b"\0\0\0\x14ftypmsf1\0\0\0\0msf1", Kind::Heic),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", Kind::Avif),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", Kind::Avif),
            (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", Kind::Video),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Kind::Video),
            (b"\0\0\0\x18ftyp3gp5\0\0\0\0", Kind::Video),
            (b"\0\0\0\x08wide\0\0\0\0mdat", Kind::Video),
            (b"\x1a\x45\xdf\xa3\x01\0\0\0", Kind::Video),
            (b"RIFF\x10\0\0\0AVI LIST", Kind::Video),
            (b"II*\0\x08\0\0\0", Kind::Tiff),
            (b"MM\0*\0\0\0\x08", Kind::Tiff),
            (b"BM\x36\x10\0\0\0\0\0\0\x36\0\0\0", Kind::Bmp),
            (b"%PDF-1.7\n", Kind::Pdf),
            (b"\xff\x0a\xfa\x1f", Kind::JpegXl),
            (b"\0\0\0\x0cJXL \r\n\x87\n", Kind::JpegXl),
        ] {
            assert_eq!(
                Kind::of(signature),
                Some(kind),
                "{}",
                signature.escape_ascii()
            );
        }
    }

    #[test]
    fn partial_signatures_are_of_no_kind() {
        for signature in [
            &b""[..],
            b"\xff",
            b"\xff\xd8",
            b"\x89PNG\r\n",
            b"RIFF\x10\0\0\0",
            b"RIFF\x10\0\0\0WAVEfmt ",
            b"BMW is a car, not a bitmap",
            b"BM",
            b"\0\0\0\x18ftypM4A \0\0\0\0",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<!doctype html>",
            b"hello, this is a text",
            b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ] {
            assert_eq!(Kind::of(signature), None, "{}", signature.escape_ascii());
        }
    }

    #[test]
    fn brands_are_read_only_inside_their_box() {
        assert_eq!(
            Kind::of(b"\0\0\0\x14ftypmp42\0\0\0\0isom\0\0\0\x08heic"),
            Some(Kind::Video)
        );
        assert_eq!(
            Kind::of(b"\xff\xff\xff\xffftypmp42\0\0\0\0isomheic"),
            Some(Kind::Heic)
        );
    }
}
