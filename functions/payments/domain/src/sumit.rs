//! Items of SUMIT, which reports titles.

/// Returns the item of a SUMIT title such as `Standard`. SUMIT sells the studio's tiers only.
pub fn item_from_title(title: &str) -> Option<String> {
    let tier = title.trim().to_lowercase();
    let is_tier = !tier.is_empty() && tier.chars().all(|c| c.is_ascii_lowercase());
    is_tier.then(|| format!("studio.{tier}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sumit_titles_map_to_studio_items() {
        assert_eq!(
            item_from_title(" Standard ").as_deref(),
            Some("studio.standard")
        );
        for title in ["", "Standard pack", "../x", "סטנדרט"] {
            assert_eq!(item_from_title(title), None, "{title}");
        }
    }
}
