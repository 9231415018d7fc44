"""Deploys template.yaml and its nested stacks to MiniStack and runs a command against what came up. Or compares MiniStack
with `local`.

The way is that of a real deployment: `sam package`, SAM's expansion, CloudFormation. Three things stand between them,
because MiniStack lacks them: nested templates are expanded before they are deployed, the routes that SAM writes into an
API's OpenAPI body become resources of their own, and resource types that it does not know are left out, by name.
Tests ask one address, as on `local`: a front that sends each path to the API of its service.
Another one takes what the stack tells the operator's server, and lists it.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
import xml.etree.ElementTree as ElementTree
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
from botocore.config import Config
from samtranslator.yaml_helper import yaml_parse

import stacks

STACK = "confab"
REGION = "us-east-1"
STAGE = Path(".confab/rehearse")
# What a test says when it meets a known difference, see tests/src/cloud.rs.
DIFFERS = re.compile(r"^MiniStack differs: (\w+)$", re.MULTILINE)
# How OpenAPI bodies of API Gateway write ANY.
ANY_METHOD = "x-amazon-apigateway-any-method"
NOT_ON_MINISTACK = {"AWS::Events::Archive", "AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"}


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--binaries", type=Path, required=True, help="the folder with the functions and `local`")
    args.add_argument("--compare", action="store_true", help="run the command on local and on MiniStack, and compare")
    args.add_argument("command", nargs="+", help="what to run")
    args = args.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return compare(args) if args.compare else rehearse(args)


def rehearse(args):
    aws_url, outside_url = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
    templates = {name: yaml_parse(path.read_text()) for name, path in stacks.templates().items()}
    apis = {name: f"{aws_url}/_aws/execute-api/{api_id(name)}" for name in templates if routes_of(templates[name])}
    gateway_url, hooks_url = front(templates, apis), serve(Hooks)
    os.environ.update(
        AWS_ENDPOINT_URL=aws_url,
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        SAM_CLI_TELEMETRY="0",
        CONFAB_AWS=aws_url,
        CONFAB_GATEWAY=gateway_url,
        CONFAB_OUTSIDE=outside_url,
        CONFAB_HOOKS=hooks_url,
    )
    stage(args.binaries)
    started = []
    try:
        started.append(start_ministack(aws_url))
        started.append(start("simulators", [
            args.binaries / "local", "simulators", "--port", port_of(outside_url), "--data", STAGE / "simulators",
            "--gateway", gateway_url], outside_url))
        parameters = product_parameters(home=outside_url, gateway=gateway_url)
        verify_mail_sender(parameters["DeskMailIdentity"])
        deploy(release(), {
            "Architecture": {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()],
            **parameters,
            "PublicBaseUrl": gateway_url,
            "CarouselWebhookUrl": f"{hooks_url}/carousel",
            # Products lead people to the address of payments, whatever their own is.
            "PaymentsBaseUrl": apis["Payments"],
            "SocketUrl": f"{aws_url.replace('http', 'ws', 1)}/_aws/execute-api",
            "SocketEndpoint": f"{aws_url}/_aws/execute-api",
        })
        for name in apis:
            assert_routes(name, templates[name])
        assert_one_binary_changes_one_stack(templates)
        say(f"Running {' '.join(args.command)}")
        return subprocess.run(args.command).returncode
    finally:
        for process in reversed(started):
            stop(process)


# ---- Comparing


def compare(args):
    """The same suite on both. It prints, by test, how it went and where MiniStack is known to differ from AWS."""
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True)
    report = args.binaries.parent / "nextest" / "rehearse" / "junit.xml"
    for name in ["CONFAB_AWS", "CONFAB_GATEWAY", "CONFAB_OUTSIDE"]:
        os.environ.pop(name, None)
    on_local = outcomes(args.command, report)
    aws_url = f"http://127.0.0.1:{free_port()}"
    ministack = start_ministack(aws_url)
    try:
        on_ministack = outcomes(args.command, report, {"CONFAB_AWS": aws_url})
    finally:
        stop(ministack)
    tests = sorted(on_local.keys() | on_ministack.keys())
    width = max(map(len, tests), default=0)
    print(f"{'test':{width}}  local   MiniStack  where MiniStack differs from AWS")
    for test in tests:
        here, _ = on_local.get(test, ("missing", []))
        there, differences = on_ministack.get(test, ("missing", []))
        print(f"{test:{width}}  {here:6}  {there:9}  {', '.join(differences)}".rstrip())
    good = [test for test in tests if on_local.get(test, [""])[0] == on_ministack.get(test, [""])[0] == "pass"]
    known = sorted({name for _, differences in on_ministack.values() for name in differences})
    print(f"{len(good)} of {len(tests)} pass on both; MiniStack differs from AWS in {len(known)} known ways")
    return 0 if tests and len(good) == len(tests) else 1


def outcomes(command, report, environment=None):
    """By test: pass or FAIL, and the differences that the test has met."""
    where = (environment or {}).get("CONFAB_AWS", "local")
    say(f"Running {' '.join(command)} on {where}")
    report.unlink(missing_ok=True)
    subprocess.run(command, env={**os.environ, **(environment or {})})
    if not report.exists():
        sys.exit(f"the command left no {report}")
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        failed = case.find("failure") is not None or case.find("error") is not None
        told = case.findtext("system-err") or ""
        found[case.get("name")] = ("FAIL" if failed else "pass", sorted(set(DIFFERS.findall(told))))
    return found


# ---- Packaging


def stage(binaries):
    """Lays the templates and the functions out as a deployment wants them, apart from what scripts/build made."""
    shutil.rmtree(STAGE, ignore_errors=True)
    for path in stacks.templates().values():
        copy = STAGE / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
        for function in stacks.of_type(yaml_parse(path.read_text()), "AWS::Serverless::Function").values():
            code = Path(os.path.normpath(copy.parent / function["Properties"]["CodeUri"]))
            code.mkdir(parents=True)
            # Without symbols, which are more than half of what is packaged.
            subprocess.run(["strip", "-o", code / "bootstrap", binaries / code.name], check=True)


def release():
    """Packages what is staged. Answers with the root template, whose nested stacks are expanded and in the bucket."""
    say("Packaging")
    if "artifacts" not in [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]:
        client("s3").create_bucket(Bucket="artifacts")
    packaged = STAGE / "packaged.yaml"
    command = [".tools/sam/bin/sam", "package", "--template-file", STAGE / "template.yaml",
               "--s3-bucket", "artifacts", "--output-template-file", packaged]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"sam package failed:\n{done.stdout}")
    root = expand("root", yaml_parse(packaged.read_text()))
    for name, stack in stacks.of_type(root, "AWS::CloudFormation::Stack").items():
        key = stack["Properties"]["TemplateURL"].rsplit("/artifacts/", 1)[-1].rsplit("/", 1)[-1]
        template = client("s3").get_object(Bucket="artifacts", Key=key)["Body"].read().decode()
        stack["Properties"]["TemplateURL"] = upload(name, expand(name, yaml_parse(template)))
    return root


def upload(name, template):
    """Puts an expanded template into the bucket, under a name that only its content decides."""
    text = json.dumps(template, indent=1, sort_keys=True)
    key = f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    (STAGE / f"{name}.expanded.json").write_text(text)
    client("s3").put_object(Bucket="artifacts", Key=key, Body=text.encode())
    return f"{os.environ['AWS_ENDPOINT_URL']}/artifacts/{key}"


def expand(name, template):
    """SAM's expansion, without what MiniStack lacks."""
    expanded = stacks.expand(template)
    for id, api in stacks.of_type(expanded, "AWS::ApiGatewayV2::Api").items():
        if "Body" not in api["Properties"]:
            continue  # that of the sockets, which SAM writes out
        paths = api["Properties"].pop("Body")["paths"]
        api["Properties"].update(Name=name, ProtocolType="HTTP", Tags={"ms-custom-id": api_id(name)})
        for path, methods in paths.items():
            for method, operation in methods.items():
                method = "ANY" if method == ANY_METHOD else method.upper()
                add_route(expanded, id, f"{method} {path}", operation["x-amazon-apigateway-integration"])
    for id in [id for id, resource in expanded["Resources"].items() if resource["Type"] in NOT_ON_MINISTACK]:
        del expanded["Resources"][id]
    for alias in stacks.of_type(expanded, "AWS::Lambda::Alias").values():
        alias.pop("UpdatePolicy", None)  # it names a CodeDeploy group
    return expanded


def add_route(expanded, api, key, integration):
    uri = json.dumps(integration["uri"])
    # One for all routes of a function, as a stack has room for 500 resources.
    target = f"Integration{hashlib.sha256(uri.encode()).hexdigest()[:12]}"
    expanded["Resources"][target] = {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": {"Ref": api},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": integration["uri"],
            "PayloadFormatVersion": integration["payloadFormatVersion"],
        },
    }
    name = "".join(c for c in key.title() if c.isalnum())
    expanded["Resources"][f"{name}Route"] = {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "ApiId": {"Ref": api},
            "RouteKey": key,
            "Target": {"Fn::Sub": f"integrations/${{{target}}}"},
        },
    }


# ---- Deploying


def product_parameters(**addresses):
    """What service.toml files say of simulators and secrets, as parameters of the template. Puts the secrets into SSM."""
    values, secrets = {}, {}
    for path in sorted(Path("functions").glob("*/service.toml")):
        service = tomllib.loads(path.read_text())
        values.update(service.get("parameters", {}))
        for simulator in service.get("simulators", {}).values():
            values.update(simulator.get("parameters", {}))
        secrets.update({secret["parameter"]: secret for secret in service.get("secrets", [])})
    for secret in secrets.values():
        client("ssm").put_parameter(Name=secret["name"], Value=secret["local"], Type="SecureString", Overwrite=True)
    filled = {name: re.sub(r"\{(\w+)\}", lambda at: addresses[at[1]], value) for name, value in values.items()}
    return filled | {name: secret["name"] for name, secret in secrets.items()}


def verify_mail_sender(identity):
    """SES sends from verified identities alone; MiniStack verifies an address at once."""
    client("sesv2").create_email_identity(EmailIdentity=identity)


def deploy(template, parameters):
    say("Creating the stacks")
    cloudformation = client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=upload("root", template),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
    while (status := cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]).endswith("IN_PROGRESS"):
        time.sleep(0.2)
    if status != "CREATE_COMPLETE":
        for stack in [STACK, *nested().values()]:
            for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
                if event["ResourceStatus"].endswith("FAILED"):
                    print(event["LogicalResourceId"], event.get("ResourceStatusReason"), file=sys.stderr)
        sys.exit(f"The stack ended as {status}")
    for name, stack in {"root": STACK, **nested()}.items():
        say(f"{name}: {len(resources(stack))} resources")


def resources(stack):
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return [resource for page in pages for resource in page["StackResourceSummaries"]]


def nested():
    """The nested stacks by their logical ids."""
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources(STACK)
            if resource["ResourceType"] == "AWS::CloudFormation::Stack" and resource.get("PhysicalResourceId")}


def routes_of(template):
    """Method and path of each HttpApi event."""
    return sorted(
        (event["Properties"]["Method"].upper(), event["Properties"]["Path"])
        for function in stacks.of_type(template, "AWS::Serverless::Function").values()
        for event in function["Properties"].get("Events", {}).values() if event["Type"] == "HttpApi")


def assert_routes(name, template):
    """Every HttpApi event of a stack is a route of its API, and there is no other."""
    wanted = sorted(f"{method} {path}" for method, path in routes_of(template))
    pages = client("apigatewayv2").get_paginator("get_routes").paginate(ApiId=api_id(name))
    found = sorted(route["RouteKey"] for page in pages for route in page["Items"])
    if found != wanted:
        sys.exit(f"{name} has the routes {wanted} in its template, and {found} in its API")
    say(f"{name}: {len(found)} routes")


def assert_one_binary_changes_one_stack(templates):
    """A second release with one changed binary: its change set names one nested stack, which publishes one function.

    It is not executed: MiniStack cannot update a nested stack.
    """
    name, function = next((name, function) for name, template in templates.items()
                          for function in stacks.of_type(template, "AWS::Serverless::Function").values())
    code = Path(os.path.normpath(STAGE / stacks.templates()[name].parent / function["Properties"]["CodeUri"]))
    with (code / "bootstrap").open("ab") as binary:
        binary.write(b"another")
    root = release()
    cloudformation = client("cloudformation")
    parameters = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["Parameters"]
    made = cloudformation.create_change_set(
        StackName=STACK, ChangeSetName="second", TemplateURL=upload("root", root), Parameters=parameters,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
    while (found := cloudformation.describe_change_set(ChangeSetName=made["Id"], StackName=STACK))["Status"].endswith("IN_PROGRESS"):
        time.sleep(0.2)
    changes = [change["ResourceChange"]["LogicalResourceId"] for change in found.get("Changes", [])]
    expanded = json.loads((STAGE / f"{name}.expanded.json").read_text())
    published = stacks.changed(expanded, {resource["LogicalResourceId"] for resource in resources(nested()[name])})
    if changes != [name] or len(published) != 1:
        sys.exit(f"One binary of {name} has changed; the change set names {changes}, and {published} would be published")
    cloudformation.delete_change_set(ChangeSetName=made["Id"], StackName=STACK)
    say(f"One changed binary: the change set of a second release names {name} alone, which publishes {published[0]}")


# ---- The front


def front(templates, apis):
    """Serves one address that sends each request to the API of the service that has its path. Answers with the address."""
    def pattern(path):
        return re.compile("".join(".+" if part.endswith("+}") else "[^/]+" if part.startswith("{") else re.escape(part)
                                  for part in re.split(r"(\{[^}]+\})", path)))

    table = [(pattern(path), apis[name]) for name in apis for path in {path for _, path in routes_of(templates[name])}]
    return serve(type("Handler", (Front,), {"table": table, "other": next(iter(apis.values()))}))


def serve(handler):
    """Answers with the address where it serves."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    table, other = [], None

    def forward(self):
        path = self.path.partition("?")[0]
        # A path that no service has is answered by one of them, as API Gateway does.
        target = next((target for pattern, target in self.table if pattern.fullmatch(path)), self.other)
        host, _, base = target.removeprefix("http://").partition("/")
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        asked = HTTPConnection(host, timeout=60)
        try:
            asked.request(self.command, f"/{base}{self.path}", body, headers)
            answer = asked.getresponse()
            content = answer.read()
        except OSError as error:
            self.send_error(502, str(error))
            return
        finally:
            asked.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = forward

    def log_message(self, *_):
        pass


class Hooks(BaseHTTPRequestHandler):
    """The operator's server: it takes webhooks, and lists them."""

    protocol_version = "HTTP/1.1"
    received = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        self.received.append({"headers": {name.lower(): value for name, value in self.headers.items()}, "body": body})
        self.answer({})

    def do_GET(self):
        self.answer(self.received)

    def answer(self, value):
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


# ---- Processes


def start_ministack(url):
    """Its environment is all that the functions inherit, so it has nothing in it that they would not have on AWS."""
    return start("ministack", [".tools/ministack/bin/ministack"], url, {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": url,
        "MINISTACK_REGION": REGION,
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",  # in the queues' URLs
        "GATEWAY_PORT": port_of(url),
        "TMPDIR": str(STAGE.absolute()),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    })


def start(name, command, url, env=None):
    say(f"Starting {name} on {url}")
    log = STAGE / f"{name}.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output, start_new_session=True)
    deadline = time.monotonic() + 30
    while not listens(url):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            sys.exit(f"{name} did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)
    return process


def stop(process):
    """Ends the process and then, as functions may outlive MiniStack, what is left of its group."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


# ---- Small things


def api_id(stack):
    """Given to a stack's API by a tag, so that its address is known before there is an API."""
    return f"{STACK}{stack.lower()}"


def client(service):
    return boto3.client(service, config=Config(s3={"addressing_style": "path"}))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def port_of(url):
    return url.rsplit(":", 1)[1]


def listens(url):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", int(port_of(url)))) == 0


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
