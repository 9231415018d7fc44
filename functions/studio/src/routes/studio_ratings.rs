//! `GET /api/studio/ratings?month=2026-11`: ratings, feedback and questions of users, for the
//! operator.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use confab_core::{Error, OrderId, Result, Timestamp};
use confab_lambda::{Operator, Response, Router, extract::Query, response};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    state::{Part, State},
    store::{Question, Rating},
};

pub const PARTS: &[Part] = &[Part::Store, Part::OperatorKey];

/// Maximum feedback texts and questions in an answer.
const MAX_TEXTS: usize = 50;

#[derive(Debug, Deserialize)]
struct RatingsQuery {
    month: Option<String>,
}

#[derive(Serialize)]
struct RatingSummary {
    month: String,
    ratings: usize,
    /// Average of one to five stars, with two decimals. `None` without ratings.
    average: Option<f64>,
    /// Number of ratings by stars.
    stars: BTreeMap<u8, usize>,
    /// Newest first.
    #[serde(rename = "words")]
    feedback: Vec<Feedback>,
    /// Newest first.
    questions: Vec<Question>,
}

#[derive(Serialize)]
struct Feedback {
    order_id: OrderId,
    stars: Option<u8>,
    #[serde(rename = "words")]
    text: String,
    at: Timestamp,
}

pub fn routes() -> Router<State> {
    Router::new().route("GET /api/studio/ratings", get_ratings)
}

async fn get_ratings(
    state: Arc<State>,
    _: Operator,
    Query(RatingsQuery { month }): Query<RatingsQuery>,
) -> Result<Response> {
    let month = month.unwrap_or_else(|| state.clock.now().strftime("%Y-%m").to_string());
    if !is_month(&month) {
        return Err(Error::invalid(
            "bad_month",
            "A month is written like 2026-11.",
        ));
    }
    let store = state.store()?;
    let (ratings, questions) = tokio::try_join!(store.ratings(&month), store.questions(&month))?;
    response::json(StatusCode::OK, &summarize(month, ratings, questions))
}

fn is_month(text: &str) -> bool {
    let Some((year, month)) = text.split_once('-') else {
        return false;
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_shaped = year.len() == 4 && month.len() == 2 && is_digits(year) && is_digits(month);
    is_shaped
        && month
            .parse()
            .is_ok_and(|month: u8| (1..=12).contains(&month))
}

fn summarize(
    month: String,
    mut ratings: Vec<Rating>,
    mut questions: Vec<Question>,
) -> RatingSummary {
    let mut stars: BTreeMap<u8, usize> = (1..=5).map(|stars| (stars, 0)).collect();
    for given in ratings.iter().filter_map(|rating| rating.stars) {
        *stars.entry(given).or_default() += 1;
    }
    let count: usize = stars.values().sum();
    let sum: usize = stars
        .iter()
        .map(|(stars, count)| usize::from(*stars) * count)
        .sum();
    ratings.sort_by_key(|rating| Reverse(rating.at));
    let feedback = ratings
        .into_iter()
        .filter_map(feedback_of)
        .take(MAX_TEXTS)
        .collect();
    questions.sort_by_key(|question| Reverse(question.at));
    questions.truncate(MAX_TEXTS);
    RatingSummary {
        month,
        ratings: count,
        average: average(sum, count),
        stars,
        feedback,
        questions,
    }
}

fn feedback_of(rating: Rating) -> Option<Feedback> {
    Some(Feedback {
        order_id: rating.order_id,
        stars: rating.stars,
        text: rating.feedback?,
        at: rating.at,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a month has fewer ratings than a float has whole numbers"
)]
fn average(sum: usize, count: usize) -> Option<f64> {
    (count > 0).then(|| (sum as f64 * 100.0 / count as f64).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_core::UserId;

    fn rating(second: i64, stars: Option<u8>, feedback: Option<&str>) -> Rating {
        let at = Timestamp::from_second(second).unwrap();
        let (order_id, user_id) = (OrderId::new(at, &|| [1; 10]), UserId::new(at, &|| [1; 10]));
        Rating {
            order_id,
            user_id,
            stars,
            feedback: feedback.map(str::to_owned),
            at,
        }
    }

    #[test]
    fn stars_are_counted_and_feedback_comes_newest_first() {
        let ratings = vec![
            rating(1, Some(5), None),
            rating(2, Some(2), Some("too dark")),
            rating(3, None, Some("late")),
        ];
        let out = summarize("2026-11".into(), ratings, vec![]);
        assert_eq!(
            (
                out.ratings,
                out.average,
                out.stars[&5],
                out.stars[&2],
                out.stars[&1]
            ),
            (2, Some(3.5), 1, 1, 0)
        );
        assert_eq!(
            out.feedback
                .iter()
                .map(|feedback| feedback.text.as_str())
                .collect::<Vec<_>>(),
            ["late", "too dark"]
        );
        assert_eq!(summarize("2026-11".into(), vec![], vec![]).average, None);
    }

    #[test]
    fn month_has_four_and_two_digits_and_exists() {
        assert!(is_month("2026-11") && is_month("2026-01"));
        for odd in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-1",
            "2026_11",
            "2026-11-01",
            "20261-1",
            "٢٠٢٦-11",
        ] {
            assert!(!is_month(odd), "{odd}");
        }
    }
}
