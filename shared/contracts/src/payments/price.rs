//! The price list, shared by the products that offer and the ledger that sells. Buyers name an item, never an amount.

use std::collections::BTreeMap;

use confab_core::{Currency, Money};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub price: Money,
    /// Credits that the buyer may spend later.
    pub credits: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceList(BTreeMap<String, Item>);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PriceListError {
    #[error("`{0}` is not of the form `studio.lite=19.00 USD` or `studio.lite=19.00 USD +1`")]
    Unreadable(String),
    #[error("`{0}` has two prices")]
    Twice(String),
}

impl PriceList {
    /// Parses `studio.lite=19.00 USD +1, rooms.tip=3.00 USD`; `+1` is a credit that comes with the item.
    pub fn parse(text: &str) -> Result<Self, PriceListError> {
        let mut items = BTreeMap::new();
        for line in text
            .split(',')
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            let unreadable = || PriceListError::Unreadable(line.to_owned());
            let (name, item) = item(line).ok_or_else(unreadable)?;
            if items.insert(name.to_owned(), item).is_some() {
                return Err(PriceListError::Twice(name.to_owned()));
            }
        }
        Ok(Self(items))
    }

    pub fn find(&self, name: &str) -> Option<&Item> {
        self.0.get(name)
    }
}

fn item(line: &str) -> Option<(&str, Item)> {
    let (name, rest) = line.split_once('=')?;
    let name = name.trim();
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_');
    let mut words = rest.split_whitespace();
    let (amount, currency, credits) = (words.next()?, words.next()?, words.next());
    let credits = match credits {
        Some(credits) => credits.strip_prefix('+')?.parse().ok()?,
        None => 0,
    };
    let price = Money::new(minor_units(amount)?, currency_of(currency)?);
    let is_plain = !name.is_empty() && name.chars().all(is_name) && words.next().is_none();
    is_plain.then_some((name, Item { price, credits }))
}

/// Parses `19.00` as 1900. Two decimals are required, because `19` could mean cents.
fn minor_units(text: &str) -> Option<i64> {
    let (whole, cents) = text.split_once('.')?;
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let readable = are_digits(whole) && are_digits(cents) && cents.len() == 2;
    let minor = readable
        .then(|| format!("{whole}{cents}").parse::<i64>().ok())
        .flatten()?;
    (minor > 0).then_some(minor)
}

fn currency_of(code: &str) -> Option<Currency> {
    [Currency::Usd, Currency::Eur, Currency::Ils]
        .into_iter()
        .find(|currency| currency.code() == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn price_lists_hold_items_with_prices_and_credits() {
        let list = PriceList::parse(
            "studio.lite=19.00 USD +1, rooms.pin_2=2.00 USD,\n rooms.tip = 49.90 ILS",
        )
        .unwrap();
        let price = |name| list.find(name).map(|item| (item.price, item.credits));
        assert_eq!(
            price("studio.lite"),
            Some((Money::new(1_900, Currency::Usd), 1))
        );
        assert_eq!(
            price("rooms.pin_2"),
            Some((Money::new(200, Currency::Usd), 0))
        );
        assert_eq!(
            price("rooms.tip"),
            Some((Money::new(4_990, Currency::Ils), 0))
        );
        assert_eq!(price("rooms.unknown"), None);
        assert_eq!(PriceList::parse(""), Ok(PriceList::default()));
    }

    #[test]
    fn ambiguous_prices_are_refused() {
        for line in [
            "a=19 USD",
            "a=19.0 USD",
            "a=19.000 USD",
            "a=-1.00 USD",
            "a=0.00 USD",
            "a=1.00",
            "a=1.00 usd",
            "a=1.00 GBP",
            "a=1.00 USD 1",
            "a=1.00 USD +1 x",
            "=1.00 USD",
            "A=1.00 USD",
            "a 1.00 USD",
            "a=99999999999999999999.00 USD",
        ] {
            assert_eq!(
                PriceList::parse(line),
                Err(PriceListError::Unreadable(line.to_owned())),
                "{line}"
            );
        }
        assert_eq!(
            PriceList::parse("a=1.00 USD, a=2.00 USD"),
            Err(PriceListError::Twice("a".into()))
        );
    }
}
