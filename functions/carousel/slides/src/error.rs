/// Why a slide could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a font of the pack does not decode: {0}")]
    Font(String),
    #[error("the logo is not a usable PNG: {0}")]
    Logo(String),
    #[error("drawing failed: {0}")]
    Draw(#[from] takumi::prelude::Error),
    #[error("the stylesheet does not parse: {0}")]
    Stylesheet(String),
    #[error("writing the PDF failed: {0}")]
    Pdf(#[from] takumi_pdf::PdfError),
    #[error("a PDF needs at least one slide")]
    Empty,
    #[error("the measured tree is not the tree that was laid out")]
    Measure,
}
