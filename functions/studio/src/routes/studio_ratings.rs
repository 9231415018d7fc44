//! `GET /api/studio/ratings?month=2026-11`: what people think of their photos, and what they ask, for the operator.

use std::{collections::BTreeMap, sync::Arc};

use confab_core::{Clock, Error, OrderId, Result, Timestamp};
use confab_lambda::{ApiRequest, Response, response};
use http::StatusCode;
use serde::Serialize;

use crate::{
    Opinions,
    services::operator,
    store::{Question, Rating},
};

/// The latest words; all of them are with the orders.
const WORDS: usize = 50;

#[derive(Serialize)]
struct Out {
    month: String,
    ratings: usize,
    /// Of five, to a hundredth; none without ratings.
    average: Option<f64>,
    /// How many gave so many stars.
    stars: BTreeMap<u8, usize>,
    words: Vec<Words>,
    /// What people want somebody of the studio to read, the latest first.
    questions: Vec<Question>,
}

#[derive(Serialize)]
struct Words {
    order_id: OrderId,
    stars: Option<u8>,
    words: String,
    at: Timestamp,
}

pub async fn handle(deps: Arc<Opinions>, call: ApiRequest) -> Result<Response> {
    operator::is_calling(&deps.keys, &call).await?;
    let month = call
        .query_value("month")
        .unwrap_or_else(|| deps.clock.now().strftime("%Y-%m").to_string());
    if !is_month(&month) {
        return Err(Error::invalid(
            "bad_month",
            "A month is written like 2026-11.",
        ));
    }
    let (ratings, questions) =
        tokio::try_join!(deps.store.ratings(&month), deps.store.questions(&month))?;
    response::json(StatusCode::OK, &summary(month, ratings, questions))
}

fn is_month(text: &str) -> bool {
    let shape = text.len() == 7
        && text.bytes().enumerate().all(|(i, b)| {
            if i == 4 {
                b == b'-'
            } else {
                b.is_ascii_digit()
            }
        });
    shape
        && text
            .get(5..)
            .and_then(|month| month.parse().ok())
            .is_some_and(|month: u8| (1..=12).contains(&month))
}

fn summary(month: String, mut ratings: Vec<Rating>, mut questions: Vec<Question>) -> Out {
    let mut stars: BTreeMap<u8, usize> = (1..=5).map(|stars| (stars, 0)).collect();
    for given in ratings.iter().filter_map(|rating| rating.stars) {
        *stars.entry(given).or_default() += 1;
    }
    let count: usize = stars.values().sum();
    let sum: usize = stars
        .iter()
        .map(|(stars, count)| usize::from(*stars) * count)
        .sum();
    ratings.sort_by_key(|rating| std::cmp::Reverse(rating.at));
    let words = ratings.into_iter().filter_map(|rating| {
        let Rating {
            order_id,
            stars,
            words,
            at,
            ..
        } = rating;
        Some(Words {
            order_id,
            stars,
            words: words?,
            at,
        })
    });
    let words = words.take(WORDS).collect();
    questions.sort_by_key(|question| std::cmp::Reverse(question.at));
    questions.truncate(WORDS);
    Out {
        month,
        ratings: count,
        average: average(sum, count),
        stars,
        words,
        questions,
    }
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

    fn rating(second: i64, stars: Option<u8>, words: Option<&str>) -> Rating {
        let at = Timestamp::from_second(second).unwrap();
        let (order_id, user_id) = (OrderId::new(at, &|| [1; 10]), UserId::new(at, &|| [1; 10]));
        Rating {
            order_id,
            user_id,
            stars,
            words: words.map(str::to_owned),
            at,
        }
    }

    #[test]
    fn stars_are_counted_and_the_latest_words_come_first() {
        let ratings = vec![
            rating(1, Some(5), None),
            rating(2, Some(2), Some("too dark")),
            rating(3, None, Some("late")),
        ];
        let out = summary("2026-11".into(), ratings, vec![]);
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
            out.words
                .iter()
                .map(|words| words.words.as_str())
                .collect::<Vec<_>>(),
            ["late", "too dark"]
        );
        assert_eq!(summary("2026-11".into(), vec![], vec![]).average, None);
    }

    #[test]
    fn a_month_is_a_month() {
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
