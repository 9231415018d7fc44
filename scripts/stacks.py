"""The stacks of template.yaml as SAM expands them.

As a program: how large each stack is, against CloudFormation's limit, and what it costs a month when it is not used.
"""

import logging
import re
import statistics
import sys
from collections import Counter
from pathlib import Path

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

MAX_RESOURCES = 500  # CloudFormation's, of a stack
WARN_RESOURCES = 400
ESSENTIAL_BUDGET = 14.00  # dollars a month, of all stacks with Monitoring=essential

# List prices of us-east-1, November 2026, in dollars: of a month, or of one request.
ALARM = 0.10
DASHBOARD = 3.00
SQS_REQUEST = {False: 0.40e-6, True: 0.50e-6}  # by FIFO
SCHEDULED_RUN = 1.00e-6 + 0.20e-6  # EventBridge Scheduler, and the request to Lambda
MINUTES = 30 * 24 * 60
# Lambda keeps five long polls of 20 seconds open for each mapping of a queue that has a MaximumConcurrency.
POLLS = 5 * 3 * MINUTES


def templates(root=Path("template.yaml")):
    """The file of each stack by its name: the root's, and those of its nested stacks."""
    found = {"root": root}
    for name, stack in of_type(yaml_parse(root.read_text()), "AWS::CloudFormation::Stack").items():
        found[name] = root.parent / stack["Properties"]["TemplateURL"]
    return found


def of_type(template, kind):
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def expand(template):
    """SAM's expansion. Code that was not packaged gets a place in a bucket, which SAM asks for."""
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    for function in of_type(template, "AWS::Serverless::Function").values():
        if not str(function["Properties"]["CodeUri"]).startswith("s3://"):
            function["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
    return Translator({}, Parser()).translate(template, {})


def versions(template):
    """The version that each function of an expanded template publishes, by the function's logical id."""
    return {version["Properties"]["FunctionName"]["Ref"]: name
            for name, version in of_type(template, "AWS::Lambda::Version").items()}


def changed(template, deployed):
    """The functions that get a new version: all whose version is not among the deployed logical ids."""
    return sorted(function for function, version in versions(template).items() if version not in deployed)


def parameters(template, given):
    """Its parameters, as far as they are given or have a default."""
    declared = template.get("Parameters", {})
    return {name: given.get(name, declared[name].get("Default", "")) for name in declared}


def holds(template, condition, values):
    """Evaluates a condition that compares parameters."""
    (function, of), = condition.items()
    text = lambda value: str(values.get(value["Ref"], "") if isinstance(value, dict) else value)
    match function:
        case "Condition":
            return holds(template, template["Conditions"][of], values)
        case "Fn::Not":
            return not holds(template, of[0], values)
        case "Fn::And":
            return all(holds(template, one, values) for one in of)
        case "Fn::Or":
            return any(holds(template, one, values) for one in of)
        case "Fn::Equals":
            return text(of[0]) == text(of[1])
    raise ValueError(f"the condition {function}")


def references(template, value):
    """The resources of a template that a value of it refers to."""
    if isinstance(value, list):
        return set().union(*(references(template, item) for item in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, inner in value.items():
        match key:
            case "Ref":
                found.add(inner)
            case "Fn::GetAtt":
                found.add(inner[0] if isinstance(inner, list) else inner.split(".")[0])
            case "DependsOn":
                found.update([inner] if isinstance(inner, str) else inner)
            case "Fn::Sub":
                text = inner if isinstance(inner, str) else inner[0]
                found.update(name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text))
        found |= references(template, inner)
    return found & template["Resources"].keys()


def circle(template):
    """Resources of an expanded template that wait for each other, in their order. CloudFormation counts update policies."""
    graph = {name: references(template, resource) for name, resource in template["Resources"].items()}
    done = set()

    def walk(name, path):
        if name in path:
            return path[path.index(name):]
        if name in done:
            return []
        for after in sorted(graph[name]):
            if found := walk(after, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def idle_bill(template, given):
    """What an expanded template costs a month when nothing happens: alarms, dashboards, polls of queues, schedules."""
    values = parameters(template, given)
    there = {name: resource for name, resource in template["Resources"].items()
             if "Condition" not in resource or holds(template, {"Condition": resource["Condition"]}, values)}
    bill = Counter(alarms=0.0, dashboards=0.0, polling=0.0, schedules=0.0)
    for resource in there.values():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::CloudWatch::Alarm":
                bill["alarms"] += ALARM
            case "AWS::CloudWatch::Dashboard":
                bill["dashboards"] += DASHBOARD
            case "AWS::Lambda::EventSourceMapping":
                queue = there[properties["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
                bill["polling"] += POLLS * SQS_REQUEST[bool(queue.get("FifoQueue"))]
            case "AWS::Scheduler::Schedule":
                bill["schedules"] += runs_a_month(properties["ScheduleExpression"]) * SCHEDULED_RUN
    return bill


def runs_a_month(expression):
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return MINUTES / int(rate[1]) / {"minute": 1, "hour": 60, "day": 24 * 60}[rate[2]]
    return 31  # a cron expression: no function of ours runs by one more often than daily


def function_lines(text):
    """How many lines each function takes, with its errors alarm."""
    blocks = {}
    for line in text.splitlines():
        if heading := re.match(r"  (\w+):", line):
            blocks[name := heading[1]] = 0
        if line.startswith("  ") and not line.lstrip().startswith("#"):
            blocks[name] += 1
    return [lines + blocks.get(f"{name.removesuffix('Function')}ErrorsAlarm", 0)
            for name, lines in blocks.items() if name.endswith("Function") and name != "Function"]


def print_sizes(texts, expanded):
    print(f"{'stack':12} {'resources':>9} {'lines':>6} {'functions':>9} {'lines each':>10}")
    too_large = False
    for name, text in texts.items():
        made = Counter(resource["Type"] for resource in expanded[name]["Resources"].values())
        each = function_lines(text)
        median = f"{statistics.median(each):.0f}" if each else ""
        print(f"{name:12} {made.total():9} {len(text.splitlines()):6} {len(each):9} {median:>10}")
        if made.total() > WARN_RESOURCES:
            print(f"  more than {WARN_RESOURCES} of {MAX_RESOURCES} resources: split its routes from its workers", file=sys.stderr)
        if made.total() > MAX_RESOURCES:
            print("\n".join(f"{number:6} {kind}" for kind, number in made.most_common()), file=sys.stderr)
            too_large = True
    return too_large


def print_idle_bill(expanded):
    """By AWS's list prices. Rows, photos, logs and archives cost by what is kept: nothing, when nothing was."""
    for monitoring in ["full", "essential"]:
        print(f"\n{'idle, $ a month':16} {'alarms':>8} {'dashboards':>10} {'polling':>8} {'schedules':>9} {'total':>8}   Monitoring={monitoring}")
        total = Counter()
        for name, template in expanded.items():
            bill = idle_bill(template, {"Monitoring": monitoring})
            total.update(bill)
            print_bill(name, bill)
        print_bill("all", total)
        if monitoring == "essential" and total.total() > ESSENTIAL_BUDGET:
            print(f"  more than the ${ESSENTIAL_BUDGET:.2f} that README promises for Monitoring=essential", file=sys.stderr)


def print_bill(name, bill):
    print(f"{name:16} {bill['alarms']:8.2f} {bill['dashboards']:10.2f} {bill['polling']:8.2f} {bill['schedules']:9.2f} {bill.total():8.2f}")


def main():
    texts = {name: path.read_text() for name, path in templates().items()}
    expanded = {name: expand(yaml_parse(text)) for name, text in texts.items()}
    is_wrong = print_sizes(texts, expanded)
    print_idle_bill(expanded)
    for name, template in expanded.items():
        if found := circle(template):
            print(f"{name}: a circle of references, which CloudFormation refuses: {' -> '.join(found)}", file=sys.stderr)
            is_wrong = True
    return 1 if is_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
