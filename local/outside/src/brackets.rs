//! Names with brackets, as forms have them: `line_items[0][price_data][currency]`, `expand[]`.

use serde_json::{Map, Value};

const DEEPEST: usize = 8;

pub(crate) fn segments(name: &str) -> Option<Vec<&str>> {
    let Some((head, rest)) = name.split_once('[') else {
        return (!name.contains(']')).then(|| vec![name]);
    };
    let inner = rest.strip_suffix(']')?;
    let path: Vec<&str> = std::iter::once(head).chain(inner.split("][")).collect();
    let plain = path.iter().all(|segment| !segment.contains(['[', ']']));
    (plain && !head.is_empty() && path.len() <= DEEPEST).then_some(path)
}

/// Texts in maps of texts; a list is a map whose names are numbers.
pub(crate) fn put(map: &mut Map<String, Value>, path: &[&str], value: &str) -> Option<()> {
    let (first, rest) = path.split_first()?;
    // `types[]` is the next one of a list.
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
