//! The fonts that slides are set in, as data in the binary: woff2 slices with the characters that they cover.
//!
//! Architecture invariant: data only. A slice is decoded by the renderer when a text needs it; bytes of other
//! slices are never paged in.

include!(concat!(env!("OUT_DIR"), "/manifest.rs"));

/// A part of a font family, as its publisher slices it. All weights are in one file.
#[derive(Clone, Copy)]
pub struct Slice {
    pub family: &'static str,
    pub subset: &'static str,
    /// Inclusive, in order. What the publisher lists; single characters within may be missing.
    pub ranges: &'static [(u32, u32)],
    /// The least and the greatest weight.
    pub weights: (u16, u16),
    pub woff2: &'static [u8],
}

impl Slice {
    pub fn lists(&self, character: char) -> bool {
        let code = u32::from(character);
        self.ranges
            .iter()
            .any(|&(first, last)| (first..=last).contains(&code))
    }

    /// Returns the name that a server gives the slice, such as `noto-sans-sc-97.woff2`.
    pub fn file_name(&self) -> String {
        format!(
            "{}-{}.woff2",
            self.family.to_lowercase().replace(' ', "-"),
            self.subset
        )
    }

    /// Returns the CSS rule that lets a browser fetch the slice when a text needs it.
    pub fn font_face(&self, fonts_url: &str) -> String {
        let ranges: Vec<String> = self
            .ranges
            .iter()
            .map(|(first, last)| format!("U+{first:X}-{last:X}"))
            .collect();
        // Emoji sequences are set whole, with the digits of keycaps.
        let range = if self.subset == "emoji" {
            String::new()
        } else {
            format!("unicode-range:{};", ranges.join(","))
        };
        let (least, greatest) = self.weights;
        format!(
            "@font-face{{font-family:'{}';font-weight:{least} {greatest};{range}src:url('{fonts_url}/{}')}}",
            self.family,
            self.file_name(),
        )
    }
}

/// Returns the slice of a file name.
pub fn slice_of_file(file_name: &str) -> Option<&'static Slice> {
    SLICES.iter().find(|slice| slice.file_name() == file_name)
}

impl std::fmt::Debug for Slice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.family, self.subset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slice_files_are_woff2() {
        for slice in SLICES {
            assert!(slice.woff2.starts_with(b"wOF2"), "{slice:?}");
        }
    }

    #[test]
    fn every_script_of_the_slides_is_listed() {
        let mut letters = vec![
            'A', 'ş', 'ю', 'ґ', 'λ', 'ᾳ', 'ש', 'ָ', 'क', 'ॐ', 'ع', 'گ', 'ٹ', '😀',
        ];
        if cfg!(feature = "chinese") {
            letters.extend(['道', '。']);
        }
        for letter in letters {
            assert!(SLICES.iter().any(|slice| slice.lists(letter)), "{letter:?}");
        }
    }

    #[test]
    fn ranges_are_in_order() {
        for slice in SLICES {
            assert!(slice.ranges.is_sorted(), "{slice:?}");
        }
    }
}
