//! Routes of the HTTP APIs.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::{
    lambda::{Function, Functions},
    template::{DEFAULT_ROUTE, Route},
};

pub(super) type RouteMatch<'a> = (&'a Arc<Function>, &'a Route, Map<String, Value>);

pub(super) fn is_any(route: &Route) -> bool {
    route.method == "ANY" || route.method == "*"
}

/// Finds the most specific route: literals before parameters, parameters before `{proxy+}`, a method before `ANY`.
pub(super) fn find<'a>(
    functions: &'a Functions,
    method: &str,
    path: &str,
) -> Option<RouteMatch<'a>> {
    let mut best: Option<(Vec<u8>, RouteMatch)> = None;
    for function in functions.all() {
        for route in &function.spec.routes {
            let is_any = is_any(route);
            if !is_any && route.method != method {
                continue;
            }
            let Some((mut rank, parameters)) = match_path(&route.path, path) else {
                continue;
            };
            rank.push(u8::from(is_any));
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                best = Some((rank, (function, route, parameters)));
            }
        }
    }
    best.map(|(_, found)| found)
}

/// Matches a path, and returns the path parameters and a rank per segment: 0 a literal, 1 a parameter, 2 the rest.
pub fn match_path(route: &str, path: &str) -> Option<(Vec<u8>, Map<String, Value>)> {
    if route == DEFAULT_ROUTE {
        return Some((vec![3], Map::new()));
    }
    let mut rank = Vec::new();
    let mut parameters = Map::new();
    let mut given = path.split('/');
    for wanted in route.split('/') {
        if let Some(name) = wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix("+}"))
        {
            let rest: Vec<_> = given.by_ref().collect();
            if rest.is_empty() {
                return None;
            }
            rank.push(2);
            parameters.insert(name.to_owned(), json!(decoded(&rest.join("/"))));
            return Some((rank, parameters));
        }
        let segment = given.next()?;
        match wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) if !segment.is_empty() => {
                rank.push(1);
                parameters.insert(name.to_owned(), json!(decoded(segment)));
            }
            Some(_) => return None,
            None if wanted == segment => rank.push(0),
            None => return None,
        }
    }
    given.next().is_none().then_some((rank, parameters))
}

pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_routes_and_the_most_specific_ranks_first() {
        assert!(match_path("/SmsReceived", "/SmsReceived").is_some());
        assert!(match_path("/SmsReceived", "/SmsReceived/").is_none());
        assert!(match_path("/SmsReceived", "/smsreceived").is_none());
        let (rank, parameters) =
            match_path("/chats/{code}/messages", "/chats/a%20b/messages").unwrap();
        assert_eq!(parameters["code"], "a b");
        let (rest, parameters) = match_path("/chats/{proxy+}", "/chats/a/messages").unwrap();
        assert_eq!(parameters["proxy"], "a/messages");
        assert!(rank < rest);
        assert!(match_path("/chats/{code}", "/chats/").is_none());
        let (default, _) = match_path("$default", "/anything").unwrap();
        assert!(match_path("/{proxy+}", "/anything").unwrap().0 < default);
    }
}
