//! Tests fail when an invocation touches the keys of two tenants. The template says where keys name tenants.

use confab_aws::{Objects, Row, Table};
use confab_testkit::{Cloud, invocation};

const FUNCTION: &str = "desk-conversations";

fn table(cloud: &Cloud) -> Table {
    let env = cloud.env(FUNCTION);
    let name = env.required("CONFAB_TABLE").unwrap();
    Table::new(cloud.aws(FUNCTION).dynamodb(), name)
}

fn row(tenant: &str) -> Row {
    Table::key(format!("T#{tenant}#CONV#cnv_1"), "HEAD")
}

async fn read(table: &Table, tenant: &str) {
    let row: Option<serde_json::Value> = table.get(row(tenant)).await.unwrap();
    assert_eq!(row, None);
}

#[tokio::test]
async fn invocation_that_reads_two_tenants_is_reported() {
    let cloud = Cloud::open().await;
    let table = table(&cloud);
    for tenant in ["tnt_a", "tnt_b"] {
        invocation(read(&table, tenant)).await;
    }
    assert_eq!(cloud.take_tenant_violations(), []);
    let both = async {
        read(&table, "tnt_a").await;
        read(&table, "tnt_b").await;
    };
    invocation(both).await;
    let found = cloud.take_tenant_violations();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].tenants, ["tnt_a", "tnt_b"]);
}

#[tokio::test]
async fn objects_of_another_tenant_are_reported() {
    let cloud = Cloud::open().await;
    let function = "desk-messages";
    let bucket = cloud.env(function);
    let bucket = bucket.required("CONFAB_BUCKET").unwrap().to_owned();
    let objects = Objects::new(&cloud.aws(function), bucket);
    let both = async {
        for tenant in ["tnt_a", "tnt_b"] {
            objects.get(&format!("t/{tenant}/file")).await.ok();
        }
    };
    invocation(both).await;
    assert_eq!(cloud.take_tenant_violations().len(), 1);
}

#[tokio::test]
#[should_panic(expected = "tenant keys mixed")]
async fn test_fails_whose_invocation_mixes_tenants() {
    let cloud = Cloud::open().await;
    let table = table(&cloud);
    let both = async {
        read(&table, "tnt_a").await;
        read(&table, "tnt_b").await;
    };
    invocation(both).await;
}

#[tokio::test]
#[should_panic(expected = "confab_testkit::invocation")]
async fn test_fails_whose_handler_runs_outside_of_an_invocation() {
    let cloud = Cloud::open().await;
    read(&table(&cloud), "tnt_a").await;
}
