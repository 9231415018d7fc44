//! The trees of the six templates. Their rules are in `style`.

use carousel_domain::{SlideKind, Template};

use crate::element::{Element, Part};
use crate::page::Page;

const LOGO_HEIGHT: u32 = 56;
const MAX_LOGO_WIDTH: u32 = 240;
const LEAD_ON_CONCEPTS: &[SlideKind] = &[SlideKind::Concept];
const LEAD_ON_COVERS: &[SlideKind] = &[SlideKind::Title, SlideKind::Concept];

pub(crate) fn tree(page: &Page) -> Element {
    let children = match page.template {
        Template::Essay => essay(page),
        Template::Night => night(page),
        Template::Swiss => swiss(page),
        Template::Verse => verse(page),
        Template::Bento => bento(page),
        Template::Bold => bold(page),
    };
    Element::of("slide", children)
}

fn essay(page: &Page) -> Vec<Element> {
    let sign = page.arrow().unwrap_or_else(|| Element::shape("dot"));
    let foot = row("row meta foot", [Some(handle(page)), Some(sign)]);
    vec![
        top(page),
        Element::shape("rule"),
        column(page, LEAD_ON_COVERS),
        foot,
    ]
}

fn night(page: &Page) -> Vec<Element> {
    let kicker = text_or_shape("span", "pill name", page, page.kicker());
    let head = row("row meta top", [Some(kicker), Some(number(page))]);
    let who = row("who", [logo(page), name(page), handle_sign(page)]);
    let foot = row("row meta foot", [Some(who), page.arrow()]);
    vec![Element::of(
        "card",
        vec![head, column(page, LEAD_ON_CONCEPTS), foot],
    )]
}

fn swiss(page: &Page) -> Vec<Element> {
    let figure = match page.slide.kind {
        SlideKind::Title => Element::shape("block"),
        SlideKind::Quote => Element::sign("fixed mark", "“"),
        _ => Element::sign("fixed numeral", format!("{:02}", page.number)),
    };
    let head = row("row meta top", [Some(figure), Some(number(page))]);
    let start = row("who", [logo(page), name(page)]);
    let end = row("who", [handle_sign(page), page.arrow()]);
    vec![
        head,
        column(page, LEAD_ON_CONCEPTS),
        row("row meta foot", [Some(start), Some(end)]),
    ]
}

fn verse(page: &Page) -> Vec<Element> {
    let head = row("row meta top", [Some(row("who", [logo(page), name(page)]))]);
    let foot = row(
        "row meta foot",
        [handle_sign(page), Some(number(page)), page.arrow()],
    );
    vec![
        head,
        column(page, LEAD_ON_CONCEPTS),
        foot,
        Element::shape("frame"),
    ]
}

fn bento(page: &Page) -> Vec<Element> {
    let kicker = text_or_shape("p", "kicker name", page, page.kicker());
    let head = row("row meta top", [Some(kicker), Some(number(page))]);
    let card = Element::of("card", vec![head, column(page, LEAD_ON_CONCEPTS)]);
    let figure = match logo(page) {
        Some(logo) => row("who", [Some(logo)]),
        None => Element::sign("figure", format!("{:02}", page.number)),
    };
    let first = Element::of(
        "tile",
        vec![
            figure,
            text_or_shape("span", "small", page, brand_name(page)),
        ],
    );
    let sign = match page.arrow() {
        Some(arrow) => Element {
            class: "figure".to_owned(),
            ..arrow
        },
        None => Element::shape("spot"),
    };
    let handle = page.brand.handle.as_deref().unwrap_or_default();
    let mut small = text_or_shape("span", "small", page, handle);
    small.direction = Some(crate::Direction::LeftToRight);
    let second = Element::of("tile second", vec![sign, Element::of("who", vec![small])]);
    vec![card, Element::of("tiles", vec![first, second])]
}

fn bold(page: &Page) -> Vec<Element> {
    let disc = page.arrow().map(|arrow| Element::of("disc", vec![arrow]));
    let foot = row("row meta foot", [Some(handle(page)), disc]);
    vec![top(page), column(page, LEAD_ON_COVERS), foot]
}

/// The row that stands in the same place on all slides: who speaks, and which slide this is.
fn top(page: &Page) -> Element {
    row(
        "row meta top",
        [
            Some(row("who", [logo(page), name(page)])),
            Some(number(page)),
        ],
    )
}

fn row<const N: usize>(class: &str, parts: [Option<Element>; N]) -> Element {
    Element::of(class, parts.into_iter().flatten().collect())
}

fn number(page: &Page) -> Element {
    Element::sign("fixed number", format!("{} / {}", page.number, page.count))
}

fn brand_name(page: &Page) -> &str {
    page.brand.name.as_deref().unwrap_or_default()
}

fn name(page: &Page) -> Option<Element> {
    let name = brand_name(page);
    (!name.is_empty()).then(|| Element::text("span", "name", page.set(name)))
}

fn handle_sign(page: &Page) -> Option<Element> {
    let handle = page
        .brand
        .handle
        .as_deref()
        .filter(|handle| !handle.is_empty())?;
    Some(Element::sign("name", handle))
}

fn handle(page: &Page) -> Element {
    handle_sign(page).unwrap_or_else(|| Element::shape("name"))
}

fn logo(page: &Page) -> Option<Element> {
    let logo = page.logo.clone()?;
    let (width, height) = logo.size_within(LOGO_HEIGHT, MAX_LOGO_WIDTH);
    let style = format!("width:{width}px;height:{height}px");
    Some(Element {
        style,
        ..Element::logo("logo", logo)
    })
}

fn text_or_shape(tag: &'static str, class: &str, page: &Page, text: &str) -> Element {
    if text.is_empty() {
        Element::shape("name")
    } else {
        Element::text(tag, class, page.set(text))
    }
}

/// The column that the texts stand in. `leads` are the kinds of slides that begin with a bar of the accent.
fn column(page: &Page, leads: &[SlideKind]) -> Element {
    let mut parts = Vec::new();
    if leads.contains(&page.slide.kind) {
        parts.push(Element::shape("lead"));
    }
    if page.is_quote() && page.template != Template::Swiss {
        parts.push(Element::sign("fixed mark", "“"));
    }
    let in_column = !matches!(page.template, Template::Night | Template::Bento);
    if in_column && !page.kicker().is_empty() {
        parts.push(Element::text(
            "p",
            "kicker anywhere",
            page.set(page.kicker()),
        ));
    }
    if !page.heading().is_empty() {
        let heading = Element::text("h1", &page.title_class(), page.set(page.heading()));
        parts.push(heading.with_part(Part::Title));
    }
    parts.extend(below(page));
    let stack = Element::of("stack", parts).with_part(Part::Stack);
    Element::of("mid", vec![stack]).with_part(Part::Column)
}

fn below(page: &Page) -> Vec<Element> {
    let mut parts = Vec::new();
    if !page.body().is_empty() {
        if page.template == Template::Verse {
            parts.push(Element::shape("bar"));
        }
        let class = if page.breaks_words {
            "body anywhere"
        } else {
            "body"
        };
        parts.push(Element::text("p", class, page.set(page.body())).with_part(Part::Body));
    }
    if let Some(source) = page
        .slide
        .source
        .as_deref()
        .filter(|source| !source.is_empty())
    {
        parts.push(Element::shape("bar"));
        parts.push(Element::text("p", "source anywhere", page.set(source)));
    }
    parts
}
