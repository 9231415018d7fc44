//! DynamoDB on the points that the products use, through the SDK. What AWS documents decides; `local` and MiniStack are
//! asked the same.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError},
    types::{
        AttributeValue, ConditionCheck, ConsumedCapacity, Delete, Get, KeysAndAttributes, Put,
        ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure, Select,
        TransactGetItem, TransactWriteItem, Update,
    },
};
use confab_e2e::{Cloud, MiniStack, refused};

type Row = HashMap<String, AttributeValue>;

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn key(pk: &str, sk: &str) -> Row {
    row(pk, sk, [])
}

fn row<const N: usize>(pk: &str, sk: &str, more: [(&str, AttributeValue); N]) -> Row {
    let keys = [("pk", s(pk)), ("sk", s(sk))];
    keys.into_iter()
        .chain(more)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

struct Table {
    cloud: Cloud,
    name: String,
}

impl Table {
    async fn new() -> Result<Self> {
        let cloud = Cloud::start().await?;
        Ok(Self {
            name: cloud.named("table"),
            cloud,
        })
    }

    fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.cloud.dynamodb
    }

    async fn put(&self, row: Row) -> Result<()> {
        self.client()
            .put_item()
            .table_name(&self.name)
            .set_item(Some(row))
            .send()
            .await?;
        Ok(())
    }

    async fn get(&self, pk: &str, sk: &str) -> Result<Option<Row>> {
        let asked = self
            .client()
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key(pk, sk)));
        Ok(asked.consistent_read(true).send().await?.item)
    }

    fn new_put(&self, row: Row) -> Result<TransactWriteItem> {
        let put = Put::builder().table_name(&self.name).set_item(Some(row));
        let put = put.condition_expression("attribute_not_exists(pk)");
        let put = put
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Goes from one version to the next.
    fn step(&self, pk: &str, from: i64) -> Result<TransactWriteItem> {
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key(pk, "a")));
        let update = update
            .update_expression("SET version = :next")
            .condition_expression("version = :from");
        let update = update.expression_attribute_values(":next", n(from + 1));
        let update = update
            .expression_attribute_values(":from", n(from))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    async fn write(
        &self,
        items: Vec<TransactWriteItem>,
    ) -> Result<(), SdkError<TransactWriteItemsError>> {
        self.client()
            .transact_write_items()
            .set_transact_items(Some(items))
            .send()
            .await
            .map(drop)
    }
}

// ---- Conditions

#[tokio::test]
async fn failed_conditional_puts_return_the_existing_item() -> Result<()> {
    let table = Table::new().await?;
    let first = row("p", "a", [("owner", s("dana")), ("count", n(1))]);
    table.put(first.clone()).await?;
    let put = table
        .client()
        .put_item()
        .table_name(&table.name)
        .set_item(Some(row("p", "a", [("count", n(2))])));
    let put = put.condition_expression("attribute_not_exists(pk)");
    let put =
        put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let error = put
        .send()
        .await
        .err()
        .context("the condition does not hold")?;
    match error.into_service_error() {
        PutItemError::ConditionalCheckFailedException(failed) => {
            assert_eq!(failed.item(), Some(&first))
        }
        other => anyhow::bail!("{other:?}"),
    }
    assert_eq!(table.get("p", "a").await?, Some(first));
    Ok(())
}

#[tokio::test]
async fn version_checks_let_one_of_two_writers_through() -> Result<()> {
    let table = Table::new().await?;
    table.put(row("p", "a", [("version", n(1))])).await?;
    // All of them have read version one.
    let write = || async {
        match table.write(vec![table.step("p", 1)?]).await {
            Ok(()) => Ok(true),
            Err(error) => match error.into_service_error() {
                TransactWriteItemsError::TransactionCanceledException(_) => anyhow::Ok(false),
                other => Err(other.into()),
            },
        }
    };
    let (a, b, c, d) = tokio::join!(write(), write(), write(), write());
    assert_eq!([a?, b?, c?, d?].into_iter().filter(|done| *done).count(), 1);
    let found = table.get("p", "a").await?.context("it is there")?;
    assert_eq!(found["version"], n(2));
    Ok(())
}

// ---- Transactions

#[tokio::test]
async fn transactions_are_atomic_and_report_reasons() -> Result<()> {
    let table = Table::new().await?;
    let there = row("p", "there", [("count", n(7))]);
    table.put(there.clone()).await?;
    let check = ConditionCheck::builder()
        .table_name(&table.name)
        .set_key(Some(key("p", "there")));
    let check = check.condition_expression("attribute_exists(pk)").build()?;
    let check = TransactWriteItem::builder().condition_check(check).build();
    let items = vec![
        table.new_put(row("p", "new", []))?,
        check.clone(),
        table.new_put(row("p", "other", []))?,
    ];
    table.write(items).await?;
    assert!(table.get("p", "new").await?.is_some() && table.get("p", "other").await?.is_some());

    let delete = Delete::builder()
        .table_name(&table.name)
        .set_key(Some(key("p", "new")))
        .build()?;
    let delete = TransactWriteItem::builder().delete(delete).build();
    let items = vec![
        delete,
        table.new_put(there.clone())?,
        table.step("missing", 1)?,
    ];
    let error = table
        .write(items)
        .await
        .err()
        .context("two conditions do not hold")?;
    let TransactWriteItemsError::TransactionCanceledException(cancelled) =
        error.into_service_error()
    else {
        anyhow::bail!("another error");
    };
    let reasons = cancelled.cancellation_reasons();
    let codes: Vec<_> = reasons
        .iter()
        .map(|reason| reason.code().unwrap_or_default())
        .collect();
    assert_eq!(
        codes,
        ["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]
    );
    assert_eq!(reasons[1].item(), Some(&there));
    assert!(reasons[2].item().is_none_or(HashMap::is_empty));
    assert!(
        table.get("p", "new").await?.is_some(),
        "nothing of it was done"
    );
    Ok(())
}

#[tokio::test]
async fn invalid_transactions_are_refused() -> Result<()> {
    let table = Table::new().await?;
    let twice = vec![table.new_put(row("p", "a", []))?, table.step("p", 1)?];
    assert_eq!(
        refused(table.write(twice).await)?,
        "ValidationException",
        "two actions on one item"
    );
    let many: Result<Vec<_>> = (0..101)
        .map(|number| table.new_put(row("p", &number.to_string(), [])))
        .collect();
    assert_eq!(
        refused(table.write(many?).await)?,
        "ValidationException",
        "101 items"
    );
    let hundred: Result<Vec<_>> = (0..100)
        .map(|number| table.new_put(row("p", &number.to_string(), [])))
        .collect();
    table.write(hundred?).await?;
    Ok(())
}

#[tokio::test]
async fn transactions_with_a_token_are_idempotent() -> Result<()> {
    let table = Table::new().await?;
    table.put(row("p", "a", [("version", n(1))])).await?;
    let write = async |from| {
        let items = table
            .client()
            .transact_write_items()
            .transact_items(table.step("p", from)?);
        anyhow::Ok(items.client_request_token("once").send().await)
    };
    write(1).await??;
    // Its condition would not hold a second time.
    write(1).await??;
    assert_eq!(
        table.get("p", "a").await?.context("it is there")?["version"],
        n(2)
    );
    assert_eq!(
        refused(write(2).await?)?,
        "IdempotentParameterMismatchException"
    );
    Ok(())
}

#[tokio::test]
async fn transact_get_keeps_the_order_of_its_keys() -> Result<()> {
    let table = Table::new().await?;
    table.put(row("p", "a", [])).await?;
    table.put(row("p", "c", [])).await?;
    let get = |sk| -> Result<_> {
        let get = Get::builder()
            .table_name(&table.name)
            .set_key(Some(key("p", sk)))
            .build()?;
        Ok(TransactGetItem::builder().get(get).build())
    };
    let asked = table.client().transact_get_items();
    let found = asked
        .transact_items(get("c")?)
        .transact_items(get("b")?)
        .transact_items(get("a")?)
        .send()
        .await?;
    let found: Vec<_> = found
        .responses()
        .iter()
        .map(|response| response.item().cloned())
        .collect();
    assert_eq!(found, [Some(key("p", "c")), None, Some(key("p", "a"))]);
    Ok(())
}

// ---- Reading

#[tokio::test]
async fn batch_get_returns_existing_items() -> Result<()> {
    let table = Table::new().await?;
    for number in 0..3 {
        table.put(row("p", &number.to_string(), [])).await?;
    }
    let ask = async |keys: Vec<Row>| {
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build()?;
        anyhow::Ok(
            table
                .client()
                .batch_get_item()
                .request_items(&table.name, keys)
                .send()
                .await,
        )
    };
    let found = ask((0..100)
        .map(|number| key("p", &number.to_string()))
        .collect())
    .await??;
    assert_eq!(
        found
            .responses()
            .and_then(|of| of.get(&table.name))
            .map(Vec::len),
        Some(3)
    );
    assert!(found.unprocessed_keys().is_none_or(HashMap::is_empty));
    assert_eq!(
        refused(ask(vec![key("p", "0"), key("p", "0")]).await?)?,
        "ValidationException"
    );
    let many = (0..101)
        .map(|number| key("p", &number.to_string()))
        .collect();
    assert_eq!(refused(ask(many).await?)?, "ValidationException");
    Ok(())
}

#[tokio::test]
async fn queries_page_through_a_prefix() -> Result<()> {
    let table = Table::new().await?;
    for number in 0..7 {
        table
            .put(row("p", &format!("MSG#{number}"), [("number", n(number))]))
            .await?;
    }
    for (pk, sk) in [("p", "USER"), ("p", "MSF"), ("other", "MSG#0")] {
        table.put(row(pk, sk, [])).await?;
    }
    let query = |forward: bool| {
        let query = table
            .client()
            .query()
            .table_name(&table.name)
            .scan_index_forward(forward)
            .limit(3);
        let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)");
        query
            .expression_attribute_values(":pk", s("p"))
            .expression_attribute_values(":prefix", s("MSG#"))
    };
    let mut found = Vec::new();
    let mut from = None;
    for size in [3, 3, 1] {
        let page = query(true).set_exclusive_start_key(from).send().await?;
        assert_eq!(page.items().len(), size);
        found.extend(page.items().iter().map(|item| item["number"].clone()));
        from = page.last_evaluated_key;
    }
    assert_eq!(from, None);
    assert_eq!(found, (0..7).map(n).collect::<Vec<_>>());
    let newest = query(false).send().await?;
    assert_eq!(newest.items()[0]["number"], n(6));
    // The limit counts what is read, before the filter.
    let filtered = query(true)
        .filter_expression("#number >= :two")
        .expression_attribute_names("#number", "number");
    let filtered = filtered
        .expression_attribute_values(":two", n(2))
        .send()
        .await?;
    assert_eq!((filtered.count(), filtered.scanned_count()), (1, 3));
    assert_eq!(
        filtered.last_evaluated_key().map(|key| key["sk"].clone()),
        Some(s("MSG#2"))
    );
    let counted = query(true).limit(100).select(Select::Count).send().await?;
    assert_eq!((counted.count(), counted.items().len()), (7, 0));
    let between = table
        .client()
        .query()
        .table_name(&table.name)
        .key_condition_expression("pk = :pk AND sk > :after");
    let between = between
        .expression_attribute_values(":pk", s("p"))
        .expression_attribute_values(":after", s("MSG#4"));
    let between: Vec<_> = between
        .send()
        .await?
        .items()
        .iter()
        .map(|item| item["sk"].clone())
        .collect();
    assert_eq!(between, [s("MSG#5"), s("MSG#6"), s("USER")]);
    Ok(())
}

#[tokio::test]
async fn pages_hold_one_megabyte() -> Result<()> {
    let table = Table::new().await?;
    for number in 0..4 {
        table
            .put(row(
                "p",
                &number.to_string(),
                [("body", s(&"x".repeat(350_000)))],
            ))
            .await?;
    }
    let query = table
        .client()
        .query()
        .table_name(&table.name)
        .key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", s("p"));
    let page = query.clone().send().await?;
    // Whether the item that passes the megabyte is still in it, AWS does not say.
    assert!(
        (2..=3).contains(&page.items().len()),
        "{} items",
        page.items().len()
    );
    let rest = query
        .set_exclusive_start_key(page.last_evaluated_key().cloned())
        .send()
        .await?;
    assert_eq!(page.items().len() + rest.items().len(), 4);
    assert!(rest.last_evaluated_key().is_none());
    Ok(())
}

#[tokio::test]
async fn indexes_are_sparse() -> Result<()> {
    let table = Table::new().await?;
    table
        .put(row("p", "2", [("owner", s("dana")), ("title", s("b"))]))
        .await?;
    table
        .put(row("q", "1", [("owner", s("dana")), ("title", s("a"))]))
        .await?;
    table.put(row("p", "3", [("title", s("other"))])).await?;
    table.put(row("p", "4", [("owner", s("omer"))])).await?;
    let query = |consistent| {
        let query = table
            .client()
            .query()
            .table_name(&table.name)
            .index_name("by_owner")
            .consistent_read(consistent);
        let query = query
            .key_condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner");
        query
            .expression_attribute_values(":owner", s("dana"))
            .send()
    };
    let titles: Vec<_> = query(false)
        .await?
        .items()
        .iter()
        .map(|item| item["title"].clone())
        .collect();
    assert_eq!(titles, [s("a"), s("b")]);
    assert_eq!(
        refused(query(true).await)?,
        "ValidationException",
        "an index cannot be read consistently"
    );
    let gone = table
        .client()
        .update_item()
        .table_name(&table.name)
        .set_key(Some(key("q", "1")));
    gone.update_expression("REMOVE #owner")
        .expression_attribute_names("#owner", "owner")
        .send()
        .await?;
    assert_eq!(query(false).await?.count(), 1);
    Ok(())
}

// ---- Writing

#[tokio::test]
async fn update_expressions_are_applied() -> Result<()> {
    let table = Table::new().await?;
    let update = |expression: &str| {
        let update = table
            .client()
            .update_item()
            .table_name(&table.name)
            .set_key(Some(key("p", "a")));
        update
            .update_expression(expression)
            .return_values(ReturnValue::AllNew)
    };
    let made = update(
        "SET #n = if_not_exists(#n, :zero) + :one, tags = :tags, steps = :steps ADD points :one, seen :seen",
    );
    let made = made
        .expression_attribute_names("#n", "count")
        .expression_attribute_values(":zero", n(0));
    let made = made
        .expression_attribute_values(":one", n(1))
        .expression_attribute_values(":steps", list(&["a"]));
    let made = made.expression_attribute_values(":tags", set(&["x", "y"]));
    let made = made
        .expression_attribute_values(":seen", set(&["u1"]))
        .send()
        .await?
        .attributes
        .context("new values")?;
    assert_eq!(
        (&made["count"], &made["points"], &made["seen"]),
        (&n(1), &n(1), &set(&["u1"]))
    );
    let changed = update(
        "SET steps = list_append(steps, :steps), nested.a = :one REMOVE points DELETE tags :tags ADD #n :one",
    );
    let changed = changed
        .expression_attribute_names("#n", "count")
        .expression_attribute_values(":one", n(1));
    let changed = changed.expression_attribute_values(":steps", list(&["b"]));
    let changed = changed.expression_attribute_values(":tags", set(&["x"]));
    assert_eq!(
        refused(changed.clone().send().await)?,
        "ValidationException",
        "there is no map to put it in"
    );
    let nested = update("SET nested = :map")
        .expression_attribute_values(":map", AttributeValue::M(HashMap::new()));
    nested.send().await?;
    let changed = changed.send().await?.attributes.context("new values")?;
    assert_eq!(
        (&changed["count"], &changed["steps"]),
        (&n(2), &list(&["a", "b"]))
    );
    assert_eq!(
        changed["nested"],
        AttributeValue::M(HashMap::from([("a".to_owned(), n(1))]))
    );
    assert_eq!(
        (changed.get("points"), changed.get("tags")),
        (None, Some(&set(&["y"])))
    );
    // Only what was changed, and what it was before.
    let old = update("SET #n = :nine").expression_attribute_names("#n", "count");
    let old = old
        .expression_attribute_values(":nine", n(9))
        .return_values(ReturnValue::UpdatedOld)
        .send()
        .await?;
    assert_eq!(
        old.attributes,
        Some(HashMap::from([("count".to_owned(), n(2))]))
    );
    // The last of a set takes the attribute with it.
    let emptied = update("DELETE tags :tags")
        .expression_attribute_values(":tags", set(&["y"]))
        .send()
        .await?;
    assert!(
        !emptied
            .attributes
            .context("new values")?
            .contains_key("tags")
    );
    Ok(())
}

fn set(of: &[&str]) -> AttributeValue {
    AttributeValue::Ss(of.iter().map(|&text| text.to_owned()).collect())
}

fn list(of: &[&str]) -> AttributeValue {
    AttributeValue::L(of.iter().map(|text| s(text)).collect())
}

#[tokio::test]
async fn invalid_items_and_expressions_are_refused() -> Result<()> {
    let table = Table::new().await?;
    let put = |row| {
        table
            .client()
            .put_item()
            .table_name(&table.name)
            .set_item(Some(row))
    };
    let cases = [
        ("an empty key", put(row("", "a", []))),
        (
            "no sort key",
            put(HashMap::from([("pk".to_owned(), s("p"))])),
        ),
        (
            "a key of another type",
            put(HashMap::from([
                ("pk".to_owned(), s("p")),
                ("sk".to_owned(), n(1)),
            ])),
        ),
        (
            "an index key of another type",
            put(row("p", "a", [("owner", n(1))])),
        ),
        (
            "more than 400 KB",
            put(row("p", "a", [("body", s(&"x".repeat(400 * 1024)))])),
        ),
        (
            "an empty set",
            put(row("p", "a", [("set", AttributeValue::Ss(Vec::new()))])),
        ),
        (
            "a number of 39 digits",
            put(row(
                "p",
                "a",
                [("number", AttributeValue::N("1".repeat(39)))],
            )),
        ),
        (
            "a value that no expression uses",
            put(key("p", "a")).expression_attribute_values(":unused", n(1)),
        ),
        (
            "a word of DynamoDB's own",
            put(key("p", "a"))
                .condition_expression("attribute_not_exists(owner) OR ttl = :x")
                .expression_attribute_values(":x", n(1)),
        ),
    ];
    for (what, put) in cases {
        assert_eq!(
            refused(put.send().await).with_context(|| what)?,
            "ValidationException",
            "{what}"
        );
    }
    put(row(
        "p",
        "a",
        [
            ("empty", s("")),
            ("exact", AttributeValue::N("1".repeat(38))),
        ],
    ))
    .send()
    .await?;
    assert_eq!(
        table.get("p", "a").await?.context("it is there")?["exact"],
        AttributeValue::N("1".repeat(38))
    );
    let missing = table
        .client()
        .get_item()
        .table_name("unknown")
        .set_key(Some(key("p", "a")))
        .send()
        .await;
    assert_eq!(refused(missing)?, "ResourceNotFoundException");
    Ok(())
}

// ---- Time to live

#[tokio::test]
async fn expired_rows_count_as_absent_before_ttl_deletes_them() -> Result<()> {
    let table = Table::new().await?;
    let about = table
        .client()
        .describe_time_to_live()
        .table_name(&table.name)
        .send()
        .await?;
    let about = about.time_to_live_description().context("an answer")?;
    let status = about.time_to_live_status().map(|status| status.as_str());
    if table.cloud.differs(MiniStack::ForgetsTimeToLive) {
        assert_eq!(status, Some("DISABLED"));
    } else {
        assert_eq!(
            (status, about.attribute_name()),
            (Some("ENABLED"), Some("expires_at"))
        );
    }
    let now = 1_000_000_000;
    table
        .put(row("p", "old", [("expires_at", n(now - 1))]))
        .await?;
    table
        .put(row("p", "young", [("expires_at", n(9_000_000_000))]))
        .await?;
    // Deletion lags by days on AWS, so readers filter.
    let query = table
        .client()
        .query()
        .table_name(&table.name)
        .key_condition_expression("pk = :pk");
    let query = query
        .filter_expression("expires_at > :now")
        .expression_attribute_values(":now", n(now));
    let live = query
        .expression_attribute_values(":pk", s("p"))
        .send()
        .await?;
    assert_eq!(
        live.items()
            .iter()
            .map(|item| item["sk"].clone())
            .collect::<Vec<_>>(),
        [s("young")]
    );
    // And writers count it as none.
    let claim = |sk: &str| {
        let claim = table
            .client()
            .put_item()
            .table_name(&table.name)
            .set_item(Some(key("p", sk)));
        let claim = claim.condition_expression("attribute_not_exists(pk) OR expires_at <= :now");
        claim.expression_attribute_values(":now", n(now)).send()
    };
    claim("old").await?;
    assert_eq!(
        refused(claim("young").await)?,
        "ConditionalCheckFailedException"
    );
    Ok(())
}

// ---- Capacity

fn units(consumed: Option<&ConsumedCapacity>) -> f64 {
    consumed
        .and_then(ConsumedCapacity::capacity_units)
        .unwrap_or_default()
}

fn total(consumed: &[ConsumedCapacity]) -> f64 {
    consumed
        .iter()
        .filter_map(ConsumedCapacity::capacity_units)
        .sum()
}

/// A row of so many bytes as AWS counts them: names and values.
fn sized(sk: &str, bytes: usize) -> Row {
    let rest = bytes - "pk".len() - "p".len() - "sk".len() - sk.len() - "body".len();
    row("p", sk, [("body", s(&"x".repeat(rest)))])
}

#[tokio::test]
async fn writes_cost_one_unit_per_kilobyte() -> Result<()> {
    let table = Table::new().await?;
    let put = async |row: Row| {
        let put = table
            .client()
            .put_item()
            .table_name(&table.name)
            .set_item(Some(row));
        let done = put
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        anyhow::Ok(units(done.consumed_capacity()))
    };
    assert_eq!(put(sized("a", 1024)).await?, 1.0);
    assert_eq!(put(sized("b", 1025)).await?, 2.0);
    assert_eq!(
        put(sized("b", 100)).await?,
        2.0,
        "the larger of before and after"
    );
    let indexed = sized("c", 500)
        .into_iter()
        .chain([("owner".to_owned(), s("dana"))])
        .collect();
    assert_eq!(
        put(indexed).await?,
        2.0,
        "one for the table, one for its index"
    );
    let update = table
        .client()
        .update_item()
        .table_name(&table.name)
        .set_key(Some(key("p", "a")));
    let update = update
        .update_expression("SET more = :m")
        .expression_attribute_values(":m", s(&"x".repeat(2000)));
    let update = update
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await?;
    assert_eq!(
        units(update.consumed_capacity()),
        3.0,
        "the whole item, not what changed"
    );
    let delete = async |sk: &str| {
        let delete = table
            .client()
            .delete_item()
            .table_name(&table.name)
            .set_key(Some(key("p", sk)));
        let done = delete
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        anyhow::Ok(units(done.consumed_capacity()))
    };
    assert_eq!(delete("a").await?, 3.0);
    assert_eq!(delete("a").await?, 1.0, "nothing to delete costs one");
    Ok(())
}

#[tokio::test]
async fn reads_cost_one_unit_per_four_kilobytes_and_half_when_eventual() -> Result<()> {
    let table = Table::new().await?;
    for (sk, bytes) in [
        ("a", 4096),
        ("b", 4097),
        ("c", 1500),
        ("d", 1500),
        ("e", 1500),
    ] {
        table.put(sized(sk, bytes)).await?;
    }
    let get = async |sk: &str, consistent: bool| {
        let get = table
            .client()
            .get_item()
            .table_name(&table.name)
            .set_key(Some(key("p", sk)));
        let get = get
            .consistent_read(consistent)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        anyhow::Ok(units(get.send().await?.consumed_capacity()))
    };
    assert_eq!((get("a", false).await?, get("a", true).await?), (0.5, 1.0));
    assert_eq!(
        (get("none", false).await?, get("none", true).await?),
        (0.5, 1.0)
    );
    let larger = (get("b", false).await?, get("b", true).await?);
    // A query adds up what it reads and rounds once; a batch rounds each item.
    let query = table
        .client()
        .query()
        .table_name(&table.name)
        .key_condition_expression("pk = :pk AND sk >= :c");
    let query = query
        .expression_attribute_values(":pk", s("p"))
        .expression_attribute_values(":c", s("c"));
    let query = query
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await?;
    let keys = KeysAndAttributes::builder()
        .set_keys(Some(["c", "d", "e"].map(|sk| key("p", sk)).into()))
        .build()?;
    let batch = table
        .client()
        .batch_get_item()
        .request_items(&table.name, keys);
    let batch = batch
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await?;
    let (queried, fetched) = (
        units(query.consumed_capacity()),
        total(batch.consumed_capacity()),
    );
    if table.cloud.differs(MiniStack::CountsNoSizesOfReads) {
        assert_eq!((larger, queried, fetched), ((0.5, 1.0), 0.5, 0.0));
    } else {
        assert_eq!(larger, (1.0, 2.0));
        assert_eq!(
            queried, 1.0,
            "4,500 bytes are two times four kilobytes, at half"
        );
        assert_eq!(fetched, 1.5, "three times half");
    }
    Ok(())
}

#[tokio::test]
async fn transactions_cost_twice() -> Result<()> {
    let table = Table::new().await?;
    let check = ConditionCheck::builder()
        .table_name(&table.name)
        .set_key(Some(key("p", "none")));
    let check = check
        .condition_expression("attribute_not_exists(pk)")
        .build()?;
    let write = table
        .client()
        .transact_write_items()
        .transact_items(table.new_put(sized("a", 500))?);
    let write = write.transact_items(table.new_put(sized("b", 1500))?);
    let write = write.transact_items(TransactWriteItem::builder().condition_check(check).build());
    let write = write
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await?;
    assert_eq!(total(write.consumed_capacity()), 8.0, "2 + 4 + 2");
    let get = |sk| -> Result<_> {
        let get = Get::builder()
            .table_name(&table.name)
            .set_key(Some(key("p", sk)))
            .build()?;
        Ok(TransactGetItem::builder().get(get).build())
    };
    let read = table
        .client()
        .transact_get_items()
        .transact_items(get("a")?)
        .transact_items(get("b")?);
    let read = read
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await?;
    assert_eq!(total(read.consumed_capacity()), 4.0);
    Ok(())
}
