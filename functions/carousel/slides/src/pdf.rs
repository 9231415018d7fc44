//! A carousel as a vector PDF.

use carousel_domain::Format;
use takumi::prelude::{Fonts, Lang, Node};
use takumi_pdf::{PageMargins, PageOptions, PdfMetadata, PdfOptions, UncoveredText};

use crate::Error;
use crate::draw::{Sheet, node};
use crate::plan::PlannedSlide;

/// Writes one page a slide. Characters without a glyph are an error: plans leave them out.
pub(crate) fn write(
    slides: &[PlannedSlide],
    first: &PlannedSlide,
    fonts: &Fonts,
) -> Result<Vec<u8>, Error> {
    let page = &first.page;
    let mut pages = Vec::with_capacity(slides.len());
    for (at, slide) in slides.iter().enumerate() {
        let mut tree = slide.page.tree();
        if at > 0 {
            tree.class.push_str(" next");
        }
        pages.push(node(&tree)?);
    }
    let options = PdfOptions::builder()
        .node(Node::container(pages).with_class_name("pages"))
        .fonts(fonts)
        .stylesheet(Sheet::of(page.template)?.0)
        .page(page_options(page.format))
        .lang(Some(Lang::parse(page.language.code())?))
        .metadata(PdfMetadata {
            title: Some(page.heading().to_owned()),
            authors: page.brand.name.clone().into_iter().collect(),
            ..PdfMetadata::default()
        })
        .uncovered_text(UncoveredText::Error)
        .build();
    Ok(takumi_pdf::render(options)?)
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^24")]
fn page_options(format: Format) -> PageOptions {
    PageOptions {
        width: Format::WIDTH as f32,
        height: format.height() as f32,
        margin: PageMargins::uniform(0.0),
    }
}
