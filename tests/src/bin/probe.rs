//! A function that does what its event says: the suites of Lambda's behaviour and of the WebSocket API run it on `local`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerRequestTypeRequest, ApiGatewayWebsocketProxyRequest,
};
use confab_aws::{Aws, FrameDelivery, Mail, Mailer, Sockets, Table};
use confab_lambda::Platform;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

static CALLS: AtomicU32 = AtomicU32::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let Platform { env, aws, .. } = Platform::of_process()?;
    let endpoint = env.optional("SOCKET_ENDPOINT");
    let sockets = endpoint.map(|endpoint| Sockets::new(&aws, endpoint));
    let probe = Arc::new(Probe { aws, sockets });
    run(service_fn(move |event| obey(probe.clone(), event))).await
}

struct Probe {
    aws: Aws,
    sockets: Option<Sockets>,
}

async fn obey(probe: Arc<Probe>, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let event = event.payload;
    if event["type"] == "REQUEST" {
        return authorize(event);
    }
    let id = event.pointer("/requestContext/connectionId");
    match (&probe.sockets, id) {
        (Some(sockets), Some(Value::String(id))) => on_socket(sockets, id, &event).await,
        _ => match event["Records"].as_array() {
            Some(records) => {
                for record in records {
                    let body = record["body"].as_str().unwrap_or_default();
                    call(&probe.aws, &serde_json::from_str(body)?, Value::Null).await?;
                }
                Ok(Value::Null)
            }
            None => call(&probe.aws, &event, event.clone()).await,
        },
    }
}

/// Calls AWS, or acts alone.
async fn call(aws: &Aws, order: &Value, otherwise: Value) -> Result<Value, Error> {
    let text = |name: &str| order[name].as_str().unwrap_or_default().to_owned();
    match order["do"].as_str() {
        Some("read") => {
            let table = Table::new(aws.dynamodb(), text("table"));
            for key in order["keys"].as_array().into_iter().flatten() {
                let (pk, sk) = (key[0].as_str(), key[1].as_str());
                let key = Table::key(pk.unwrap_or_default(), sk.unwrap_or_default());
                table.get::<Value>(key).await?;
            }
            Ok(otherwise)
        }
        Some("send_mail") => {
            let mail = Mail {
                to: text("to"),
                subject: text("subject"),
                text: text("text"),
                html: text("html"),
            };
            let sent = Mailer::new(aws, text("from")).send(&mail).await;
            let problem = sent.err().map(|error| error.to_string());
            Ok(json!({ "problem": problem }))
        }
        _ => act(order, otherwise).await,
    }
}

async fn act(order: &Value, otherwise: Value) -> Result<Value, Error> {
    match order["do"].as_str().unwrap_or("echo") {
        "fail" => Err("as told".into()),
        "exit" => std::process::exit(3),
        "sleep" => {
            tokio::time::sleep(Duration::from_millis(ms(order))).await;
            Ok(json!({ "slept": order["ms"] }))
        }
        "environment" => Ok(environment()),
        "who" => Ok(
            json!({ "process": std::process::id(), "call": CALLS.fetch_add(1, Ordering::Relaxed) + 1 }),
        ),
        _ => Ok(otherwise),
    }
}

/// What Lambda puts into the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests compare the variables themselves"
)]
fn environment() -> Value {
    let names = [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_EXECUTION_ENV",
        "_HANDLER",
        "TZ",
    ];
    names
        .iter()
        .map(|name| ((*name).to_owned(), json!(std::env::var(name).ok())))
        .collect()
}

/// Numbers in a query are texts.
fn ms(order: &Value) -> u64 {
    order["ms"]
        .as_u64()
        .or_else(|| order["ms"].as_str()?.parse().ok())
        .unwrap_or(0)
}

/// The order is in the query when a client connects, and in the body of a message. Every event is a line of the log.
async fn on_socket(sockets: &Sockets, id: &str, event: &Value) -> Result<Value, Error> {
    serde_json::from_value::<ApiGatewayWebsocketProxyRequest>(event.clone())?;
    log(&json!({ "message": "event", "event": event }));
    let order = match event["body"].as_str() {
        Some(body) => serde_json::from_str(body).unwrap_or_default(),
        None => event["queryStringParameters"].clone(),
    };
    let to = order["to"].as_str().unwrap_or(id);
    let text = |otherwise: String| {
        order["text"]
            .as_str()
            .map_or(otherwise, str::to_owned)
            .into_bytes()
    };
    match order["do"].as_str() {
        Some("tell") => posted(sockets.post(to, text(event.to_string())).await?),
        Some("tell_late") => {
            tokio::time::sleep(Duration::from_millis(ms(&order))).await;
            posted(sockets.post(to, text(event.to_string())).await?);
        }
        Some("end") => posted(sockets.close(to).await?),
        Some("answer_nothing") => return Ok(Value::Null),
        _ => {
            act(&order, Value::Null).await?;
        }
    }
    let status = order["status"]
        .as_str()
        .and_then(|status| status.parse().ok())
        .unwrap_or(200);
    Ok(
        json!({ "statusCode": status, "headers": { "Sec-WebSocket-Protocol": order["protocol"] }, "body": "unheard" }),
    )
}

fn posted(posted: FrameDelivery) {
    log(&json!({ "message": "posted", "gone": posted == FrameDelivery::Gone }));
}

#[expect(clippy::print_stdout, reason = "a function's log")]
fn log(line: &Value) {
    println!("{line}");
}

/// Lets in, or not, by the ticket in the query.
fn authorize(event: Value) -> Result<Value, Error> {
    serde_json::from_value::<ApiGatewayCustomAuthorizerRequestTypeRequest>(event.clone())?;
    log(&json!({ "message": "asked", "event": event }));
    let effect = match event["queryStringParameters"]["ticket"].as_str() {
        Some("good") => "Allow",
        Some("broken") => return Err("no idea".into()),
        Some("unknown") => return Err("Unauthorized".into()),
        _ => "Deny",
    };
    let statement =
        json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"] });
    Ok(json!({
        "principalId": "usr_1",
        "policyDocument": { "Version": "2012-10-17", "Statement": [statement] },
        "context": { "room": "room_1", "seat": 7 },
    }))
}
