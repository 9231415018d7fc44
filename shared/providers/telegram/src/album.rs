//! Albums: Telegram takes two to ten items in one.

pub const MAX_ALBUM_ITEMS: usize = 10;

/// Splits `count` items into messages. A size of one is a single photo or document: Telegram
/// refuses an album of one.
pub fn album_sizes(count: usize) -> Vec<usize> {
    let mut sizes = vec![MAX_ALBUM_ITEMS; count / MAX_ALBUM_ITEMS];
    let rest = count % MAX_ALBUM_ITEMS;
    if rest == 0 {
        return sizes;
    }
    match sizes.last_mut() {
        // A full album hands one item over to a rest of one.
        Some(last) if rest == 1 => {
            *last -= 1;
            sizes.push(2);
        }
        _ => sizes.push(rest),
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn albums_are_as_specified_up_to_fifteen_items() {
        for (count, sizes) in [
            (0, vec![]),
            (1, vec![1]),
            (2, vec![2]),
            (9, vec![9]),
            (10, vec![10]),
            (11, vec![9, 2]),
            (12, vec![10, 2]),
            (15, vec![10, 5]),
            (20, vec![10, 10]),
            (21, vec![10, 9, 2]),
        ] {
            assert_eq!(album_sizes(count), sizes, "{count}");
        }
    }

    proptest::proptest! {
        #[test]
        fn albums_hold_all_items_in_as_few_messages_as_telegram_allows(count in 0_usize..500) {
            let sizes = album_sizes(count);
            proptest::prop_assert_eq!(sizes.iter().sum::<usize>(), count);
            proptest::prop_assert_eq!(sizes.len(), count.div_ceil(MAX_ALBUM_ITEMS));
            let is_album = |size: &usize| (2..=MAX_ALBUM_ITEMS).contains(size);
            proptest::prop_assert!(count == 1 || sizes.iter().all(is_album));
        }
    }
}
