//! The tree that a slide is: built by Rust, drawn by a renderer or written as HTML. Texts fill slots of it and are
//! never read as markup or style.

use crate::logo::Logo;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    LeftToRight,
    RightToLeft,
}

impl Direction {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Text(String),
    Children(Vec<Element>),
    Logo(Logo),
}

/// What the fit rules look for in a measured tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The room that the stack may take.
    Column,
    /// Kicker, title and body.
    Stack,
    Title,
    Body,
}

/// A box of a slide. Its class names rules of the stylesheet; its style holds sizes and colours, which are ours.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) tag: &'static str,
    pub(crate) class: String,
    pub(crate) style: String,
    pub(crate) direction: Option<Direction>,
    pub(crate) part: Option<Part>,
    pub(crate) content: Content,
}

impl Element {
    pub(crate) fn of(class: &str, children: Vec<Self>) -> Self {
        Self::new("div", class, Content::Children(children))
    }

    /// A box without content.
    pub(crate) fn shape(class: &str) -> Self {
        Self::of(class, Vec::new())
    }

    pub(crate) fn text(tag: &'static str, class: &str, text: impl Into<String>) -> Self {
        Self::new(tag, class, Content::Text(text.into()))
    }

    /// A number, handle or sign, which reads from left to right in every language.
    pub(crate) fn sign(class: &str, text: impl Into<String>) -> Self {
        let element = Self::new("span", class, Content::Text(text.into()));
        Self {
            direction: Some(Direction::LeftToRight),
            ..element
        }
    }

    pub(crate) fn logo(class: &str, logo: Logo) -> Self {
        Self::new("img", class, Content::Logo(logo))
    }

    pub(crate) fn with_part(self, part: Part) -> Self {
        Self {
            part: Some(part),
            ..self
        }
    }

    fn new(tag: &'static str, class: &str, content: Content) -> Self {
        Self {
            tag,
            class: class.to_owned(),
            style: String::new(),
            direction: None,
            part: None,
            content,
        }
    }

    /// Returns the indices of children that lead to the part.
    pub(crate) fn path_to(&self, part: Part) -> Option<Vec<usize>> {
        if self.part == Some(part) {
            return Some(Vec::new());
        }
        let Content::Children(children) = &self.content else {
            return None;
        };
        children.iter().enumerate().find_map(|(at, child)| {
            let mut path = child.path_to(part)?;
            path.insert(0, at);
            Some(path)
        })
    }

    pub(crate) fn write_html(&self, html: &mut String) {
        html.push('<');
        html.push_str(self.tag);
        write_attribute(html, "class", &self.class);
        write_attribute(html, "style", &self.style);
        write_attribute(html, "dir", self.direction.map_or("", Direction::name));
        match &self.content {
            Content::Logo(logo) => {
                write_attribute(html, "src", &logo.data_url());
                html.push_str(" alt=\"\">");
                return;
            }
            Content::Text(text) => {
                html.push('>');
                escape(html, text);
            }
            Content::Children(children) => {
                html.push('>');
                for child in children {
                    child.write_html(html);
                }
            }
        }
        html.push_str("</");
        html.push_str(self.tag);
        html.push('>');
    }
}

fn write_attribute(html: &mut String, name: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    html.push(' ');
    html.push_str(name);
    html.push_str("=\"");
    escape(html, value);
    html.push('"');
}

pub(crate) fn escape(html: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_escapes_texts_and_attributes() {
        let mut element = Element::text("p", "body", "<script>alert(\"1\" & '2')</script>");
        element.style = "--a:\"x\"".to_owned();
        let mut html = String::new();
        element.write_html(&mut html);
        let expected = "<p class=\"body\" style=\"--a:&quot;x&quot;\">&lt;script&gt;alert(&quot;1&quot; &amp; \
                        &#39;2&#39;)&lt;/script&gt;</p>";
        assert_eq!(html, expected);
    }

    #[test]
    fn path_leads_to_a_nested_part() {
        let title = Element::text("h1", "title", "A").with_part(Part::Title);
        let tree = Element::of(
            "slide",
            vec![Element::shape("rule"), Element::of("mid", vec![title])],
        );
        assert_eq!(tree.path_to(Part::Title), Some(vec![1, 0]));
        assert_eq!(tree.path_to(Part::Body), None);
    }
}
