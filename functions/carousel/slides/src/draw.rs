//! From our tree to the renderer's, and back from its measurements.

use std::collections::BTreeMap;
use std::sync::Arc;

use carousel_domain::{Format, Language, Template};
use takumi::prelude::{
    Bitmap, Direction as TakumiDirection, Fonts, ImageData, ImageSourceInput, Lang, MeasuredNode,
    Node, OutputFormat, Quality, RenderOptions, Style, StyleSheet, Viewport,
};

use crate::Error;
use crate::element::{Content, Direction, Element};
use crate::style::stylesheet;

const JPEG_QUALITY: Quality = Quality::new(90);

/// A stylesheet as it is parsed once for many measurements.
#[derive(Clone)]
pub(crate) struct Sheet(pub(crate) Arc<StyleSheet>);

impl Sheet {
    pub(crate) fn of(template: Template) -> Result<Self, Error> {
        let sheet = StyleSheet::parse(&stylesheet(template))
            .map_err(|error| Error::Stylesheet(format!("{error:?}")))?;
        Ok(Self(Arc::new(sheet)))
    }
}

pub(crate) fn node(element: &Element) -> Result<Node, Error> {
    let node = match &element.content {
        Content::Text(text) => Node::text(text.as_str()),
        Content::Children(children) => {
            Node::container(children.iter().map(node).collect::<Result<Vec<_>, _>>()?)
        }
        Content::Logo(logo) => {
            let src = ImageSourceInput::Rgba(logo.image());
            let decorative = BTreeMap::from([("alt".into(), "".into())]);
            Node::image(ImageData {
                src,
                width: None,
                height: None,
            })
            .with_attributes(decorative)
        }
    };
    let mut node = node
        .with_tag_name(element.tag)
        .with_class_name(element.class.as_str());
    if !element.style.is_empty() {
        let style: Style = element
            .style
            .parse()
            .map_err(|error| Error::Stylesheet(format!("{error:?}")))?;
        node = node.with_style(style);
    }
    Ok(match element.direction {
        Some(Direction::LeftToRight) => node.with_dir(TakumiDirection::Ltr),
        Some(Direction::RightToLeft) => node.with_dir(TakumiDirection::Rtl),
        None => node,
    })
}

/// What a tree is laid out with.
pub(crate) struct Stage {
    pub(crate) fonts: Fonts,
    pub(crate) sheet: Sheet,
    pub(crate) format: Format,
    pub(crate) language: Language,
}

impl Stage {
    fn options(&self, tree: &Element) -> Result<RenderOptions<'_>, Error> {
        Ok(RenderOptions::builder()
            .viewport(Viewport::new((Format::WIDTH, self.format.height())))
            .node(node(tree)?)
            .fonts(&self.fonts)
            .stylesheet(Arc::clone(&self.sheet.0))
            .lang(Some(self.lang()?))
            .build())
    }

    pub(crate) fn lang(&self) -> Result<Lang, Error> {
        Ok(Lang::parse(self.language.code())?)
    }

    pub(crate) fn measure(&self, tree: &Element) -> Result<MeasuredNode, Error> {
        Ok(takumi::measure(self.options(tree)?)?)
    }

    pub(crate) fn draw(&self, tree: &Element) -> Result<Bitmap, Error> {
        Ok(takumi::render(self.options(tree)?)?)
    }
}

pub(crate) fn png(bitmap: &Bitmap) -> Result<Vec<u8>, Error> {
    let mut png = Vec::new();
    takumi::write_image(bitmap, &mut png, OutputFormat::Png)?;
    Ok(png)
}

pub(crate) fn jpeg(bitmap: &Bitmap) -> Result<Vec<u8>, Error> {
    let mut jpeg = Vec::new();
    takumi::write_image(
        bitmap,
        &mut jpeg,
        OutputFormat::Jpeg {
            quality: JPEG_QUALITY,
        },
    )?;
    Ok(jpeg)
}

/// Returns the measured box at the end of a path of child indices.
pub(crate) fn at_path<'a>(root: &'a MeasuredNode, path: &[usize]) -> Option<&'a MeasuredNode> {
    path.iter()
        .try_fold(root, |node, at| node.children.get(*at))
}
