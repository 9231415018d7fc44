//! YAML with CloudFormation's short tags (`!Ref`), as JSON with the long forms.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

/// Reads YAML into JSON, with short tags as long forms.
pub fn read(text: &str) -> Result<Value> {
    let mut document: Yaml = serde_norway::from_str(text)?;
    document.apply_merge()?;
    plain(document)
}

fn plain(yaml: Yaml) -> Result<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => json!(whole),
            (None, Some(fraction)) => json!(fraction),
            (None, None) => bail!("{number} is not a number"),
        },
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(plain).collect::<Result<_>>()?),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = match key {
                    Yaml::String(key) => key,
                    Yaml::Number(key) => key.to_string(),
                    other => bail!("{other:?} is not a key"),
                };
                object.insert(key, plain(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            long_form(tag.trim_start_matches('!'), plain(tagged.value)?)?
        }
    })
}

fn long_form(tag: &str, value: Value) -> Result<Value> {
    let value = match (tag, value) {
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path
                .split_once('.')
                .with_context(|| format!("!GetAtt {path} has no dot"))?;
            json!([resource, attribute])
        }
        (_, value) => value,
    };
    Ok(match tag {
        "Ref" | "Condition" => json!({ tag: value }),
        _ => json!({ format!("Fn::{tag}"): value }),
    })
}
