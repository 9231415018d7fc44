"""Deploys template.yaml to MiniStack and runs a command against what came up. Or compares MiniStack with `local`.

The way is that of a real deployment: `sam package`, SAM's expansion, CloudFormation. Two things stand between them,
because MiniStack lacks them: the routes that SAM writes into the API's OpenAPI body become resources of their own,
and resource types that it does not know are left out, by name.
"""

import argparse
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import boto3
from botocore.config import Config
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

STACK = "confab"
REGION = "us-east-1"
API_ID = "confabapi"  # given to the API by a tag, so that its address is known before there is an API
STAGE = Path(".confab/rehearse")
# What a test says when it meets a known difference, see tests/src/cloud.rs.
DIFFERS = re.compile(r"^MiniStack differs: (\w+)$", re.MULTILINE)
# What MiniStack does not know, and dashboards: with a resource for each route the stack would have more than 500.
NOT_ON_MINISTACK = {
    "AWS::Events::Archive",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::CloudWatch::Dashboard",
}
# By the template's parameter that names the secret: what the simulated providers of `local` use.
SECRETS = {
    "MetaAppSecretParam": "app-secret",
    "MetaVerifyTokenParam": "verify-token",
    "MetaAccessTokenParam": "access-token",
    "TwilioAuthTokenParam": "12345",
    "AstriaApiKeyParam": "sd_local",
    "StripeSecretKeyParam": "sk_test_local",
    "StripeWebhookSecretParam": "whsec_local",
    "PaymentWebhookSecretParam": "payment-webhook-secret",
    "PaymentSecretPathParam": "payment-secret-path",
    "SealSecretParam": "seal-secret",
    "RoomsSealSecretParam": "rooms-seal-secret",
    "ModelApiKeyParam": "model-key",
    "OperatorKeyParam": "operator-key",
}

# Those that have no name by default: there is no such provider then.
OPTIONAL_SECRETS = {
    "PaymentWebhookSecretParam": "/confab/payments/webhook-secret",
    "PaymentSecretPathParam": "/confab/payments/secret-path",
}


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
    gateway_url = f"{aws_url}/_aws/execute-api/{API_ID}"
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
    )
    template = stage(args.binaries)
    started = []
    try:
        started.append(start_ministack(aws_url))
        started.append(start("outside", [
            args.binaries / "local", "outside", "--port", port_of(outside_url), "--data", STAGE / "outside",
            "--webhook", f"{gateway_url}/SmsReceived"], outside_url))
        seed_secrets(template)
        expanded = expand(package())
        deploy(expanded, {
            "Architecture": {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()],
            "PublicBaseUrl": gateway_url,
            "MetaApiUrl": f"{outside_url}/meta",
            "TwilioApiUrl": f"{outside_url}/twilio",
            "MetaPhoneNumberId": "106540352242922",
            "TwilioAccountSid": "AC00000000000000000000000000000001",
            "TwilioFrom": "whatsapp:+14155238886",
            "TwilioContentSids": ",".join(f"studio_news/{language}=HX{number:032}" for number, language in [(1, "en"), (2, "he")]),
            "AstriaApiUrl": f"{outside_url}/astria",
            "StripeApiUrl": f"{outside_url}/stripe",
            "ModelApiUrl": f"{outside_url}/model/v1",
            "SocketUrl": f"{aws_url.replace('http', 'ws', 1)}/_aws/execute-api",
            "SocketEndpoint": f"{aws_url}/_aws/execute-api",
            **OPTIONAL_SECRETS,
        })
        assert_routes(template)
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
        suite = case.get("classname").removeprefix("confab-e2e::")
        failed = case.find("failure") is not None or case.find("error") is not None
        told = case.findtext("system-err") or ""
        found[f"{suite}::{case.get('name')}"] = ("FAIL" if failed else "pass", sorted(set(DIFFERS.findall(told))))
    return found


# ---- Packaging


def stage(binaries):
    """Lays the template and the functions out as a deployment wants them, apart from what scripts/build made."""
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True)
    shutil.copy("template.yaml", STAGE)
    template = yaml_parse(Path("template.yaml").read_text())
    for function in resources(template, "AWS::Serverless::Function").values():
        code = STAGE / function["Properties"]["CodeUri"]
        code.mkdir(parents=True)
        shutil.copy(binaries / code.name, code / "bootstrap")
    return template


def package():
    say("Packaging")
    client("s3").create_bucket(Bucket="artifacts")
    packaged = STAGE / "packaged.yaml"
    command = [".tools/sam/bin/sam", "package", "--template-file", STAGE / "template.yaml",
               "--s3-bucket", "artifacts", "--output-template-file", packaged]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"sam package failed:\n{done.stdout}")
    return yaml_parse(packaged.read_text())


def expand(template):
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    expanded = Translator({}, Parser()).translate(template, {})
    for name, api in resources(expanded, "AWS::ApiGatewayV2::Api").items():
        if "Body" not in api["Properties"]:
            continue  # that of the sockets, which SAM writes out
        paths = api["Properties"].pop("Body")["paths"]
        api["Properties"].update(Name=STACK, ProtocolType="HTTP", Tags={"ms-custom-id": API_ID})
        for path, methods in paths.items():
            for method, operation in methods.items():
                add_route(expanded, name, f"{method.upper()} {path}", operation["x-amazon-apigateway-integration"])
    for name in [n for n, r in expanded["Resources"].items() if r["Type"] in NOT_ON_MINISTACK]:
        del expanded["Resources"][name]
    for alias in resources(expanded, "AWS::Lambda::Alias").values():
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


def seed_secrets(template):
    for parameter, secret in SECRETS.items():
        name = OPTIONAL_SECRETS.get(parameter) or template["Parameters"][parameter]["Default"]
        client("ssm").put_parameter(Name=name, Value=secret, Type="SecureString")


def deploy(template, parameters):
    say("Creating the stack")
    cloudformation = client("cloudformation")
    (STAGE / "expanded.json").write_text(json.dumps(template, indent=1))
    client("s3").upload_file(str(STAGE / "expanded.json"), "artifacts", "expanded.json")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=f"{os.environ['AWS_ENDPOINT_URL']}/artifacts/expanded.json",
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM"])
    while (status := cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]).endswith("IN_PROGRESS"):
        time.sleep(0.2)
    if status != "CREATE_COMPLETE":
        for event in cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]:
            if event["ResourceStatus"].endswith("FAILED"):
                print(event["LogicalResourceId"], event.get("ResourceStatusReason"), file=sys.stderr)
        sys.exit(f"The stack ended as {status}")


def assert_routes(template):
    """Every HttpApi event of the template is a route of the API, and there is no other."""
    wanted = sorted(
        f"{event['Properties']['Method'].upper()} {event['Properties']['Path']}"
        for function in resources(template, "AWS::Serverless::Function").values()
        for event in function["Properties"].get("Events", {}).values() if event["Type"] == "HttpApi")
    found = sorted(route["RouteKey"] for route in client("apigatewayv2").get_routes(ApiId=API_ID)["Items"])
    if found != wanted:
        sys.exit(f"The template has the routes {wanted}, the API {found}")
    say(f"{len(found)} routes: {', '.join(found)}")


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


def resources(template, kind):
    return {name: r for name, r in template["Resources"].items() if r["Type"] == kind}


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
