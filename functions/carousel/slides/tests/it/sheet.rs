use std::path::PathBuf;

use carousel_domain::{Format, Template};
use carousel_slides::Renderer;

use crate::samples::{LANGUAGES, draft, look};

#[test]
#[ignore = "writes pictures for eyes"]
fn sheet() {
    let renderer = Renderer::new();
    let out = PathBuf::from(std::env::var_os("OUT").expect("OUT"));
    let formats = std::env::var("FORMATS").unwrap_or_default();
    for template in Template::ALL {
        for format in Format::ALL.into_iter().filter(|f| formats.contains(f.name())) {
            for language in LANGUAGES {
                let plans = renderer.layout(&draft(language), &look(template, format, language), None).unwrap();
                for (at, plan) in plans.iter().enumerate() {
                    let rendered = renderer.render(plan).unwrap();
                    let name = format!("{}-{}-{}-{at}.png", template.name(), format.name(), language.code());
                    std::fs::write(out.join(name), rendered.png).unwrap();
                }
                std::fs::write(out.join(format!("{}-{}-{}.pdf", template.name(), format.name(), language.code())), renderer.pdf(&plans).unwrap()).unwrap();
            }
        }
    }
}
