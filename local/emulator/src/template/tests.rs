use anyhow::{Context, Result};

use super::*;

fn places() -> Places {
    Places::default()
}

fn parse(resources: &str) -> Result<Template> {
    let text = format!(
        "Parameters: {{Stage: {{Type: String, Default: test}}}}\nConditions: {{IsLive: !Equals [!Ref Stage, live]}}\nResources:\n{resources}"
    );
    Template::parse(&text, &places())
}

fn error_of(resources: &str) -> String {
    format!("{:#}", parse(resources).unwrap_err())
}

#[test]
fn intrinsics_resolve_to_local_names() {
    let template = parse(
        "
  Line:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${AWS::StackName}-line'
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/hello/
      Runtime: provided.al2023
      Environment:
        Variables:
          URL: !Ref Line
          ARN: !GetAtt Line.Arn
          LIVE: !If [IsLive, 'yes', 'no']
          GONE: !If [IsLive, x, !Ref AWS::NoValue]
          JOINED: !Join ['-', [a, !Ref Stage]]
          PICKED: !Select [1, !Split [',', 'a,b']]",
    )
    .unwrap();
    let variables = &template.functions[0].environment;
    assert_eq!(
        variables["URL"],
        "http://127.0.0.1:7072/000000000000/confab-line"
    );
    assert_eq!(
        variables["ARN"],
        "arn:aws:sqs:us-east-1:000000000000:confab-line"
    );
    assert_eq!(variables["LIVE"], "no");
    assert!(!variables.contains_key("GONE"));
    assert_eq!(variables["JOINED"], "a-test");
    assert_eq!(variables["PICKED"], "b");
}

#[test]
fn unsupported_features_are_refused_with_their_place() {
    let cases = [
        (
            "  A: {Type: AWS::Kinesis::Stream}",
            "Resources.A: local does not run AWS::Kinesis::Stream",
        ),
        (
            "  A: {Type: AWS::SQS::Queue, Properties: {Colour: red}}",
            "Resources.A: local does not know Colour of AWS::SQS::Queue",
        ),
        (
            "  A: {Type: AWS::SQS::Queue, Properties: {MaximumMessageSize: 1024}}",
            "Resources.A: local does not know MaximumMessageSize of AWS::SQS::Queue",
        ),
        (
            "  A: {Type: AWS::SQS::Queue, Properties: {QueueName: a.fifo, FifoQueue: true}}\n  B: {Type: AWS::Events::Rule, Properties: {EventPattern: {source: [x]}, Targets: [{Id: a, Arn: !GetAtt A.Arn}]}}",
            "a FIFO queue wants a MessageGroupId, and to deduplicate by contents",
        ),
        (
            "  A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Missing}}",
            "there is no resource or parameter Missing",
        ),
        (
            "  A: {Type: AWS::SQS::Queue, Properties: {QueueName: !ImportValue x}}",
            "local does not know Fn::ImportValue",
        ),
        (
            "  A: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true, QueueName: plain}}",
            "ends in .fifo",
        ),
        (
            "  A: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt B.QueueName}}\n  B: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt A.QueueName}}",
            "in a circle",
        ),
        (
            "  A: {Type: AWS::Serverless::Function, Properties: {CodeUri: x/, Runtime: ruby3.4}}",
            "template.yaml:4: Resources.A: Runtime: local runs provided.al2023, nodejs*.x and python3.*, not \"ruby3.4\"",
        ),
        (
            "  A: {Type: AWS::Serverless::Function, Properties: {CodeUri: x/, Runtime: provided.al2023, Events: {E: {Type: Kinesis}}}}",
            "Events.E: local does not know events of type \"Kinesis\"",
        ),
        (
            "  A: {Type: AWS::Serverless::Function, Properties: {CodeUri: x/, Runtime: provided.al2023, Policies: [{Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:x', Condition: {}}]}]}}",
            "local does not know Condition of a statement",
        ),
        (
            "  Q: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 5}}\n  A: {Type: AWS::Serverless::Function, Properties: {CodeUri: x/, Runtime: provided.al2023, Timeout: 10, Events: {E: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}}}}",
            "the visibility timeout of Q is shorter",
        ),
        (
            "  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q.fifo, FifoQueue: true}}\n  A: {Type: AWS::Serverless::Function, Properties: {CodeUri: x/, Runtime: provided.al2023, Events: {E: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn, BatchSize: 11}}}}}",
            "batches of ten at most",
        ),
        (
            "  D: {Type: AWS::SQS::Queue}\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q.fifo, FifoQueue: true, RedrivePolicy: {deadLetterTargetArn: !GetAtt D.Arn, maxReceiveCount: 3}}}",
            "are both FIFO, or neither is",
        ),
        (
            "  A: {Type: AWS::SQS::Queue, Properties: {RedrivePolicy: {deadLetterTargetArn: 'arn:x', maxReceiveCount: 3}}}",
            "its dead-letter queue arn:x is not in the template",
        ),
    ];
    for (resources, expected) in cases {
        let message = error_of(resources);
        assert!(
            message.contains(expected),
            "{message}\nshould say: {expected}"
        );
    }
}

const SOCKETS: &str = "
  Rooms:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: ${request.body.do.what}
      StageName: !Ref Stage
      Auth:
        AuthType: CUSTOM
        AuthArn: !GetAtt Hello.Arn
        IdentitySource: [route.request.querystring.ticket, route.request.header.Authorization]
      Routes:
        $connect: {FunctionArn: !GetAtt Hello.Arn, IntegrationTimeout: 500}
        say: {FunctionArn: !GetAtt Hello.Arn}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/hello/
      Runtime: provided.al2023
      Environment:
        Variables:
          API: !Ref Rooms
          ID: !GetAtt Rooms.ApiId
          URL: !Sub '${Rooms.ApiEndpoint}/${Stage}'
          ENDPOINT: !Sub https://${Rooms}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${Stage}
          BUILT: !Join ['https://', !Split ['wss://', !GetAtt Rooms.ApiEndpoint]]
          FOREIGN: https://other.execute-api.us-east-1.amazonaws.com/live";

#[test]
fn websocket_addresses_are_replaced_by_local_ones() {
    let template = parse(SOCKETS).unwrap();
    let api = &template.sockets[0];
    assert_eq!((api.id.as_str(), api.stage.as_str()), ("rooms", "test"));
    assert_eq!(api.selection, ["do", "what"]);
    assert_eq!(api.routes["$connect"].timeout.as_millis(), 500);
    assert_eq!(api.routes["say"].timeout, INTEGRATION_TIMEOUT);
    let source = |header: bool, name: &str| match header {
        true => IdentitySource::Header(name.into()),
        false => IdentitySource::Query(name.into()),
    };
    assert_eq!(
        api.authorizer.as_ref().unwrap().identity,
        [source(false, "ticket"), source(true, "Authorization")]
    );
    let expected = [
        ("API", "rooms"),
        ("ID", "rooms"),
        ("URL", "ws://127.0.0.1:7073/test"),
        ("ENDPOINT", "http://127.0.0.1:7073/test"),
        ("BUILT", "http://127.0.0.1:7073"),
        (
            "FOREIGN",
            "https://other.execute-api.us-east-1.amazonaws.com/live",
        ),
    ];
    for (name, value) in expected {
        assert_eq!(template.functions[0].environment[name], value, "{name}");
    }
}

#[test]
fn unsupported_websocket_features_are_refused() {
    let cases = [
        (
            "StageName: !Ref Stage",
            "StageVariables: {a: b}",
            "local does not know StageVariables",
        ),
        (
            "StageName: !Ref Stage",
            "StageName: $default",
            "StageName: \"$default\" has other characters",
        ),
        (
            "${request.body.do.what}",
            "$request.header.do",
            "RouteSelectionExpression: local knows $request.body.NAME",
        ),
        (
            "${request.body.do.what}",
            "$request.body.do}",
            "RouteSelectionExpression: local knows $request.body.NAME",
        ),
        (
            "AuthType: CUSTOM",
            "AuthType: AWS_IAM",
            "Auth: local knows the AuthType CUSTOM",
        ),
        (
            "route.request.header.",
            "stageVariables.",
            "IdentitySource: local knows route.request.header.NAME",
        ),
        (
            "$connect:",
            "more:",
            "Auth: only a $connect route can be authorized",
        ),
        (
            "say: {",
            "say-it: {",
            "Routes.say-it: a key is of letters and digits",
        ),
        (
            "IntegrationTimeout: 500",
            "IntegrationTimeout: 29001",
            "IntegrationTimeout is 50 to 29000",
        ),
        (
            "IntegrationTimeout: 500",
            "RouteResponseSelectionExpression: $default",
            "local does not know RouteResponseSelectionExpression of a route",
        ),
        (
            "say: {FunctionArn: !GetAtt Hello.Arn",
            "say: {FunctionArn: 'arn:x'",
            "say: arn:x is not a function",
        ),
        (
            "AuthArn: !GetAtt Hello.Arn",
            "AuthArn: 'arn:x'",
            "Auth: arn:x is not a function",
        ),
    ];
    for (given, changed, expected) in cases {
        assert!(SOCKETS.contains(given), "{given}");
        let message = error_of(&SOCKETS.replacen(given, changed, 1));
        assert!(
            message.contains(expected),
            "{message}\nshould say: {expected}"
        );
    }
}

#[test]
fn resources_with_a_false_condition_are_skipped() {
    let template = parse("  A: {Type: AWS::SQS::Queue, Condition: IsLive}").unwrap();
    assert!(template.queues.is_empty());
}

#[test]
fn policy_allows_only_what_it_names() {
    let policy = Policy(vec![Statement {
        actions: vec!["dynamodb:GetItem".into()],
        resources: vec!["arn:aws:dynamodb:us-east-1:000000000000:table/a*".into()],
    }]);
    assert!(policy.allows(
        "dynamodb:GetItem",
        "arn:aws:dynamodb:us-east-1:000000000000:table/abc"
    ));
    assert!(!policy.allows(
        "dynamodb:GetItem",
        "arn:aws:dynamodb:us-east-1:000000000000:table/b"
    ));
    assert!(!policy.allows(
        "dynamodb:Scan",
        "arn:aws:dynamodb:us-east-1:000000000000:table/abc"
    ));
}

/// A folder with template files, and what local makes of its `template.yaml`.
fn nested(files: &[(&str, &str)]) -> Result<Template> {
    let folder = tempfile::tempdir()?;
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        std::fs::write(path, text)?;
    }
    let loaded = Template::load(&folder.path().join("template.yaml"), &places());
    loaded.map_err(|error| {
        anyhow::anyhow!(format!("{error:#}").replace(&format!("{}/", folder.path().display()), ""))
    })
}

fn nested_error_of(files: &[(&str, &str)]) -> String {
    format!("{:#}", nested(files).unwrap_err())
}

const ROOT: &str = "
Resources:
  EventBus: {Type: AWS::Events::EventBus, Properties: {Name: !Ref AWS::StackName}}
  Shop:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: functions/shop/template.yaml
      Parameters: {App: !Ref AWS::StackName, EventBus: !Ref EventBus, Names: !Split [' ', 'a b']}
  Desk:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: functions/desk/template.yaml
      Parameters: {App: !Ref AWS::StackName, ShopUrl: !GetAtt Shop.Outputs.ApiUrl}
";

const SHOP: &str = "
Parameters: {App: {Type: String}, EventBus: {Type: String}, Names: {Type: CommaDelimitedList}}
Globals:
  Function: {Runtime: provided.al2023, Timeout: 7, LoggingConfig: {LogGroup: !Ref Logs},
    Environment: {Variables: {BUS: !Ref EventBus, STACK: !Ref AWS::StackName}}}
  HttpApi: {CorsConfiguration: {AllowOrigins: ['https://shop.example']}}
Conditions: {IsBig: !Equals [!Ref App, big]}
Resources:
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub '/aws/lambda/${App}-shop'}}
  Buy:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${App}-buy
      CodeUri: ../../target/lambda/buy/
      Environment: {Variables: {SECOND: !Select [1, !Ref Names], URL: !Sub 'https://${ServerlessHttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}'}}
      Events:
        Buy: {Type: HttpApi, Properties: {Method: POST, Path: /orders}}
  Later: {Type: AWS::SQS::Queue, Condition: IsBig}
  Live:
    Type: AWS::Serverless::WebSocketApi
    Properties: &live
      RouteSelectionExpression: $request.body.action
      StageName: live
      Routes: {say: {FunctionArn: !GetAtt Buy.Arn}}
  More: {Type: AWS::Serverless::WebSocketApi, Properties: {<<: *live}}
Outputs:
  ApiUrl: {Value: !If [IsBig, none, !Sub 'https://${ServerlessHttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}']}
  BigUrl: {Condition: IsBig, Value: none}
";

const DESK: &str = "
Parameters: {App: {Type: String}, ShopUrl: {Type: String}}
Resources:
  Api: {Type: AWS::Serverless::HttpApi}
  Ask:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      CodeUri: ../../target/lambda/ask/
      FunctionName: !Sub ${App}-ask
      Environment: {Variables: {SHOP: !Sub '${ShopUrl}/orders'}}
      Events:
        Ask: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /ask}}
        Hourly: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour)}}
";

fn files<'a>(root: &'a str, shop: &'a str, desk: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("template.yaml", root),
        ("functions/shop/template.yaml", shop),
        ("functions/desk/template.yaml", desk),
    ]
}

#[test]
fn nested_stacks_are_merged_with_a_scope_each() {
    let template = nested(&files(ROOT, SHOP, DESK)).unwrap();
    let function = |name: &str| {
        template
            .functions
            .iter()
            .find(|function| function.name == name)
            .unwrap()
    };
    let buy = function("buy");
    assert_eq!(
        (buy.physical_name.as_str(), buy.code.as_str()),
        ("confab-buy", "target/lambda/buy/")
    );
    assert_eq!(buy.timeout.as_secs(), 7);
    assert_eq!(buy.log_group, "/aws/lambda/confab-shop");
    for (name, value) in [
        ("BUS", "confab"),
        ("STACK", "confab-Shop"),
        ("SECOND", "b"),
        ("URL", "http://127.0.0.1:7071"),
    ] {
        assert_eq!(buy.environment[name], value, "{name}");
    }
    assert_eq!(
        function("ask").environment["SHOP"],
        "http://127.0.0.1:7071/orders"
    );
    assert_eq!(function("ask").log_group, "/aws/lambda/confab-ask");
    assert!(
        template.queues.is_empty(),
        "a condition of the nested stack holds there"
    );
    assert_eq!(template.schedules[0].name, "Desk-AskHourly");
}

#[test]
fn routes_belong_to_the_api_of_their_stack() {
    let template = nested(&files(ROOT, SHOP, DESK)).unwrap();
    let cors = |path: &str| {
        let mut routes = template
            .functions
            .iter()
            .flat_map(|function| &function.routes);
        let route = routes.find(|route| route.path == path).unwrap();
        let api = template
            .http_apis
            .iter()
            .find(|api| api.id == route.api)
            .unwrap();
        api.cors.as_ref().map(|cors| cors.origins.clone())
    };
    assert_eq!(
        cors("/orders"),
        Some(vec!["https://shop.example".to_owned()])
    );
    assert_eq!(cors("/ask"), None);
}

#[test]
fn websocket_apis_with_the_same_stage_have_distinct_paths() {
    let template = nested(&files(ROOT, SHOP, DESK)).unwrap();
    let paths: Vec<_> = template
        .sockets
        .iter()
        .map(|api| api.path.as_str())
        .collect();
    assert_eq!(paths, ["shop-live/live", "shop-more/live"]);
}

#[test]
fn errors_in_nested_stacks_name_file_and_line() {
    let cases = [
        (
            SHOP.replace("Timeout: 7", "Timeout: 7, Colour: red"),
            "functions/shop/template.yaml:10: Resources.Buy: local does not know Colour",
        ),
        (
            SHOP.replace(
                "AWS::SQS::Queue, Condition: IsBig",
                "AWS::SQS::Queue, Properties: {Colour: red}",
            ),
            "functions/shop/template.yaml:18: Resources.Later",
        ),
        (
            SHOP.replace("Method: POST, Path", "Method: POST, Colour: 1, Path"),
            "functions/shop/template.yaml:17: Resources.Buy: Events.Buy: local does not know Colour",
        ),
        (
            SHOP.replace("Names: {Type", "Other: {Type: String}, Names: {Type"),
            "functions/shop/template.yaml:2: Parameters.Other has no default",
        ),
        (
            SHOP.replace("Conditions: {", "Rules: {}\nConditions: {"),
            "functions/shop/template.yaml:7: Rules: local does not know this section",
        ),
        (
            SHOP.replace("ApiUrl: {Value: ", "Other: {Value: "),
            "functions/shop/template.yaml:26: Outputs: there is no output ApiUrl",
        ),
        (
            SHOP.replace(
                "    Properties: &live",
                "    Properties: &live\n      Colour: red",
            ),
            "Resources.Live: local does not know Colour",
        ),
    ];
    for (shop, expected) in cases {
        let message = nested_error_of(&files(ROOT, &shop, DESK));
        assert!(
            message.contains(expected),
            "{message}\nshould say: {expected}"
        );
    }
}

#[test]
fn duplicates_across_stacks_name_both_places() {
    let cases = [
        (
            ROOT.replace("Names: !Split", "Size: 1, Names: !Split"),
            DESK.to_owned(),
            "template.yaml:8: Resources.Shop: Parameters: Size is not a parameter of functions/shop/template.yaml",
        ),
        (
            ROOT.replace(
                "EventBus: !Ref EventBus",
                "EventBus: !GetAtt Desk.Outputs.Bus",
            ),
            DESK.to_owned(),
            "nested stacks wait for each other in a circle: Desk needs its own outputs",
        ),
        (
            ROOT.replace("functions/desk/template.yaml", "functions/none.yaml"),
            DESK.to_owned(),
            "Failed to read functions/none.yaml",
        ),
        (
            ROOT.replace("functions/desk/template.yaml", "template.yaml"),
            DESK.to_owned(),
            "template.yaml includes itself",
        ),
        (
            ROOT.replace(
                "functions/desk/template.yaml",
                "https://bucket.s3.amazonaws.com/desk.yaml",
            ),
            DESK.to_owned(),
            "local reads nested templates from files",
        ),
        (
            ROOT.replace("Outputs.ApiUrl", "Outputs.BigUrl"),
            DESK.to_owned(),
            "Outputs.BigUrl: its condition is false",
        ),
        (
            ROOT.to_owned(),
            DESK.replace("Method: GET, Path: /ask", "Method: POST, Path: /orders"),
            "functions/shop/template.yaml:17: the route POST /orders is at functions/desk/template.yaml:13 too",
        ),
        (
            ROOT.to_owned(),
            DESK.replace("lambda/ask/", "lambda/buy/"),
            "functions/shop/template.yaml:10: the function buy is at functions/desk/template.yaml:5 too",
        ),
        (
            ROOT.to_owned(),
            DESK.replace("ApiId: !Ref Api", "ApiId: !Ref ShopUrl"),
            "is not an HTTP API of the same template",
        ),
    ];
    for (root, desk, expected) in cases {
        let message = nested_error_of(&files(&root, SHOP, &desk));
        assert!(
            message.contains(expected),
            "{message}\nshould say: {expected}"
        );
    }
}

#[test]
fn metadata_says_where_keys_name_tenants() {
    let template = parse(
        r##"
  Rows:
    Type: AWS::DynamoDB::Table
    Metadata: {Tenants: {KeyPrefix: "T#"}, Owner: desk}
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  Files:
    Type: AWS::S3::Bucket
    Metadata: {Tenants: {KeyPrefix: t/}}
  Plain:
    Type: AWS::S3::Bucket
  Sweep:
    Type: AWS::Serverless::Function
    Metadata: {Tenants: {SharedRows: ['*']}}
    Properties: {CodeUri: x/, Runtime: provided.al2023}"##,
    )
    .unwrap();
    assert_eq!(template.tables[0].tenant_prefix.as_deref(), Some("T#"));
    let buckets = template.buckets.iter();
    let mut prefixes: Vec<_> = buckets
        .map(|bucket| bucket.tenant_prefix.as_deref())
        .collect();
    prefixes.sort_unstable();
    assert_eq!(prefixes, [None, Some("t/")]);
    assert_eq!(template.functions[0].shared_tenant_rows, ["*"]);
    for (resource, error) in [
        (
            "Type: AWS::S3::Bucket, Metadata: {Tenants: {Prefix: t/}}",
            "local does not know Prefix of Metadata.Tenants",
        ),
        (
            "Type: AWS::S3::Bucket, Metadata: {Tenants: {}}",
            "KeyPrefix is missing",
        ),
        (
            "Type: AWS::S3::Bucket, Metadata: {Tenants: {KeyPrefix: t}}",
            "does not end with a separator",
        ),
    ] {
        let found = error_of(&format!("  A: {{{resource}}}"));
        assert!(found.contains(error), "{found}");
    }
}

#[test]
fn email_identities_may_send() {
    let template = parse(
        "
  Domain: {Type: AWS::SES::EmailIdentity, Properties: {EmailIdentity: desk.example}}
  Line: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Domain}}",
    )
    .unwrap();
    assert_eq!(template.identities, ["desk.example"]);
    assert_eq!(template.queues[0].name, "desk.example");
}
