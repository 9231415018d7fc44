//! Names with brackets in forms: `line_items[0][price_data][currency]`, `expand[]`.

use serde_json::{Map, Value};

const MAX_DEPTH: usize = 8;

/// Splits a name, or returns `None` when its brackets do not match.
pub fn segments(name: &str) -> Option<Vec<&str>> {
    let Some((head, rest)) = name.split_once('[') else {
        return (!name.contains(']')).then(|| vec![name]);
    };
    let inner = rest.strip_suffix(']')?;
    let path: Vec<&str> = std::iter::once(head).chain(inner.split("][")).collect();
    let plain = path.iter().all(|segment| !segment.contains(['[', ']']));
    (plain && !head.is_empty() && path.len() <= MAX_DEPTH).then_some(path)
}

/// Puts a value into nested maps. A list is a map whose names are numbers.
pub fn put(map: &mut Map<String, Value>, path: &[&str], value: &str) -> Option<()> {
    let (first, rest) = path.split_first()?;
    // `types[]` appends to a list.
    let name = if first.is_empty() {
        map.len().to_string()
    } else {
        (*first).to_owned()
    };
    if rest.is_empty() {
        map.insert(name, value.into());
        return Some(());
    }
    let inner = map.entry(name).or_insert_with(|| Value::Object(Map::new()));
    put(inner.as_object_mut()?, rest, value)
}
