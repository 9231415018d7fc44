//! What was bought at SUMIT, whose items have titles.

/// SUMIT tells the title of what was bought there, such as `Standard`: it sells the studio's tiers alone.
pub fn item_of_title(title: &str) -> Option<String> {
    let tier = title.trim().to_lowercase();
    let is_tier = !tier.is_empty() && tier.chars().all(|c| c.is_ascii_lowercase());
    is_tier.then(|| format!("studio.{tier}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sumits_titles_are_the_studios_tiers() {
        assert_eq!(
            item_of_title(" Standard ").as_deref(),
            Some("studio.standard")
        );
        for odd in ["", "Standard pack", "../x", "סטנדרט"] {
            assert_eq!(item_of_title(odd), None, "{odd}");
        }
    }
}
