//! Stripe's forms: `line_items[0][price_data][currency]=usd&expand[]=payment_intent`.

use confab_simulator_base::form_names::{put, segments};
use serde_json::{Map, Value};

use crate::{api_error::ApiError, objects::Metadata};

/// Texts in nested maps. A list is a map whose names are numbers.
#[derive(Debug, Default)]
pub(crate) struct Form(Map<String, Value>);

impl Form {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, ApiError> {
        let mut root = Map::new();
        for (name, value) in form_urlencoded::parse(text) {
            let path = segments(&name)
                .ok_or_else(|| ApiError::bad(format!("Invalid parameter name: {name}")))?;
            put(&mut root, &path, &value)
                .ok_or_else(|| ApiError::bad(format!("Invalid hash: {name}")))?;
        }
        Ok(Self(root))
    }

    /// Refuses unknown parameters, as Stripe does, so that misspelt ones are found.
    pub(crate) fn check_names(&self, known: &[&str]) -> Result<(), ApiError> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(ApiError::bad(format!("Received unknown parameter: {name}"))
                .code("parameter_unknown")
                .param(name.as_str())),
            None => Ok(()),
        }
    }

    fn find(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(self.0.get(*first)?, |value, name| value.get(name))
    }

    pub(crate) fn text(&self, path: &[&str]) -> Option<&str> {
        self.find(path)?.as_str().filter(|text| !text.is_empty())
    }

    pub(crate) fn required(&self, path: &[&str]) -> Result<&str, ApiError> {
        self.text(path).ok_or_else(|| {
            let name = bracketed(path);
            ApiError::bad(format!("Missing required param: {name}."))
                .code("parameter_missing")
                .param(name)
        })
    }

    pub(crate) fn integer(&self, path: &[&str]) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(path) else {
            return Ok(None);
        };
        let invalid = |_| {
            let name = bracketed(path);
            ApiError::bad(format!("Invalid integer: {text}"))
                .code("parameter_invalid_integer")
                .param(name)
        };
        text.parse().map(Some).map_err(invalid)
    }

    /// Returns the texts of a list, in order.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        let list = self
            .0
            .get(name)
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let mut list: Vec<_> = list
            .filter_map(|(place, value)| Some((place.parse::<usize>().ok()?, value.as_str()?)))
            .collect();
        list.sort_unstable();
        list.into_iter().map(|(_, text)| text).collect()
    }

    pub(crate) fn length(&self, name: &str) -> usize {
        self.0
            .get(name)
            .and_then(Value::as_object)
            .map_or(0, Map::len)
    }

    pub(crate) fn metadata(&self, path: &[&str]) -> Result<Metadata, ApiError> {
        let invalid =
            |what: &str| ApiError::bad(format!("Metadata {what}.")).param(bracketed(path));
        let mut metadata = Metadata::new();
        let Some(value) = self.find(path) else {
            return Ok(metadata);
        };
        for (name, value) in value.as_object().ok_or_else(|| invalid("must be a hash"))? {
            let value = value
                .as_str()
                .ok_or_else(|| invalid("values must be strings"))?;
            if name.chars().count() > 40 || value.chars().count() > 500 {
                return Err(invalid("keys are limited to 40 characters, values to 500"));
            }
            metadata.insert(name.clone(), value.to_owned());
        }
        if metadata.len() > 50 {
            Err(invalid("is limited to 50 keys"))
        } else {
            Ok(metadata)
        }
    }
}

fn bracketed(path: &[&str]) -> String {
    let (first, rest) = path.split_first().unwrap_or((&"", &[]));
    rest.iter().fold((*first).to_owned(), |name, segment| {
        format!("{name}[{segment}]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_become_maps_and_lists() {
        let form = "a=1&line_items%5B0%5D%5Bprice%5D%5Bname%5D=x+y&types[]=b&types[]=c&m[k]=v&e[1]=q&e[0]=p";
        let form = Form::parse(form.as_bytes()).unwrap();
        assert_eq!(form.text(&["a"]), Some("1"));
        assert_eq!(
            form.text(&["line_items", "0", "price", "name"]),
            Some("x y")
        );
        assert_eq!(
            (form.texts("types"), form.texts("e")),
            (vec!["b", "c"], vec!["p", "q"])
        );
        assert_eq!(form.metadata(&["m"]).unwrap()["k"], "v");
        assert!(
            form.required(&["m", "x"])
                .unwrap_err()
                .message
                .contains("m[x]")
        );
        for bad in [
            "a[=1",
            "a]=1",
            "[a]=1",
            "a[b]c=1",
            "a[b[c]]=1",
            "a=1&a[b]=2",
            "a[1][1][1][1][1][1][1][1]=1",
        ] {
            assert!(
                Form::parse(bad.as_bytes()).is_err_and(|error| error.status == 400),
                "{bad}"
            );
        }
    }
}
