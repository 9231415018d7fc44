//! Lays out and draws slides.

use carousel_domain::{Draft, Look, Slide};

use crate::draw::{Sheet, Stage, jpeg, png};
use crate::element::escape;
use crate::fit::fit;
use crate::fonts::FontBook;
use crate::logo::Logo;
use crate::page::Page;
use crate::plan::{PlannedSlide, Sizes, SlideRequest, TextSizes};
use crate::scale::Scale;
use crate::style::{stacks, stylesheet};
use crate::text::{clean, clean_slide};
use crate::{Error, pdf};

/// The files of one slide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedSlide {
    pub png: Vec<u8>,
    /// Quality 90.
    pub jpeg: Vec<u8>,
}

/// Draws slides. Fonts are decoded when a text first needs them and stay decoded: make one per process.
#[derive(Default)]
pub struct Renderer {
    fonts: FontBook,
}

impl std::fmt::Debug for Renderer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Renderer")
    }
}

impl Renderer {
    pub fn new() -> Self {
        Self::default()
    }

    /// Decides the sizes of a carousel: for each group of slides the smallest that one of them needs.
    pub fn sizes(&self, draft: &Draft, look: &Look, logo: Option<&Logo>) -> Result<Sizes, Error> {
        Ok(self.alone(draft, look, logo)?.1)
    }

    /// Lays out a whole carousel.
    pub fn layout(
        &self,
        draft: &Draft,
        look: &Look,
        logo: Option<&Logo>,
    ) -> Result<Vec<PlannedSlide>, Error> {
        let (alone, sizes) = self.alone(draft, look, logo)?;
        let together = |(planned, request): (PlannedSlide, SlideRequest<'_>)| {
            if planned.sizes() == sizes.of(request.slide.kind) {
                return Ok(planned);
            }
            self.plan(&request, logo)
        };
        alone
            .into_iter()
            .zip(requests(draft, look, sizes))
            .map(together)
            .collect()
    }

    /// Lays out each slide as large as it may be, and returns the sizes that all of them fit in.
    fn alone(
        &self,
        draft: &Draft,
        look: &Look,
        logo: Option<&Logo>,
    ) -> Result<(Vec<PlannedSlide>, Sizes), Error> {
        let mut sizes = greatest_sizes(look);
        let mut alone = Vec::with_capacity(draft.slides.len());
        for request in requests(draft, look, sizes) {
            let planned = self.plan(&request, logo)?;
            let group = sizes.of_mut(request.slide.kind);
            *group = group.min(planned.sizes());
            alone.push(planned);
        }
        Ok((alone, sizes))
    }

    /// Lays out one slide in the sizes of its carousel, or in smaller ones when it needs them.
    pub fn plan(
        &self,
        request: &SlideRequest<'_>,
        logo: Option<&Logo>,
    ) -> Result<PlannedSlide, Error> {
        let mut page = page(request, logo);
        let uncovered = self
            .fonts
            .uncovered(&texts(&page), stacks(page.is_serif()))?;
        page.slide = clean_slide(request.slide, &uncovered);
        page.brand.name = page.brand.name.map(|name| clean(&name, &uncovered, false));
        page.brand.handle = page
            .brand
            .handle
            .map(|handle| clean(&handle, &uncovered, false));
        let fitted = fit(&self.stage(&page)?, page)?;
        Ok(PlannedSlide {
            page: fitted.page,
            cuts: fitted.cuts,
            uncovered,
        })
    }

    pub fn render(&self, slide: &PlannedSlide) -> Result<RenderedSlide, Error> {
        let bitmap = self.stage(&slide.page)?.draw(&slide.page.tree())?;
        Ok(RenderedSlide {
            png: png(&bitmap)?,
            jpeg: jpeg(&bitmap)?,
        })
    }

    /// Writes slides of one look as a tagged PDF with vectors and selectable text, a page each.
    pub fn pdf(&self, slides: &[PlannedSlide]) -> Result<Vec<u8>, Error> {
        let Some(first) = slides.first() else {
            return Err(Error::Empty);
        };
        let texts: String = slides.iter().map(|slide| texts(&slide.page)).collect();
        let fonts = self
            .fonts
            .fonts_for(&texts, stacks(first.page.is_serif()))?;
        pdf::write(slides, first, &fonts)
    }

    /// Returns where every box and run of text lies, as JSON. Exact on every platform, for tests.
    pub fn measure(&self, slide: &PlannedSlide) -> Result<serde_json::Value, Error> {
        let measured = self.stage(&slide.page)?.measure(&slide.page.tree())?;
        serde_json::to_value(measured).map_err(|_| Error::Measure)
    }

    fn stage(&self, page: &Page) -> Result<Stage, Error> {
        Ok(Stage {
            fonts: self
                .fonts
                .fonts_for(&texts(page), stacks(page.is_serif()))?,
            sheet: Sheet::of(page.template)?,
            format: page.format,
            language: page.language,
        })
    }
}

/// Returns a slide as an HTML document. Browsers fetch its fonts from `<fonts_url>/<file name of the slice>`.
pub fn html(slide: &PlannedSlide, fonts_url: &str) -> String {
    let page = &slide.page;
    let mut html = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><style>",
        page.language.code()
    );
    for slice in carousel_fonts::SLICES {
        if stacks(page.is_serif())
            .iter()
            .any(|stack| stack.contains(slice.family))
        {
            html.push_str(&slice.font_face(fonts_url));
        }
    }
    html.push_str(&stylesheet(page.template));
    html.push_str("body{margin:0}</style><title>");
    escape(&mut html, page.heading());
    html.push_str("</title>");
    page.tree().write_html(&mut html);
    html.push_str("</html>");
    html
}

fn greatest_sizes(look: &Look) -> Sizes {
    use carousel_domain::SlideKind;
    let of = |kind| TextSizes::greatest(Scale::of(look.template, kind));
    Sizes {
        cover: of(SlideKind::Title),
        content: of(SlideKind::Principle),
        quote: of(SlideKind::Quote),
    }
}

fn requests<'a>(
    draft: &'a Draft,
    look: &'a Look,
    sizes: Sizes,
) -> impl Iterator<Item = SlideRequest<'a>> {
    let count = draft.slides.len();
    let request = move |(at, slide): (usize, &'a Slide)| SlideRequest {
        slide,
        look,
        language: draft.language,
        number: at + 1,
        count,
        sizes,
    };
    draft.slides.iter().enumerate().map(request)
}

fn page(request: &SlideRequest<'_>, logo: Option<&Logo>) -> Page {
    Page {
        slide: request.slide.clone(),
        language: request.language,
        template: request.look.template,
        format: request.look.format,
        brand: request.look.brand.clone(),
        logo: logo.cloned(),
        number: request.number,
        count: request.count,
        sizes: request.sizes.of(request.slide.kind),
        breaks_words: false,
    }
}

/// Everything that may be set on a page, for choosing fonts. The last characters are ours.
fn texts(page: &Page) -> String {
    let slide = &page.slide;
    let source = slide.source.as_deref().unwrap_or_default();
    let name = page.brand.name.as_deref().unwrap_or_default();
    let handle = page.brand.handle.as_deref().unwrap_or_default();
    [
        &slide.kicker,
        &slide.title,
        &slide.body,
        source,
        name,
        handle,
        "→←“…",
    ]
    .concat()
}
