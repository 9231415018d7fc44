//! Tables, times and ages as people read them.

use jiff::Timestamp;

/// Columns that are as wide as their widest cell. Those in `right` are aligned to the right, as numbers are.
pub(crate) fn table(rows: &[Vec<String>], right: &[usize]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                let gap = " ".repeat(width - cell.chars().count());
                if right.contains(&column) {
                    format!("{gap}{cell}")
                } else {
                    format!("{cell}{gap}")
                }
            });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

/// Milliseconds since 1970, in UTC.
pub(crate) fn time(millis: i64) -> String {
    match Timestamp::from_millisecond(millis) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S%.3fZ").to_string(),
        Err(_) => millis.to_string(),
    }
}

/// The two largest units: `3 d 4 h`.
pub(crate) fn span(millis: i64) -> String {
    let seconds = millis.max(0) / 1_000;
    let units = [
        ("d", seconds / 86_400),
        ("h", seconds / 3_600 % 24),
        ("min", seconds / 60 % 60),
        ("s", seconds % 60),
    ];
    let largest = units
        .iter()
        .position(|(_, count)| *count > 0)
        .unwrap_or(units.len() - 1);
    let shown = units[largest..]
        .iter()
        .take(2)
        .filter(|(_, count)| *count > 0);
    let shown: Vec<_> = shown
        .map(|(unit, count)| format!("{count} {unit}"))
        .collect();
    if shown.is_empty() {
        "0 s".to_owned()
    } else {
        shown.join(" ")
    }
}

/// `1 message`, `2 messages`.
pub(crate) fn many(count: usize, thing: &str) -> String {
    if count == 1 {
        format!("1 {thing}")
    } else {
        format!("{count} {thing}s")
    }
}

/// `12,345.6`: whole when it is whole.
pub(crate) fn number(value: f64) -> String {
    let text = if value.fract() == 0.0 || value >= 1_000.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
    };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let digits = whole.len();
    let grouped: String = whole
        .chars()
        .enumerate()
        .flat_map(|(n, digit)| {
            [
                (n > 0 && (digits - n).is_multiple_of(3)).then_some(','),
                Some(digit),
            ]
        })
        .flatten()
        .collect();
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_whatever_the_script() {
        let rows = [
            row(["queue", "waiting"]),
            row(["שלום", "7"]),
            row(["a", "12"]),
        ];
        assert_eq!(
            table(&rows, &[1]),
            "queue  waiting\nשלום         7\na           12\n"
        );
        assert_eq!(table(&[], &[]), "");
    }

    #[test]
    fn spans_have_two_units_at_most() {
        let minute = 60_000;
        for (millis, text) in [
            (-5, "0 s"),
            (999, "0 s"),
            (61_000, "1 min 1 s"),
            (60 * minute, "1 h"),
            ((26 * 60 + 5) * minute, "1 d 2 h"),
            (24 * 60 * minute + 5_000, "1 d"),
        ] {
            assert_eq!(span(millis), text);
        }
    }

    #[test]
    fn numbers_are_grouped() {
        for (value, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (1_234_567.0, "1,234,567"),
            (1_234.5, "1,234"),
            (0.5, "0.500"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(time(1_700_000_000_123), "2023-11-14 22:13:20.123Z");
    }
}
