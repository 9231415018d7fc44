//! Where texts lie: vectors whose distance says how far their meanings are apart.

use serde::Deserialize;

use super::ModelError;
use confab_provider_base::lenient::{Lenient, LenientVec};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Embeddings {
    data: LenientVec<Embedding>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Embedding {
    index: Lenient<usize>,
    embedding: Lenient<Vec<f32>>,
}

/// One for each of `count` texts, in their order. One that is missing would shift all others, so then there is none.
pub fn parse_vectors(
    body: &[u8],
    count: usize,
    dimensions: usize,
) -> Result<Vec<Vec<f32>>, ModelError> {
    let answer: Embeddings =
        serde_json::from_slice(body).map_err(|_| ModelError::Unusable("no embeddings"))?;
    let mut vectors = vec![None; count];
    for Embedding { index, embedding } in answer.data.items {
        let place = index.0.and_then(|index| vectors.get_mut(index));
        let (Some(place @ None), Some(vector)) = (place, embedding.0) else {
            return Err(ModelError::Unusable("an embedding of nothing"));
        };
        if vector.len() != dimensions {
            return Err(ModelError::Unusable("an embedding of another dimension"));
        }
        // Of one without a direction nothing has a distance.
        if !vector.iter().all(|part| part.is_finite()) || vector.iter().all(|part| *part == 0.0) {
            return Err(ModelError::Unusable("an embedding that points nowhere"));
        }
        *place = Some(vector);
    }
    vectors
        .into_iter()
        .collect::<Option<_>>()
        .ok_or(ModelError::Unusable("an embedding is missing"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(data: Value) -> Result<Vec<Vec<f32>>, ModelError> {
        parse_vectors(
            json!({"object": "list", "data": data})
                .to_string()
                .as_bytes(),
            2,
            3,
        )
    }

    fn at(index: Value, embedding: Value) -> Value {
        json!({"object": "embedding", "index": index, "embedding": embedding})
    }

    #[test]
    fn vectors_come_in_the_order_of_their_texts() {
        let (first, second) = (json!([0.5, -0.5, 0]), json!([1, 0, 1e-9]));
        let vectors = read(json!([at(1.into(), second), at(0.into(), first)])).unwrap();
        assert_eq!(vectors, [[0.5, -0.5, 0.0], [1.0, 0.0, 1e-9]]);
        assert_eq!(parse_vectors(b"{}", 0, 3), Ok(vec![]));
    }

    #[test]
    fn what_does_not_fit_the_texts_is_unusable() {
        let good = || at(0.into(), json!([1, 0, 0]));
        for data in [
            json!(null),
            json!({}),
            json!([]),
            json!([good()]),
            json!([good(), good()]),
            json!([good(), at(2.into(), json!([1, 0, 0]))]),
            json!([good(), at((-1).into(), json!([1, 0, 0]))]),
            json!([good(), at("1".into(), json!([1, 0, 0]))]),
            json!([good(), at(1.into(), json!([1, 0]))]),
            json!([good(), at(1.into(), json!([1, 0, 0, 0]))]),
            json!([good(), at(1.into(), json!([]))]),
            json!([good(), at(1.into(), json!([0, 0, 0]))]),
            json!([good(), at(1.into(), json!([1e300, 0, 0]))]),
            json!([good(), at(1.into(), json!([null, 0, 0]))]),
            json!([good(), at(1.into(), json!([[1], 0, 0]))]),
            json!([good(), at(1.into(), json!("AACAPwAAAAAAAAAA"))]),
            json!([good(), at(1.into(), json!([1, 0, 0])), good()]),
            json!([good(), 7]),
        ] {
            assert!(
                matches!(read(data.clone()), Err(ModelError::Unusable(_))),
                "{data}"
            );
        }
        for body in [
            "",
            "null",
            "<html>",
            "[[[[",
            "7",
            r#"{"data":[{"index":0,"embedding":[1e999]}]}"#,
        ] {
            assert!(
                matches!(
                    parse_vectors(body.as_bytes(), 1, 1),
                    Err(ModelError::Unusable(_))
                ),
                "{body}"
            );
        }
    }
}
