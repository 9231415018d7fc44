//! One slide as its template sees it: texts with their sizes, colours and place in the carousel.

use carousel_domain::{Brand, FontPair, Format, Language, Script, Slide, SlideKind, Template};

use crate::element::{Direction, Element};
use crate::logo::Logo;
use crate::palette::Palette;
use crate::plan::TextSizes;
use crate::scale::Scale;
use crate::script::{is_balanced, isolate, letter_spacing, line_height};
use crate::{color, templates};

/// What a tree is built from. Texts are cleaned and may have been cut.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) slide: Slide,
    pub(crate) language: Language,
    pub(crate) template: Template,
    pub(crate) format: Format,
    pub(crate) brand: Brand,
    pub(crate) logo: Option<Logo>,
    /// From 1.
    pub(crate) number: usize,
    pub(crate) count: usize,
    pub(crate) sizes: TextSizes,
    /// Whether words may break anywhere, because one is wider than the slide.
    pub(crate) breaks_words: bool,
}

impl Page {
    pub(crate) fn is_quote(&self) -> bool {
        self.slide.kind == SlideKind::Quote
    }

    pub(crate) fn is_last(&self) -> bool {
        self.number >= self.count
    }

    pub(crate) fn is_serif(&self) -> bool {
        match self.brand.fonts {
            FontPair::Template => matches!(self.template, Template::Essay | Template::Verse),
            FontPair::Sans => false,
            FontPair::Serif => true,
        }
    }

    /// The words set largest: of a quote its body, when it has one.
    pub(crate) fn heading(&self) -> &str {
        if self.is_quote() && !self.slide.body.is_empty() {
            &self.slide.body
        } else {
            &self.slide.title
        }
    }

    /// The text below the heading. Quotes have a source there.
    pub(crate) fn body(&self) -> &str {
        if self.is_quote() {
            ""
        } else {
            &self.slide.body
        }
    }

    /// The line above the heading: of a quote that has a body, its title when it has no kicker.
    pub(crate) fn kicker(&self) -> &str {
        let titled_quote =
            self.is_quote() && !self.slide.body.is_empty() && self.slide.kicker.is_empty();
        if titled_quote {
            &self.slide.title
        } else {
            &self.slide.kicker
        }
    }

    pub(crate) fn scale(&self) -> Scale {
        Scale::of(self.template, self.slide.kind)
    }

    /// Returns a text as it is set: in right-to-left slides with its left-to-right runs isolated.
    pub(crate) fn set(&self, text: &str) -> String {
        if self.language.is_right_to_left() {
            isolate(text)
        } else {
            text.to_owned()
        }
    }

    /// Returns the arrow to the next slide; none on the last.
    pub(crate) fn arrow(&self) -> Option<Element> {
        let arrow = if self.language.is_right_to_left() {
            "←"
        } else {
            "→"
        };
        (!self.is_last()).then(|| Element::sign("fixed arrow", arrow))
    }

    pub(crate) fn tree(&self) -> Element {
        let mut root = templates::tree(self);
        root.class = self.root_class();
        root.style = self.root_style();
        root.direction = Some(if self.language.is_right_to_left() {
            Direction::RightToLeft
        } else {
            Direction::LeftToRight
        });
        root
    }

    fn root_class(&self) -> String {
        let kind = match self.slide.kind {
            SlideKind::Title => "cover",
            SlideKind::Principle => "principle",
            SlideKind::Quote => "quote",
            SlideKind::Concept => "concept",
            SlideKind::Summary => "summary",
        };
        let serif = if self.is_serif() { " serif" } else { "" };
        format!(
            "slide {} {} {kind}{serif}",
            self.template.name(),
            self.format.name()
        )
    }

    pub(crate) fn title_class(&self) -> String {
        let mut class = "title".to_owned();
        if is_balanced(self.heading()) && !self.breaks_words {
            class.push_str(" balanced");
        }
        if self.breaks_words {
            class.push_str(" anywhere");
        }
        class
    }

    /// The line height of the heading, in hundredths.
    pub(crate) fn title_line(&self) -> u32 {
        line_height(self.scale().title_line, &[self.heading()], self.script())
    }

    fn script(&self) -> Script {
        self.language.script()
    }

    fn root_style(&self) -> String {
        let scale = self.scale();
        let body_line = line_height(scale.body_line, &[self.body()], self.script());
        let tracking = letter_spacing(scale.tracking, self.heading(), self.script());
        let TextSizes { title, body } = self.sizes;
        format!(
            "--title:{title}px;--body:{body}px;--title-line:{};--body-line:{};--tracking:{}em;--quote-weight:{};{}",
            f64::from(self.title_line()) / 100.0,
            f64::from(body_line) / 100.0,
            f64::from(tracking) / 1000.0,
            if self.is_serif() { 500 } else { 600 },
            self.colors(),
        )
    }

    fn colors(&self) -> String {
        let palette = Palette::of(self.template, self.slide.kind, self.brand.color);
        let line = color::blend(palette.accent, palette.paper, 45);
        let pill = color::blend(palette.paper, palette.surface, 70);
        let named = [
            ("paper", palette.paper),
            ("surface", palette.surface),
            ("ink", palette.ink),
            ("text", palette.text),
            ("meta", palette.meta),
            ("accent", palette.accent),
            ("accent-text", palette.accent_text),
            ("accent-large", palette.accent_large),
            ("on-accent", palette.on_accent),
            ("second", palette.second),
            ("on-second", palette.on_second),
            ("line", line),
            ("pill", pill),
        ];
        let solid = named.map(|(name, color)| format!("--{name}:{};", color::css(color)));
        let lights = [
            ("light-1", palette.lights[0], 55),
            ("light-2", palette.lights[1], 38),
        ];
        let lights = lights.map(|(name, color, percent)| {
            let rgb = format!("{},{},{}", color.red, color.green, color.blue);
            format!("--{name}:rgba({rgb},.{percent});--{name}-end:rgba({rgb},0);")
        });
        solid.concat() + &lights.concat()
    }
}
