"""The stacks of template.yaml as SAM expands them. As a program: how large each is, against CloudFormation's limit."""

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


def main():
    print(f"{'stack':12} {'resources':>9} {'lines':>6} {'functions':>9} {'lines each':>10}")
    too_large = False
    for name, path in templates().items():
        text = path.read_text()
        made = Counter(resource["Type"] for resource in expand(yaml_parse(text))["Resources"].values())
        each = function_lines(text)
        median = f"{statistics.median(each):.0f}" if each else ""
        print(f"{name:12} {made.total():9} {len(text.splitlines()):6} {len(each):9} {median:>10}")
        if made.total() > WARN_RESOURCES:
            print(f"  more than {WARN_RESOURCES} of {MAX_RESOURCES} resources: split its routes from its workers", file=sys.stderr)
        if made.total() > MAX_RESOURCES:
            print("\n".join(f"{number:6} {kind}" for kind, number in made.most_common()), file=sys.stderr)
            too_large = True
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main())
