//! What AWS charges: list prices of us-east-1, on demand. The one place to change when they do.

pub(crate) const AS_OF: &str = "us-east-1, November 2026";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Item {
    LambdaRequests,
    LambdaGbSecondsArm,
    LambdaGbSecondsX86,
    HttpRequests,
    SocketMessages,
    SocketMinutes,
    SqsRequests,
    SqsFifoRequests,
    ReadUnits,
    WriteUnits,
    BusEvents,
    LogBytes,
}

pub(crate) struct Price {
    pub(crate) service: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) dollars: f64,
    /// For so many units.
    pub(crate) per: f64,
    pub(crate) per_text: &'static str,
}

const MILLION: f64 = 1e6;
const GIGABYTE: f64 = 1e9;

pub(crate) fn price(item: Item) -> Price {
    let of = |service, unit, dollars, per, per_text| Price {
        service,
        unit,
        dollars,
        per,
        per_text,
    };
    match item {
        Item::LambdaRequests => of("Lambda", "requests", 0.20, MILLION, "million"),
        Item::LambdaGbSecondsArm => of("Lambda", "GB-seconds, arm64", 13.333_4, MILLION, "million"),
        Item::LambdaGbSecondsX86 => {
            of("Lambda", "GB-seconds, x86_64", 16.666_7, MILLION, "million")
        }
        Item::HttpRequests => of("HTTP API", "requests", 1.00, MILLION, "million"),
        Item::SocketMessages => of("WebSocket API", "messages", 1.00, MILLION, "million"),
        Item::SocketMinutes => of(
            "WebSocket API",
            "connection minutes",
            0.25,
            MILLION,
            "million",
        ),
        Item::SqsRequests => of("SQS", "requests, standard", 0.40, MILLION, "million"),
        Item::SqsFifoRequests => of("SQS", "requests, FIFO", 0.50, MILLION, "million"),
        Item::ReadUnits => of("DynamoDB", "read units", 0.125, MILLION, "million"),
        Item::WriteUnits => of("DynamoDB", "write units", 0.625, MILLION, "million"),
        Item::BusEvents => of("EventBridge", "events", 1.00, MILLION, "million"),
        Item::LogBytes => of("CloudWatch", "bytes of logs", 0.50, GIGABYTE, "GB"),
    }
}

impl Item {
    pub(crate) fn cost(self, quantity: f64) -> f64 {
        let price = price(self);
        quantity * price.dollars / price.per
    }
}

pub(crate) const NOT_INCLUDED: &str = "\
Not included: storage (tables, backups, logs, archives, buckets), X-Ray traces, alarms, custom metrics and dashboards, SNS,
data transfer, what providers charge, the free tier, discounts and taxes. Your bill decides.";
