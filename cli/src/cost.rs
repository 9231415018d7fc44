//! `confab cost`: what was used, by the list prices.

use std::fmt::Write;

use anyhow::Result;
use serde_json::json;

use crate::{
    answer::Answer,
    ports::Meter,
    prices::{AS_OF, NOT_INCLUDED, price},
    words::{number, row, table},
};

pub(crate) async fn cost(place: &impl Meter, days: u16) -> Result<Answer> {
    let mut usage = place.usage(days).await?;
    usage.used.sort_by_key(|(item, _)| *item);
    let mut rows = vec![row(["service", "what", "quantity", "unit price", "amount"])];
    let mut items = Vec::new();
    for (item, quantity) in &usage.used {
        let (price, amount) = (price(*item), item.cost(*quantity));
        let unit_price = format!("${:.4} / {}", price.dollars, price.per_text);
        rows.push(row([
            price.service,
            price.unit,
            &number(*quantity),
            &unit_price,
            &dollars(amount),
        ]));
        items.push(json!({
            "service": price.service, "unit": price.unit, "quantity": quantity,
            "dollars_per_unit": price.dollars / price.per, "dollars": amount,
        }));
    }
    let total: f64 = usage
        .used
        .iter()
        .map(|(item, quantity)| item.cost(*quantity))
        .sum();
    rows.push(row(["total", "", "", "", &dollars(total)]));
    let each = (usage.messages > 0.0).then(|| total / usage.messages);
    let mut text = format!(
        "{}, list prices of {AS_OF}\n\n{}\n",
        usage.period,
        table(&rows, &[2, 4])
    );
    match each {
        Some(each) => writeln!(
            text,
            "{} messages were handled: {} each, {} a million.",
            number(usage.messages),
            format_args!("${each:.8}"),
            dollars(each * 1e6)
        )?,
        None => writeln!(text, "No message was handled.")?,
    }
    for remark in &usage.remarks {
        writeln!(text, "{remark}")?;
    }
    writeln!(text, "{NOT_INCLUDED}")?;
    let json = json!({
        "period": usage.period, "prices": AS_OF, "items": items, "dollars": total, "messages": usage.messages,
        "dollars_per_message": each, "remarks": usage.remarks, "not_included": NOT_INCLUDED,
    });
    Ok(Answer::fine(text, json))
}

/// As many digits as it takes to see something.
fn dollars(amount: f64) -> String {
    match amount {
        small if small < 1.0 => format!("${small:.6}"),
        amount => {
            let cents = format!("{amount:.2}");
            let (whole, cents) = cents.split_once('.').unwrap_or((&cents, "00"));
            format!("${}.{cents}", number(whole.parse().unwrap_or(amount)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fakes::World, ports::Usage, prices::Item};

    #[tokio::test]
    async fn each_service_has_its_price_and_a_message_its_share() {
        let used = vec![
            (Item::WriteUnits, 9e6),
            (Item::LambdaRequests, 2e6),
            (Item::LambdaGbSecondsArm, 1e6),
            (Item::LogBytes, 1e9),
        ];
        let usage = Usage {
            period: "the last 30 days".into(),
            used,
            messages: 1e6,
            remarks: Vec::new(),
        };
        let answer = cost(
            &World {
                usage,
                ..World::default()
            },
            30,
        )
        .await
        .unwrap();
        let total = 9.0 * 0.625 + 2.0 * 0.2 + 13.333_4 + 0.5;
        assert!((answer.json["dollars"].as_f64().unwrap() - total).abs() < 1e-9);
        assert!((answer.json["dollars_per_message"].as_f64().unwrap() - total / 1e6).abs() < 1e-12);
        for line in [
            "Lambda      requests               2,000,000  $0.2000 / million   $0.400000\n",
            "DynamoDB    write units            9,000,000  $0.6250 / million       $5.62\n",
            "  $19.86\n",
            "1,000,000 messages were handled: $0.00001986 each, $19.86 a million.",
            "Not included: storage",
        ] {
            assert!(answer.text.contains(line), "{line}\n{}", answer.text);
        }
    }

    #[tokio::test]
    async fn nothing_used_costs_nothing() {
        let answer = cost(&World::default(), 30).await.unwrap();
        assert!(
            answer.text.contains("No message was handled."),
            "{}",
            answer.text
        );
        assert_eq!(answer.json["dollars"], 0.0);
    }

    #[test]
    fn amounts_show_something() {
        for (amount, text) in [
            (0.0, "$0.000000"),
            (0.000_4, "$0.000400"),
            (1_234.567, "$1,234.57"),
        ] {
            assert_eq!(dollars(amount), text);
        }
    }
}
