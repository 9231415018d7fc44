//! Parses embedding vectors.

use confab_provider_base::lenient::{Lenient, LenientVec};
use serde::Deserialize;

use crate::ModelError;

#[derive(Deserialize, Default)]
#[serde(default)]
struct EmbeddingsBody {
    data: LenientVec<Embedding>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Embedding {
    index: Lenient<usize>,
    embedding: Lenient<Vec<f32>>,
}

/// Parses one vector for each of `count` texts, in order. Fails when any is missing, since the rest
/// would shift.
pub fn parse_vectors(
    body: &[u8],
    count: usize,
    dimensions: usize,
) -> Result<Vec<Vec<f32>>, ModelError> {
    let response: EmbeddingsBody =
        serde_json::from_slice(body).map_err(|_| ModelError::Unusable("no embeddings"))?;
    let mut vectors = vec![None; count];
    for Embedding { index, embedding } in response.data.items {
        let slot = index.0.and_then(|index| vectors.get_mut(index));
        let (Some(slot @ None), Some(vector)) = (slot, embedding.0) else {
            return Err(ModelError::Unusable("an embedding without a text"));
        };
        if vector.len() != dimensions {
            return Err(ModelError::Unusable("an embedding of another length"));
        }
        // A zero vector has no direction, so no distance to it is defined.
        if !vector.iter().all(|part| part.is_finite()) || vector.iter().all(|part| *part == 0.0) {
            return Err(ModelError::Unusable("an embedding without a direction"));
        }
        *slot = Some(vector);
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
    fn vectors_are_returned_in_the_order_of_their_texts() {
        let (first, second) = (json!([0.5, -0.5, 0]), json!([1, 0, 1e-9]));
        let vectors = read(json!([at(1.into(), second), at(0.into(), first)])).unwrap();
        assert_eq!(vectors, [[0.5, -0.5, 0.0], [1.0, 0.0, 1e-9]]);
        assert_eq!(parse_vectors(b"{}", 0, 3), Ok(vec![]));
    }

    #[test]
    fn embeddings_that_do_not_match_the_texts_are_unusable() {
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
