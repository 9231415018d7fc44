//! Amounts and times of the command line.

use confab_core::Timestamp;
use jiff::{civil::Date, tz::TimeZone};

/// A limit and what it is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LimitAmount {
    pub(crate) name: String,
    /// `None` is the plan's amount.
    pub(crate) amount: Option<u64>,
}

/// Parses `seats=7` and `seats=plan`.
pub(crate) fn parse_amount(text: &str) -> Result<LimitAmount, String> {
    let usage = || "a limit is set as seats=7, or seats=plan".to_owned();
    let (name, amount) = text.split_once('=').ok_or_else(usage)?;
    let amount = match amount {
        "plan" => None,
        number => Some(number.parse().map_err(|_| usage())?),
    };
    let name = name.to_owned();
    Ok(LimitAmount { name, amount })
}

/// Parses a day in UTC, or a time.
pub(crate) fn parse_since(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let usage = || "a time is written as 2026-11-29 or 2026-11-29T12:00:00Z".to_owned();
    let day: Date = text.parse().map_err(|_| usage())?;
    let start = day.to_zoned(TimeZone::UTC).map_err(|_| usage())?;
    Ok(start.timestamp())
}
