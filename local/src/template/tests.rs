use super::*;

fn places() -> Places {
    Places {
        stack: "confab".into(),
        region: "us-east-1".into(),
        account: "000000000000".into(),
        aws_url: "http://127.0.0.1:7072".into(),
        socket: "127.0.0.1:7073".into(),
        parameters: BTreeMap::new(),
    }
}

fn parsed(resources: &str) -> Result<Template> {
    let text = format!(
        "Parameters: {{Stage: {{Type: String, Default: test}}}}\nConditions: {{IsLive: !Equals [!Ref Stage, live]}}\nResources:\n{resources}"
    );
    Template::parse(&text, &places())
}

fn refusal(resources: &str) -> String {
    format!("{:#}", parsed(resources).unwrap_err())
}

#[test]
fn the_projects_own_template_runs_here() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let template = Template::load(&path, &places()).unwrap();
    assert!(template.functions.iter().any(|function| function.name == "sms-received"));
    for function in &template.functions {
        assert!(function.code.starts_with("target/lambda/"), "{}", function.code);
    }
}

#[test]
fn intrinsics_give_names_of_this_laptop() {
    let template = parsed(
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
    assert_eq!(variables["URL"], "http://127.0.0.1:7072/000000000000/confab-line");
    assert_eq!(variables["ARN"], "arn:aws:sqs:us-east-1:000000000000:confab-line");
    assert_eq!(variables["LIVE"], "no");
    assert!(!variables.contains_key("GONE"));
    assert_eq!(variables["JOINED"], "a-test");
    assert_eq!(variables["PICKED"], "b");
}

#[test]
fn what_is_not_supported_is_named_with_its_place() {
    let cases = [
        ("  A: {Type: AWS::Kinesis::Stream}", "Resources.A: local does not run AWS::Kinesis::Stream"),
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
        ("  A: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true, QueueName: plain}}", "ends in .fifo"),
        (
            "  A: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt B.QueueName}}\n  B: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt A.QueueName}}",
            "in a circle",
        ),
        (
            "  A: {Type: AWS::Serverless::Function, Properties: {CodeUri: x/, Runtime: python3.13}}",
            "local runs provided.al2023",
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
        let told = refusal(resources);
        assert!(told.contains(expected), "{told}\nshould say: {expected}");
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
fn the_addresses_of_a_websocket_api_lead_to_this_laptop() {
    let template = parsed(SOCKETS).unwrap();
    let api = template.sockets.unwrap();
    assert_eq!((api.id.as_str(), api.stage.as_str()), ("rooms", "test"));
    assert_eq!(api.selection, ["do", "what"]);
    assert_eq!(api.routes["$connect"].timeout.as_millis(), 500);
    assert_eq!(api.routes["say"].timeout, INTEGRATION_TIMEOUT);
    let source = |header: bool, name: &str| match header {
        true => IdentitySource::Header(name.into()),
        false => IdentitySource::Query(name.into()),
    };
    assert_eq!(api.authorizer.unwrap().identity, [source(false, "ticket"), source(true, "Authorization")]);
    let expected = [
        ("API", "rooms"),
        ("ID", "rooms"),
        ("URL", "ws://127.0.0.1:7073/test"),
        ("ENDPOINT", "http://127.0.0.1:7073/test"),
        ("BUILT", "http://127.0.0.1:7073"),
        ("FOREIGN", "https://other.execute-api.us-east-1.amazonaws.com/live"),
    ];
    for (name, value) in expected {
        assert_eq!(template.functions[0].environment[name], value, "{name}");
    }
}

#[test]
fn what_local_does_not_do_for_sockets_is_named() {
    let cases = [
        ("StageName: !Ref Stage", "StageVariables: {a: b}", "local does not know StageVariables"),
        ("StageName: !Ref Stage", "StageName: $default", "StageName: \"$default\" has other characters"),
        ("${request.body.do.what}", "$request.header.do", "RouteSelectionExpression: local knows $request.body.NAME"),
        ("${request.body.do.what}", "$request.body.do}", "RouteSelectionExpression: local knows $request.body.NAME"),
        ("AuthType: CUSTOM", "AuthType: AWS_IAM", "Auth: local knows the AuthType CUSTOM"),
        ("route.request.header.", "stageVariables.", "IdentitySource: local knows route.request.header.NAME"),
        ("$connect:", "more:", "Auth: only a $connect route can be authorized"),
        ("say: {", "say-it: {", "Routes.say-it: a key is of letters and digits"),
        ("IntegrationTimeout: 500", "IntegrationTimeout: 29001", "IntegrationTimeout is 50 to 29000"),
        (
            "IntegrationTimeout: 500",
            "RouteResponseSelectionExpression: $default",
            "local does not know RouteResponseSelectionExpression of a route",
        ),
        ("say: {FunctionArn: !GetAtt Hello.Arn", "say: {FunctionArn: 'arn:x'", "say: arn:x is not a function"),
        ("AuthArn: !GetAtt Hello.Arn", "AuthArn: 'arn:x'", "Auth: arn:x is not a function"),
        (
            "  Hello:",
            "  Second: {Type: AWS::Serverless::WebSocketApi, Properties: {RouteSelectionExpression: $request.body.a, Routes: {a: {FunctionArn: !GetAtt Hello.Arn}}}}\n  Hello:",
            "local runs one WebSocket API, and Rooms is one already",
        ),
    ];
    for (given, changed, expected) in cases {
        assert!(SOCKETS.contains(given), "{given}");
        let told = refusal(&SOCKETS.replacen(given, changed, 1));
        assert!(told.contains(expected), "{told}\nshould say: {expected}");
    }
}

#[test]
fn a_resource_whose_condition_is_false_is_not_there() {
    let template = parsed("  A: {Type: AWS::SQS::Queue, Condition: IsLive}").unwrap();
    assert!(template.queues.is_empty());
}

#[test]
fn a_policy_allows_what_it_names_and_nothing_else() {
    let policy = Policy(vec![Statement {
        actions: vec!["dynamodb:GetItem".into()],
        resources: vec!["arn:aws:dynamodb:us-east-1:000000000000:table/a*".into()],
    }]);
    assert!(policy.allows("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:000000000000:table/abc"));
    assert!(!policy.allows("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:000000000000:table/b"));
    assert!(!policy.allows("dynamodb:Scan", "arn:aws:dynamodb:us-east-1:000000000000:table/abc"));
}
