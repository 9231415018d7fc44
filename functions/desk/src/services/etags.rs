//! Entity tags of what browsers keep.

/// Whether a client has a body already. Caches may have made its ETag a weak one.
pub(crate) fn is_known(if_none_match: Option<&str>, etag: &str) -> bool {
    let known = if_none_match.unwrap_or_default().split(',').map(str::trim);
    let mut known = known.map(|known| known.strip_prefix("W/").unwrap_or(known));
    known.any(|known| known == etag || known == "*")
}
