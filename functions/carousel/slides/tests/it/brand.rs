use carousel_domain::{Color, FontPair, Format, Language, Template};
use carousel_slides::{Error, Logo, Renderer};

use crate::samples::{draft, look};

/// A white square with a transparent corner.
fn logo_png(side: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Rgba);
    let pixels: Vec<u8> = (0..side * side)
        .flat_map(|at| [255, 64, 64, if at == 0 { 0 } else { 255 }])
        .collect();
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&pixels)
        .unwrap();
    file
}

#[test]
fn logo_is_drawn_in_every_template_and_in_the_pdf() {
    let renderer = Renderer::new();
    let logo = Logo::from_png(&logo_png(128)).unwrap();
    for template in Template::ALL {
        let look = look(template, Format::Square, Language::En);
        let [without, with] = [None, Some(&logo)].map(|logo| {
            let slides = renderer.layout(&draft(Language::En), &look, logo).unwrap();
            (
                renderer.render(&slides[1]).unwrap(),
                renderer.pdf(&slides).unwrap(),
            )
        });
        assert!(without.0.png != with.0.png, "{template:?}");
        assert!(
            String::from_utf8_lossy(&with.1).contains("/Image"),
            "{template:?}"
        );
    }
}

#[test]
fn logo_that_is_broken_or_too_large_is_refused() {
    for png in [&b"not a png"[..], &logo_png(513), &logo_png(64)[..60]] {
        assert!(matches!(Logo::from_png(png), Err(Error::Logo(_))));
    }
}

#[test]
fn brand_moves_colors_and_fonts() {
    let renderer = Renderer::new();
    let plain = look(Template::Essay, Format::Square, Language::En);
    let mut branded = plain.clone();
    branded.brand.color = Color::parse("#1F6FEB");
    let mut sans = plain.clone();
    sans.brand.fonts = FontPair::Sans;
    let pictures = [plain, branded, sans].map(|look| {
        let slides = renderer.layout(&draft(Language::En), &look, None).unwrap();
        renderer.render(&slides[1]).unwrap().png
    });
    assert!(pictures[0] != pictures[1] && pictures[0] != pictures[2]);
}
