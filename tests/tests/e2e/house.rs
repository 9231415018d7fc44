//! The house rules of ARCHITECTURE.md, checked on the sources, the dependency graph and the template.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use confab_contracts::{
    Contract, carousel,
    maintenance::CleanupDue,
    operations,
    payments::{
        CreditUsed, PaymentFailed, PaymentPending, PaymentReceived, PaymentRefunded,
        RefundRequested,
    },
    studio::{
        CleanupFinished, ImageProcessed, PackImagesUpdated, TuneCreated, UserMessageReceived,
    },
};
use confab_e2e::repository::{Package, cargo, files, packages, root, services};
use confab_emulator::template::{Function, Places, Template};
use serde_json::{Value, json};

fn template() -> Result<Template> {
    Template::load(&root().join("template.yaml"), &Places::default())
}

/// The template of a service as it is written, with intrinsics in their long form.
struct Stack {
    service: String,
    text: String,
    document: Value,
}

impl Stack {
    fn resources(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.document["Resources"].as_object().into_iter().flatten()
    }

    fn of_type(&self, kind: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.resources()
            .filter(move |(_, resource)| resource["Type"] == kind)
    }

    /// Alarms about one value of a dimension, such as a queue's name.
    fn alarms_about(&self, value: &Value) -> Vec<&Value> {
        let is_about = |alarm: &Value| {
            let dimensions = alarm["Properties"]["Dimensions"]
                .as_array()
                .into_iter()
                .flatten();
            dimensions
                .map(|dimension| &dimension["Value"])
                .any(|dimension| dimension == value)
        };
        self.of_type("AWS::CloudWatch::Alarm")
            .map(|(_, alarm)| alarm)
            .filter(|alarm| is_about(alarm))
            .collect()
    }
}

/// The nested stacks of template.yaml.
fn stacks() -> Result<Vec<Stack>> {
    let template = confab_emulator::template::read_yaml(&std::fs::read_to_string(
        root().join("template.yaml"),
    )?)?;
    let resources = template["Resources"].as_object().context("Resources")?;
    let nested = resources
        .values()
        .filter(|resource| resource["Type"] == "AWS::CloudFormation::Stack");
    let stacks: Vec<_> = nested
        .map(|resource| {
            let file = resource["Properties"]["TemplateURL"]
                .as_str()
                .context("TemplateURL")?;
            let service = file
                .split('/')
                .nth(1)
                .context("functions/<service>/template.yaml")?
                .to_owned();
            let text = std::fs::read_to_string(root().join(file))?;
            let document =
                confab_emulator::template::read_yaml(&text).with_context(|| file.to_owned())?;
            Ok(Stack {
                service,
                text,
                document,
            })
        })
        .collect::<Result<_>>()?;
    assert!(!stacks.is_empty(), "the check must see the stacks");
    Ok(stacks)
}

/// Packages without I/O that a domain may depend on.
const PURE: [&str; 4] = [
    "shared/core",
    "shared/contracts",
    "shared/messaging",
    "shared/worker",
];

#[test]
fn services_depend_on_shared_and_their_own_domain_only() -> Result<()> {
    let packages = packages()?;
    let mut services = 0;
    for package in packages
        .iter()
        .filter(|package| package.folder.starts_with("functions/"))
    {
        services += 1;
        for dependency in &package.dependencies {
            let found = packages.iter().find(|other| other.name == *dependency);
            let place = &found.with_context(|| dependency.clone())?.folder;
            // A service may have packages of its own beside the domain.
            let service: PathBuf = Path::new(&package.folder).iter().take(2).collect();
            let allowed = if package.folder.ends_with("/domain") {
                PURE.contains(&place.as_str())
            } else {
                place.starts_with("shared/") || Path::new(place).starts_with(&service)
            };
            assert!(
                allowed,
                "{} must not depend on {dependency} in {place}",
                package.name
            );
        }
    }
    assert!(services >= 2, "the check must see the services");
    Ok(())
}

#[test]
fn domains_and_their_dependencies_do_no_io() -> Result<()> {
    let forbidden_crates = [
        "aws-",
        "tokio",
        "hyper",
        "reqwest",
        "lambda",
        "rusqlite",
        "axum",
        "rustls",
        "getrandom",
    ];
    let forbidden_words = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::io",
        "SystemTime",
        "Timestamp::now",
    ];
    let is_pure = |folder: &str| PURE.contains(&folder) || folder.ends_with("/domain");
    let pure = packages()?
        .into_iter()
        .filter(|package| is_pure(&package.folder));
    for Package { name, folder, .. } in pure {
        let tree = cargo(&["tree", "-p", &name, "-e", "normal", "--prefix", "none"])?;
        for line in tree.lines() {
            let bad = forbidden_crates.iter().find(|bad| line.starts_with(**bad));
            assert!(bad.is_none(), "{name} links {line}");
        }
        for file in files(&root().join(&folder).join("src"), ".rs") {
            let text = std::fs::read_to_string(&file)?;
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let bad = forbidden_words.iter().find(|bad| text.contains(**bad));
            assert!(
                bad.is_none() || file.ends_with("error.rs"),
                "{} uses {bad:?}",
                file.display()
            );
        }
    }
    Ok(())
}

#[test]
fn only_stores_know_dynamodb_and_only_one_file_reads_the_environment() -> Result<()> {
    let is_test = |file: &Path| {
        let file = file.strip_prefix(root()).unwrap_or(file);
        file.iter().any(|part| part == "tests" || part == "testkit")
    };
    for file in files(&root().join("functions"), ".rs") {
        let text = std::fs::read_to_string(&file)?;
        let is_store = is_test(&file)
            || file.ends_with("store.rs")
            || file.iter().any(|folder| folder == "store");
        assert!(
            is_store || !text.contains("aws_sdk_dynamodb"),
            "{} knows DynamoDB",
            file.display()
        );
    }
    let mut readers = Vec::new();
    // Build scripts have no other way to know their folders.
    let is_read = |file: &Path| !is_test(file) && !file.ends_with("build.rs");
    for file in [
        files(&root().join("functions"), ".rs"),
        files(&root().join("shared"), ".rs"),
    ]
    .concat()
    {
        if is_read(&file) && std::fs::read_to_string(&file)?.contains("env::var") {
            readers.push(file.strip_prefix(root())?.to_owned());
        }
    }
    assert_eq!(readers, [PathBuf::from("shared/lambda/src/platform.rs")]);
    Ok(())
}

#[test]
fn binaries_hold_no_logic() -> Result<()> {
    for service in services()? {
        for file in files(
            &root().join("functions").join(&service).join("src/bin"),
            ".rs",
        ) {
            let text = std::fs::read_to_string(&file)?;
            let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
            assert!(lines <= 12, "{} has {lines} lines", file.display());
            let module = file
                .file_stem()
                .context("a name")?
                .to_string_lossy()
                .replace('-', "_");
            let runs_module = ["handle", "routes()"]
                .iter()
                .any(|entry| text.contains(&format!("{module}::{entry}")));
            assert!(runs_module, "{} runs its own module", file.display());
        }
    }
    Ok(())
}

#[test]
fn every_binary_is_a_function_of_its_services_template_and_every_function_has_a_binary()
-> Result<()> {
    let mut binaries = BTreeMap::new();
    for service in services()? {
        let folder = root().join("functions").join(&service);
        let names = files(&folder.join("src/bin"), ".rs")
            .into_iter()
            .map(|file| {
                Ok(file
                    .file_stem()
                    .context("a name")?
                    .to_string_lossy()
                    .into_owned())
            });
        binaries.insert(service, names.collect::<Result<BTreeSet<_>>>()?);
    }
    let functions: BTreeMap<_, BTreeSet<_>> = stacks()?
        .iter()
        .map(|stack| {
            let codes = stack
                .of_type("AWS::Serverless::Function")
                .map(|(_, function)| &function["Properties"]["CodeUri"]);
            let names = codes.filter_map(|code| {
                code.as_str()?
                    .strip_prefix("../../target/lambda/")?
                    .strip_suffix('/')
            });
            (stack.service.clone(), names.map(str::to_owned).collect())
        })
        .collect();
    assert_eq!(functions, binaries);
    for function in &template()?.functions {
        let pascal: String = function
            .name
            .split('-')
            .map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..]))
            .collect();
        assert_eq!(function.logical_id, format!("{pascal}Function"));
        assert_eq!(function.physical_name, format!("confab-{}", function.name));
    }
    Ok(())
}

#[test]
fn every_template_publishes_a_version_when_its_release_changes() -> Result<()> {
    for Stack {
        service,
        text,
        document,
    } in &stacks()?
    {
        let globals = &document["Globals"]["Function"];
        assert_eq!(globals["AutoPublishAlias"], "live", "{service}");
        // scripts/deploy looks for these words.
        assert_eq!(
            text.matches("RELEASE: unreleased").count(),
            1,
            "{service}: a parameter would not reach its aliases"
        );
        assert_eq!(
            globals["Environment"]["Variables"]["RELEASE"], "unreleased",
            "{service}"
        );
    }
    Ok(())
}

/// Whatever else is a program runs on a laptop, and no function links it.
#[test]
fn only_functions_local_the_cli_and_tests_have_binaries() -> Result<()> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version=1"])?)?;
    let functions: BTreeSet<_> = template()?
        .functions
        .into_iter()
        .map(|function| function.name)
        .collect();
    let mut others = BTreeSet::new();
    for package in metadata["packages"].as_array().context("packages")? {
        for target in package["targets"].as_array().context("targets")? {
            let is_binary = target["kind"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|kind| kind == "bin"));
            let name = target["name"].as_str().context("name")?;
            if is_binary && !functions.contains(name) {
                others.insert(name.to_owned());
            }
        }
    }
    assert_eq!(
        others,
        ["confab", "local", "probe"].map(str::to_owned).into()
    );
    for Package {
        name,
        folder,
        dependencies,
    } in packages()?
    {
        let on_a_laptop = dependencies.iter().any(|dependency| {
            ["confab-cli", "confab-emulator", "confab-server"].contains(&dependency.as_str())
        });
        assert!(
            !on_a_laptop
                || ["tests", "shared/testkit"].contains(&folder.as_str())
                || folder.starts_with("local/"),
            "{name} links what runs on a laptop only"
        );
    }
    Ok(())
}

#[test]
fn every_queue_has_a_dead_letter_queue_an_alarm_and_a_long_enough_visibility_timeout() -> Result<()>
{
    let (template, stacks) = (template()?, stacks()?);
    let is_dlq = |arn: &str| {
        template
            .queues
            .iter()
            .any(|q| q.redrive.as_ref().is_some_and(|r| r.dlq_arn == arn))
    };
    let (mut queues, mut with_alarm) = (0, 0);
    for stack in &stacks {
        for (id, _) in stack.of_type("AWS::SQS::Queue") {
            queues += 1;
            let alarms = stack.alarms_about(&json!({ "Fn::GetAtt": [id, "QueueName"] }));
            with_alarm += usize::from(!alarms.is_empty());
            assert!(!alarms.is_empty(), "{id} has no alarm");
        }
    }
    assert_eq!(
        (queues, with_alarm),
        (template.queues.len(), template.queues.len())
    );
    for queue in template.queues.iter().filter(|queue| !is_dlq(&queue.arn)) {
        let name = &queue.logical_id;
        let redrive = queue
            .redrive
            .as_ref()
            .with_context(|| format!("{name} has no dead-letter queue"))?;
        assert_eq!(
            redrive.max_receives,
            confab_lambda::MAX_RECEIVES,
            "{name}: a last try must be known as such"
        );
        for function in &template.functions {
            if function
                .consumers
                .iter()
                .any(|consumer| consumer.queue_arn == queue.arn)
            {
                assert!(
                    queue.visibility >= function.timeout * 6,
                    "{name} and {}",
                    function.name
                );
                assert!(
                    function
                        .consumers
                        .iter()
                        .all(|consumer| consumer.partial_failures),
                    "{}",
                    function.name
                );
            }
        }
    }
    Ok(())
}

/// A message whose every receive times out must still be there at the last of them, and stay for a person to see.
#[test]
fn every_dead_letter_queue_is_reached_before_its_messages_expire() -> Result<()> {
    let template = template()?;
    let mut checked = 0;
    for queue in &template.queues {
        let Some(redrive) = &queue.redrive else {
            continue;
        };
        let (name, retention) = (&queue.logical_id, queue.retention);
        let longest = queue.delay + queue.visibility * redrive.max_receives;
        assert!(
            retention > longest,
            "{name} keeps messages {retention:?}, and gives them up after {longest:?}"
        );
        let dlq = template
            .queue_by_arn(&redrive.dlq_arn)
            .context("a dead-letter queue")?;
        // A message's age counts from when it was sent, wherever it lies.
        assert!(
            dlq.retention > retention,
            "{} keeps messages no longer than {name}",
            dlq.logical_id
        );
        checked += 1;
    }
    assert!(checked > 0, "the check must see the queues");
    Ok(())
}

#[test]
fn statements_name_their_actions_and_nothing_scans() -> Result<()> {
    for function in &template()?.functions {
        for statement in &function.policy.0 {
            for action in &statement.actions {
                assert!(
                    !action.contains('*') && !action.ends_with(":Scan"),
                    "{}: {action}",
                    function.name
                );
            }
            for resource in &statement.resources {
                assert!(
                    resource != "*",
                    "{}: {:?} on everything",
                    function.name,
                    statement.actions
                );
            }
        }
    }
    Ok(())
}

#[test]
fn every_function_has_statements_of_its_own() -> Result<()> {
    for Function { name, policy, .. } in &template()?.functions {
        assert!(!policy.0.is_empty(), "{name} has no statements");
        for statement in &policy.0 {
            assert!(
                !statement.actions.is_empty() && !statement.resources.is_empty(),
                "{name}: {statement:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn functions_that_name_the_bus_may_publish_on_it_and_the_other_way_round() -> Result<()> {
    for function in &template()?.functions {
        let names_bus = function.environment.contains_key("CONFAB_EVENT_BUS");
        let mut statements = function.policy.0.iter();
        let may_publish =
            statements.any(|statement| statement.actions.iter().any(|a| a == "events:PutEvents"));
        assert_eq!(names_bus, may_publish, "{}", function.name);
    }
    Ok(())
}

#[test]
fn every_function_writes_to_the_log_group_of_its_service() -> Result<()> {
    for stack in &stacks()? {
        let service = &stack.service;
        let groups: Vec<_> = stack.of_type("AWS::Logs::LogGroup").collect();
        let [(id, group)] = groups.as_slice() else {
            bail!("{service} has {} log groups", groups.len())
        };
        let name = format!("/aws/lambda/${{App}}-{service}");
        assert_eq!(
            group["Properties"]["LogGroupName"],
            json!({ "Fn::Sub": name }),
            "{service}"
        );
        assert_eq!(
            group["Properties"]["RetentionInDays"],
            json!({ "Ref": "LogRetentionDays" }),
            "{service}"
        );
        let globals = &stack.document["Globals"]["Function"]["LoggingConfig"];
        assert_eq!(globals["LogGroup"], json!({ "Ref": id }), "{service}");
        for (function, resource) in stack.of_type("AWS::Serverless::Function") {
            assert!(
                resource["Properties"].get("LoggingConfig").is_none(),
                "{function} logs elsewhere"
            );
        }
    }
    Ok(())
}

/// With any `Monitoring`, each function has an alarm that rolls back its deployment. Of a route it may be its API's.
#[test]
fn every_function_has_an_errors_alarm_and_one_that_rolls_back_its_deployment() -> Result<()> {
    for stack in &stacks()? {
        for (id, function) in stack.of_type("AWS::Serverless::Function") {
            let name = format!("{}ErrorsAlarm", id.trim_end_matches("Function"));
            let alarm = &stack.document["Resources"][&name]["Properties"];
            let rings = (
                &alarm["Namespace"],
                &alarm["MetricName"],
                &alarm["AlarmActions"],
            );
            let topic = json!([{ "Ref": "AlarmTopic" }]);
            assert_eq!(
                rings,
                (&json!("AWS/Lambda"), &json!("Errors"), &topic),
                "{name}"
            );
            assert_eq!(
                alarm["Dimensions"],
                json!([{ "Name": "FunctionName", "Value": { "Ref": id } }]),
                "{name}"
            );

            let guards = &function["Properties"]["DeploymentPreference"]["Alarms"];
            let (full, essential) = match guards["Fn::If"].as_array().map(Vec::as_slice) {
                Some([condition, full, essential]) if condition == "Full" => (full, essential),
                _ => (guards, guards),
            };
            // By a reference, or by the alarm's name.
            let names = |guards: &Value| -> Vec<String> {
                let named = |guard: &Value| {
                    let alarms = stack.of_type("AWS::CloudWatch::Alarm");
                    alarms
                        .into_iter()
                        .find(|(_, alarm)| alarm["Properties"]["AlarmName"] == *guard)
                };
                let guards = guards.as_array().into_iter().flatten();
                let id_of = |guard: &Value| match guard["Ref"].as_str() {
                    Some(id) => Some(id.to_owned()),
                    None => named(guard).map(|(id, _)| id.to_owned()),
                };
                guards.filter_map(id_of).collect()
            };
            assert!(
                names(full).contains(&name),
                "{id}: {name} does not roll back a deployment"
            );
            assert!(
                !names(essential).is_empty(),
                "{id}: nothing rolls back a deployment with Monitoring=essential"
            );
            let events = function["Properties"]["Events"]
                .as_object()
                .into_iter()
                .flatten();
            let is_route = events
                .map(|(_, event)| &event["Type"])
                .any(|kind| kind == "HttpApi");
            let wanted = if is_route { "ApiErrorsAlarm" } else { &name };
            assert!(
                names(essential).iter().any(|guard| guard == wanted),
                "{id} lacks {wanted}"
            );
            for guard in names(essential) {
                let alarm = &stack.document["Resources"][&guard];
                assert!(
                    alarm.is_object() && alarm.get("Condition").is_none(),
                    "{id}: {guard} is not always there"
                );
            }
        }
    }
    Ok(())
}

#[test]
fn every_dead_letter_alarm_is_there_with_any_monitoring() -> Result<()> {
    for stack in &stacks()? {
        for (id, queue) in stack.of_type("AWS::SQS::Queue") {
            if queue["Properties"].get("RedrivePolicy").is_none() {
                let mut alarms = stack
                    .alarms_about(&json!({ "Fn::GetAtt": [id, "QueueName"] }))
                    .into_iter();
                let is_always_there = alarms.any(|alarm| alarm.get("Condition").is_none());
                assert!(is_always_there, "{id} may fill unseen");
            }
        }
    }
    Ok(())
}

#[test]
fn every_health_route_answers_get_and_head() -> Result<()> {
    let template = template()?;
    let routes = template
        .functions
        .iter()
        .flat_map(|function| &function.routes);
    let routes: BTreeSet<_> = routes
        .map(|route| (route.method.as_str(), route.path.as_str()))
        .collect();
    let health: Vec<_> = routes
        .iter()
        .filter(|(_, path)| path.ends_with("/health") || path.ends_with("/ready"))
        .collect();
    assert!(!health.is_empty(), "the check must see the routes");
    for (_, path) in health {
        assert!(
            routes.contains(&("GET", path)) && routes.contains(&("HEAD", path)),
            "{path}"
        );
    }
    Ok(())
}

#[test]
fn every_function_has_a_sample_and_every_sample_is_an_event_of_the_function_in_its_name()
-> Result<()> {
    let template = template()?;
    let mut with_sample = BTreeSet::new();
    for file in files(&root().join("events"), ".json") {
        let text = std::fs::read_to_string(&file)?;
        let name = file
            .file_name()
            .context("a name")?
            .to_string_lossy()
            .into_owned();
        if file
            .parent()
            .is_some_and(|folder| folder.ends_with("contracts"))
        {
            continue;
        }
        let function = name.split('.').next().unwrap_or_default();
        let function = template.functions.iter().find(|f| f.name == function);
        let function = function.with_context(|| format!("{name}: no such function"))?;
        assert!(
            is_event_of(function, &template, &text).with_context(|| name.clone())?,
            "{name} comes another way"
        );
        with_sample.insert(&function.name);
    }
    let functions: BTreeSet<_> = template
        .functions
        .iter()
        .map(|function| &function.name)
        .collect();
    assert_eq!(with_sample, functions);
    Ok(())
}

/// Does it come by the function's own route, queue or schedule?
fn is_event_of(function: &Function, template: &Template, event: &str) -> Result<bool> {
    use aws_lambda_events::event::{
        apigw::{ApiGatewayV2httpRequest, ApiGatewayWebsocketProxyRequest},
        eventbridge::EventBridgeEvent,
        sqs::SqsEvent,
    };
    if !function.routes.is_empty() {
        let request: ApiGatewayV2httpRequest = serde_json::from_str(event)?;
        let (key, path) = (
            request.route_key.unwrap_or_default(),
            request.raw_path.unwrap_or_default(),
        );
        let mut taken = function
            .routes
            .iter()
            .filter(|route| key == format!("{} {}", route.method, route.path));
        return Ok(taken.any(|route| leads_to(&route.path, &path)));
    }
    if !function.consumers.is_empty() {
        let records = serde_json::from_str::<SqsEvent>(event)?.records;
        let queues: Vec<_> = function
            .consumers
            .iter()
            .map(|consumer| Some(&consumer.queue_arn))
            .collect();
        let mut sources = records
            .iter()
            .map(|record| record.event_source_arn.as_ref());
        return Ok(!records.is_empty() && sources.all(|source| queues.contains(&source)));
    }
    let mut authorizers = template
        .sockets
        .iter()
        .filter_map(|sockets| sockets.authorizer.as_ref());
    if authorizers.any(|authorizer| authorizer.function_arn == function.arn) {
        let knock: Value = serde_json::from_str(event)?;
        return Ok(knock["type"] == "REQUEST"
            && knock["methodArn"]
                .as_str()
                .is_some_and(|arn| arn.ends_with("/$connect")));
    }
    let keys = template.sockets.iter().flat_map(|sockets| &sockets.routes);
    let keys: Vec<_> = keys
        .filter(|(_, route)| route.function_arn == function.arn)
        .map(|(key, _)| key.as_str())
        .collect();
    if !keys.is_empty() {
        let frame: ApiGatewayWebsocketProxyRequest = serde_json::from_str(event)?;
        return Ok(frame
            .request_context
            .route_key
            .is_some_and(|key| keys.contains(&key.as_str())));
    }
    let is_scheduled = template
        .schedules
        .iter()
        .any(|schedule| schedule.target_arn == function.arn);
    if !is_scheduled {
        // An operator invokes it with a command.
        let command: Value = serde_json::from_str(event)?;
        return Ok(command["step"].is_string());
    }
    let tick: EventBridgeEvent = serde_json::from_str(event)?;
    Ok(tick.source == "aws.scheduler")
}

/// What is written out for clients is what is deployed, and nothing else.
#[test]
fn rooms_contract_lists_the_routes_of_the_template() -> Result<()> {
    let template = template()?;
    let is_of_rooms = |path: &str| {
        [
            "/api/sessions/",
            "/api/photo-analysis/",
            "/api/chats/",
            "/api/ws-ticket",
        ]
        .iter()
        .any(|at| path.starts_with(at))
    };
    let routes = template
        .functions
        .iter()
        .flat_map(|function| &function.routes);
    let deployed: BTreeSet<_> = routes
        .filter(|route| is_of_rooms(&route.path))
        .map(|route| format!("{} {}", route.method.to_lowercase(), route.path))
        .collect();
    let spec: Value = serde_json::from_str(&std::fs::read_to_string(
        root().join("docs/rooms.openapi.json"),
    )?)?;
    let paths = spec["paths"].as_object().context("paths")?;
    let written: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .into_iter()
                .flatten()
                .map(move |(method, _)| format!("{method} {path}"))
        })
        .collect();
    assert!(!written.is_empty());
    assert_eq!(deployed, written);
    Ok(())
}

/// The sample of a contract says all of it, and nothing that the contract does not know.
fn sample_says<D: Contract>() -> Result<()> {
    let file = root()
        .join("events/contracts")
        .join(format!("{}.json", D::TYPE));
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let event: confab_contracts::Event<D> =
        serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    assert_eq!(
        (event.event_type.as_str(), event.version),
        (D::TYPE, D::VERSION)
    );
    assert_eq!(
        serde_json::to_value(&event)?,
        serde_json::from_str::<Value>(&text)?,
        "{}",
        D::TYPE
    );
    Ok(())
}

#[test]
fn every_contract_has_a_sample_and_every_sample_a_contract() -> Result<()> {
    sample_says::<UserMessageReceived>()?;
    sample_says::<ImageProcessed>()?;
    sample_says::<TuneCreated>()?;
    sample_says::<PackImagesUpdated>()?;
    sample_says::<PaymentPending>()?;
    sample_says::<PaymentReceived>()?;
    sample_says::<PaymentRefunded>()?;
    sample_says::<PaymentFailed>()?;
    sample_says::<RefundRequested>()?;
    sample_says::<CreditUsed>()?;
    sample_says::<CleanupDue>()?;
    sample_says::<CleanupFinished>()?;
    sample_says::<carousel::MessageReceived>()?;
    sample_says::<carousel::InteractionTracked>()?;
    sample_says::<carousel::GenerateRequested>()?;
    sample_says::<carousel::ContentRequested>()?;
    sample_says::<carousel::AnalysisCompleted>()?;
    sample_says::<carousel::ContentAnalyzed>()?;
    sample_says::<carousel::SlidesGenerated>()?;
    sample_says::<carousel::ImagesRendered>()?;
    sample_says::<carousel::Delivered>()?;
    sample_says::<carousel::Completed>()?;
    sample_says::<carousel::Edited>()?;
    sample_says::<carousel::Failed>()?;
    sample_says::<carousel::Cancelled>()?;
    sample_says::<carousel::CallFailed>()?;
    sample_says::<operations::AlertTriggered>()?;
    sample_says::<operations::MetricsCollected>()?;
    sample_says::<operations::HealthChecked>()?;
    sample_says::<operations::ErrorOccurred>()?;
    assert_eq!(files(&root().join("events/contracts"), ".json").len(), 30);
    let sources = files(&root().join("shared/contracts/src"), ".rs");
    let contracts = sources.iter().map(|file| {
        Ok(std::fs::read_to_string(file)?
            .matches("impl Contract for")
            .count())
    });
    assert_eq!(contracts.sum::<Result<usize>>()?, 30);
    Ok(())
}

/// Cargo unifies the features of what is built together: what the operator's command links, a careless build of a
/// function would link too.
#[test]
fn cli_links_the_same_tls_stack_as_functions() -> Result<()> {
    let tree = cargo(&[
        "tree",
        "-p",
        "confab-cli",
        "-e",
        "normal",
        "--prefix",
        "none",
        "-f",
        "{p} [{f}]",
    ])?;
    for line in tree.lines() {
        for bad in [
            "aws-lc-",
            "hyper v0.14",
            "rustls v0.21",
            "openssl v",
            "openssl-sys",
            "native-tls ",
        ] {
            assert!(!line.starts_with(bad), "confab-cli links {line}");
        }
        if line.starts_with("aws-sdk-") && !line.contains("(*)") {
            assert!(!line.contains("default"), "{line}");
        }
    }
    assert!(tree.contains("aws-config v"), "the check must see the tree");
    Ok(())
}

#[test]
fn functions_link_one_lean_http_and_tls_stack() -> Result<()> {
    for service in services()? {
        let tree = cargo(&[
            "tree",
            "-p",
            &service,
            "-e",
            "normal",
            "--prefix",
            "none",
            "-f",
            "{p} [{f}]",
        ])?;
        for line in tree.lines() {
            for bad in [
                "aws-lc-",
                "aws-config ",
                "hyper v0.14",
                "rustls v0.21",
                "openssl v",
                "openssl-sys",
                "native-tls ",
                "regex v",
                "h2 v",
                "aws-smithy-http-client ",
            ] {
                assert!(!line.starts_with(bad), "{service} links {line}");
            }
            if line.starts_with("aws-sdk-") && !line.contains("(*)") {
                let is_lean = ["[rt-tokio]", "[rt-tokio,sigv4a]"]
                    .iter()
                    .any(|lean| line.contains(lean));
                assert!(is_lean, "{service}: more than the lean features: {line}");
            }
        }
        assert!(tree.contains("ring v"), "the check must see the tree");
    }
    Ok(())
}

/// `{name}` stands for one segment, `{name+}` for all that follow.
fn leads_to(route: &str, path: &str) -> bool {
    let (mut route, mut path) = (route.split('/'), path.split('/'));
    loop {
        match (route.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(_)) if wanted.ends_with("+}") => return true,
            (Some(wanted), Some(given)) if wanted == given || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// `confab_lambda` finds a dead-letter queue by its name, and sends what it cannot read there.
#[test]
fn workers_may_send_to_the_dead_letter_queue_of_their_queue() -> Result<()> {
    let template = template()?;
    let mut workers = 0;
    for function in &template.functions {
        for consumer in &function.consumers {
            let queue = template
                .queues
                .iter()
                .find(|queue| queue.arn == consumer.queue_arn);
            let redrive = queue
                .and_then(|queue| queue.redrive.as_ref())
                .context("a dead-letter queue")?;
            let expected = match queue
                .map(|queue| queue.arn.as_str())
                .and_then(|arn| arn.strip_suffix(".fifo"))
            {
                Some(arn) => format!("{arn}-dlq.fifo"),
                None => format!("{}-dlq", consumer.queue_arn),
            };
            assert_eq!(redrive.dlq_arn, expected, "{}", function.name);
            let is_allowed = function.policy.0.iter().any(|statement| {
                statement
                    .actions
                    .iter()
                    .any(|action| action == "sqs:SendMessage")
                    && statement.resources.contains(&redrive.dlq_arn)
            });
            assert!(
                is_allowed,
                "{} may not send to {}",
                function.name, redrive.dlq_arn
            );
            workers += 1;
        }
    }
    assert!(workers > 0);
    Ok(())
}
