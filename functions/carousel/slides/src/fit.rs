//! Fits texts into a slide: the title as large as it may be, then the body smaller, then broken words, then a cut.

use takumi::prelude::MeasuredNode;

use crate::Error;
use crate::draw::{Stage, at_path};
use crate::element::{Element, Part};
use crate::page::Page;
use crate::plan::TextSizes;
use crate::scale::{BODY_STEP, MAX_TITLE_LINES, MIN_AIR, MIN_BODY, TITLE_STEP};
use crate::text::{Cut, Field, shorter_versions};

/// Measured widths may exceed their box by rounding.
const TOLERANCE: f32 = 0.5;

/// What a page became, and what it lost.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) page: Page,
    pub(crate) cuts: Vec<Cut>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fits,
    /// A word is wider than its box.
    TooWide,
    TooTall,
}

/// Decides the sizes of a page, none greater than those it comes with.
pub(crate) fn fit(stage: &Stage, page: Page) -> Result<Fitted, Error> {
    let fitter = Fitter { stage };
    if let Some(page) = fitter.in_sizes(&page)? {
        return Ok(Fitted {
            page,
            cuts: Vec::new(),
        });
    }
    let smallest = fitter.smallest(&page);
    let page = Page {
        breaks_words: fitter.verdict(&smallest)? == Verdict::TooWide,
        ..page
    };
    if let Some(page) = fitter.in_sizes(&page)? {
        return Ok(Fitted {
            page,
            cuts: Vec::new(),
        });
    }
    fitter.cut(fitter.smallest(&page))
}

struct Fitter<'a> {
    stage: &'a Stage,
}

impl Fitter<'_> {
    /// Returns the page in the greatest sizes that it fits in.
    fn in_sizes(&self, page: &Page) -> Result<Option<Page>, Error> {
        let greatest = page.sizes;
        let least = self.smallest(page).sizes;
        let titles = steps(least.title, greatest.title, TITLE_STEP);
        let fits = |title, body| {
            let sized = Page {
                sizes: TextSizes { title, body },
                ..page.clone()
            };
            Ok::<_, Error>(self.verdict(&sized)? == Verdict::Fits)
        };
        if let Some(title) = greatest_that(&titles, |title| fits(title, greatest.body))? {
            return Ok(Some(Page {
                sizes: TextSizes {
                    title,
                    body: greatest.body,
                },
                ..page.clone()
            }));
        }
        let bodies = steps(least.body, greatest.body, BODY_STEP);
        let body = greatest_that(&bodies, |body| fits(least.title, body))?;
        Ok(body.map(|body| Page {
            sizes: TextSizes {
                title: least.title,
                body,
            },
            ..page.clone()
        }))
    }

    fn smallest(&self, page: &Page) -> Page {
        let sizes = TextSizes {
            title: page.scale().min_title().min(page.sizes.title),
            body: MIN_BODY.min(page.sizes.body),
        };
        Page {
            sizes,
            ..page.clone()
        }
    }

    /// Cuts the body, and when none of it fits, the heading.
    fn cut(&self, page: Page) -> Result<Fitted, Error> {
        let mut cuts = Vec::new();
        let mut page = Page {
            breaks_words: true,
            ..page
        };
        for field in [Field::Body, Field::Title] {
            if self.verdict(&page)? == Verdict::Fits {
                break;
            }
            page = self.cut_field(page, field, &mut cuts)?;
        }
        Ok(Fitted { page, cuts })
    }

    fn cut_field(&self, page: Page, field: Field, cuts: &mut Vec<Cut>) -> Result<Page, Error> {
        let text = text_of(&page, field).to_owned();
        let mut versions = shorter_versions(&text);
        if field == Field::Body {
            versions.push(String::new());
        }
        versions.reverse();
        let fits = |version: String| {
            Ok::<_, Error>(self.verdict(&with_text(&page, field, version))? == Verdict::Fits)
        };
        let kept = greatest_that(&versions, fits)?.or_else(|| versions.into_iter().next());
        let Some(kept) = kept.filter(|_| !text.is_empty()) else {
            return Ok(page);
        };
        let lost = text
            .get(kept.trim_end_matches('…').len()..)
            .unwrap_or_default();
        cuts.push(Cut {
            field,
            text: lost.trim_start().to_owned(),
        });
        Ok(with_text(&page, field, kept))
    }

    fn verdict(&self, page: &Page) -> Result<Verdict, Error> {
        let tree = page.tree();
        let measured = self.stage.measure(&tree)?;
        let column = find(&tree, &measured, Part::Column).ok_or(Error::Measure)?;
        let stack = find(&tree, &measured, Part::Stack).ok_or(Error::Measure)?;
        for part in [Part::Title, Part::Body] {
            if find(&tree, &measured, part).is_some_and(is_wider_than_its_box) {
                return Ok(Verdict::TooWide);
            }
        }
        let title = find(&tree, &measured, Part::Title).map_or(0.0, |title| title.height);
        let line = pixels(page.sizes.title * page.title_line()) / 100.0;
        let has_many_lines = !page.is_quote() && title > line * (pixels(MAX_TITLE_LINES) + 0.5);
        let is_full = stack.height + pixels(MIN_AIR) > column.height;
        Ok(if has_many_lines || is_full {
            Verdict::TooTall
        } else {
            Verdict::Fits
        })
    }
}

fn find<'a>(tree: &Element, measured: &'a MeasuredNode, part: Part) -> Option<&'a MeasuredNode> {
    at_path(measured, &tree.path_to(part)?)
}

fn is_wider_than_its_box(node: &MeasuredNode) -> bool {
    node.runs
        .iter()
        .any(|run| run.x < -TOLERANCE || run.x + run.width > node.width + TOLERANCE)
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^24")]
fn pixels(size: u32) -> f32 {
    size as f32
}

fn text_of(page: &Page, field: Field) -> &str {
    match field {
        Field::Title => page.heading(),
        Field::Body => page.body(),
    }
}

fn with_text(page: &Page, field: Field, text: String) -> Page {
    let mut page = page.clone();
    let quote_body = page.is_quote() && !page.slide.body.is_empty();
    match field {
        Field::Title if quote_body => page.slide.body = text,
        Field::Title => page.slide.title = text,
        Field::Body => page.slide.body = text,
    }
    page
}

/// Returns the sizes from `least` to `greatest` on the grid that ends at `greatest`.
fn steps(least: u32, greatest: u32, step: u32) -> Vec<u32> {
    let count = greatest.saturating_sub(least) / step;
    (0..=count)
        .map(|at| greatest - (count - at) * step)
        .collect()
}

/// Returns the last of the values that is accepted, if accepted values come before refused ones.
fn greatest_that<T: Clone, E>(
    values: &[T],
    accepts: impl Fn(T) -> Result<bool, E>,
) -> Result<Option<T>, E> {
    let (mut low, mut high) = (0, values.len());
    if let Some(last) = values.last()
        && accepts(last.clone())?
    {
        return Ok(Some(last.clone()));
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if accepts(values[middle].clone())? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low.checked_sub(1).map(|at| values[at].clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greatest_is_found_in_few_steps() {
        for limit in 0..=13 {
            let calls = std::cell::Cell::new(0);
            let values: Vec<u32> = (1..=13).collect();
            let found = greatest_that(&values, |value| {
                calls.set(calls.get() + 1);
                Ok::<_, ()>(value <= limit)
            });
            assert_eq!(found, Ok((limit > 0).then_some(limit)));
            assert!(calls.get() <= 6, "{limit}: {} calls", calls.get());
        }
    }

    #[test]
    fn steps_end_at_the_greatest_size() {
        assert_eq!(steps(64, 76, 4), [64, 68, 72, 76]);
        assert_eq!(steps(34, 34, 2), [34]);
        assert_eq!(steps(40, 34, 2), [34]);
    }
}
