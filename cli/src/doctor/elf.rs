//! What machine a binary was built for.

use std::{fs::File, io::Read, path::Path};

use super::Binary;

/// Of each function that was built for a deployment: `target/lambda/<function>/bootstrap`.
pub(crate) fn architectures(lambda: &Path) -> Vec<Binary> {
    let mut found: Vec<_> = std::fs::read_dir(lambda)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|folder| {
            let mut header = [0; 20];
            File::open(folder.path().join("bootstrap"))
                .ok()?
                .read_exact(&mut header)
                .ok()?;
            let function = folder.file_name().to_string_lossy().into_owned();
            Some(Binary {
                function,
                architecture: machine(&header),
            })
        })
        .collect();
    found.sort_by(|a, b| a.function.cmp(&b.function));
    found
}

/// As CloudFormation calls it, from the beginning of an ELF file.
fn machine(header: &[u8; 20]) -> &'static str {
    match (
        header.starts_with(b"\x7fELF"),
        u16::from_le_bytes([header[18], header[19]]),
    ) {
        (true, 62) => "x86_64",
        (true, 183) => "arm64",
        _ => "another machine",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(magic: &[u8; 4], machine: u8) -> [u8; 20] {
        let mut header = [0; 20];
        header[..4].copy_from_slice(magic);
        header[18] = machine;
        header
    }

    #[test]
    fn a_binary_tells_its_machine() {
        let folder = tempfile::tempdir().unwrap();
        for (function, header) in [
            ("b", header(b"\x7fELF", 62)),
            ("a", header(b"\x7fELF", 183)),
            ("c", header(b"#!/b", 62)),
        ] {
            std::fs::create_dir(folder.path().join(function)).unwrap();
            std::fs::write(folder.path().join(function).join("bootstrap"), header).unwrap();
        }
        let of = |function: &str, architecture| Binary {
            function: function.into(),
            architecture,
        };
        let expected = [
            of("a", "arm64"),
            of("b", "x86_64"),
            of("c", "another machine"),
        ];
        assert_eq!(architectures(folder.path()), expected);
        assert!(architectures(&folder.path().join("not-there")).is_empty());
    }
}
