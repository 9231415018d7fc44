use std::path::PathBuf;

use carousel_domain::{Format, Template};
use carousel_slides::Renderer;

use crate::samples::{LANGUAGES, draft, look};

#[test]
#[ignore = "writes pictures for eyes"]
fn sheet() {
    let renderer = Renderer::new();
    let out = PathBuf::from(std::env::var_os("OUT").expect("OUT"));
    for template in Template::ALL {
        for format in Format::ALL {
            for language in LANGUAGES {
                let start = std::time::Instant::now();
                let plans = renderer.layout(&draft(language), &look(template, format, language), None).unwrap();
                let planned = start.elapsed();
                for (at, plan) in plans.iter().enumerate() {
                    let rendered = renderer.render(plan).unwrap();
                    let name = format!("{}-{}-{}-{at}.png", template.name(), format.name(), language.code());
                    std::fs::write(out.join(name), rendered.png).unwrap();
                }
                println!("{template:?} {format:?} {language:?} plan {planned:?} all {:?} {:?}", start.elapsed(), plans[1].sizes());
            }
        }
    }
}
