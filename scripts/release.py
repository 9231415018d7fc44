"""What scripts/deploy hands to SAM, and what it says of it.

lay-out     writes .release/: the templates with RELEASE filled in, beside links to target/ and samconfig.toml
package     uploads code and templates, which changes nothing that runs, and says which functions a deployment would change
addresses   says what the deployed stack's addresses are for
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import boto3
from samcli.cli.types import CfnParameterOverridesType
from samtranslator.yaml_helper import yaml_parse

from stacks import expand, holds, of_type, parameters, templates

RELEASE = Path(".release")


# ---- Laying out


def lay_out(root, to, given, unknown=""):
    """Copies the templates of a stack to a folder that SAM can deploy, with a RELEASE for each of them.

    A stack's RELEASE changes with its template and with the values of its parameters, and with nothing else. Answers
    that `--guided` has yet to ask for are unknown: the caller gives a text that is another one each time.
    """
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    (to / "target").symlink_to(Path("target").absolute())
    (to / "samconfig.toml").symlink_to(Path("samconfig.toml").absolute())
    files = templates(root)
    parent = yaml_parse(root.read_text())
    for name, path in files.items():
        copy = to / path.relative_to(root.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text()
        if name == "root":
            text = propose(text, "Architecture", given.get("Architecture"))
        else:
            text = text.replace("RELEASE: unreleased", f'RELEASE: "{release_of(parent, name, yaml_parse(text), given, unknown)}"')
        copy.write_text(text)


def propose(text, parameter, value):
    """Makes a value the default of a parameter, which `sam deploy --guided` proposes."""
    return re.sub(rf"(?m)(^  {parameter}:\n(?:    .*\n)*?    Default: ).*", rf"\g<1>{value}", text) if value else text


def release_of(parent, name, template, given, unknown):
    passed = parent["Resources"][name]["Properties"]["Parameters"]
    values = resolve(parent, passed, parameters(parent, given))
    told = json.dumps([template, values, unknown], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def resolve(template, value, values):
    """Replaces references to parameters by their values. What only a deployed stack knows stays as it is written."""
    if isinstance(value, list):
        return [resolve(template, item, values) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": name} if name in values:
            return values[name]
        case {"Fn::If": [condition, yes, no]}:
            return resolve(template, yes if holds(template, {"Condition": condition}, values) else no, values)
    return {key: resolve(template, item, values) for key, item in value.items()}


# ---- What changes


def versions(template):
    """The version that each function of an expanded template publishes, by the function's logical id."""
    return {version["Properties"]["FunctionName"]["Ref"]: name
            for name, version in of_type(template, "AWS::Lambda::Version").items()}


def changed(template, deployed):
    """The functions that get a new version: all whose version is not among the deployed logical ids."""
    return sorted(function for function, version in versions(template).items() if version not in deployed)


def package(settings):
    """Uploads code and templates with `sam package`, and says where it put them in .release/packaged.yaml."""
    command = [Path(sys.executable).with_name("sam"), "package", "--template-file", RELEASE / "template.yaml",
               "--output-template-file", RELEASE / "packaged.yaml"]
    command += ["--s3-bucket", settings["s3_bucket"]] if settings.get("s3_bucket") else ["--resolve-s3"]
    for name in ["s3_prefix", "region", "profile"]:
        if settings.get(name):
            command += [f"--{name.replace('_', '-')}", settings[name]]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"sam package failed:\n{done.stdout}")


def changes(session, packaged, stack):
    """Says by nested stack which functions get a new version. `packaged` is what `sam package` wrote of the root."""
    nested = stacks_within(session, stack)
    root = yaml_parse(packaged.read_text())
    for name, resource in of_type(root, "AWS::CloudFormation::Stack").items():
        template = expand(yaml_parse(fetch(session, resource["Properties"]["TemplateURL"])))
        there = resources(session, nested[name]) if name in nested else []
        functions, all_of_them = changed(template, {resource["LogicalResourceId"] for resource in there}), versions(template)
        gone = [resource["LogicalResourceId"] for resource in there if resource["ResourceType"] == "AWS::Lambda::Function"
                and resource["LogicalResourceId"] not in all_of_them]
        told = f"{len(functions)} of {len(all_of_them)} functions change" if functions else "no function changes"
        print(f"{name:12} {told}{'' if name in nested else ', in a new stack'}{f', {len(gone)} removed' if gone else ''}")
        for function in [*functions, *gone] if name in nested else []:
            print(f"{'':12} {'-' if function in gone else '+'} {function}")


def stacks_within(session, stack):
    """The nested stacks that are deployed, by their logical ids. None when the stack is not there."""
    try:
        found = resources(session, stack)
    except session.client("cloudformation").exceptions.ClientError as error:
        if "does not exist" not in str(error):
            raise
        return {}
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found
            if resource["ResourceType"] == "AWS::CloudFormation::Stack" and resource.get("PhysicalResourceId")}


def resources(session, stack):
    pages = session.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return [resource for page in pages for resource in page["StackResourceSummaries"]
            if resource["ResourceStatus"] != "DELETE_COMPLETE"]


def fetch(session, url):
    """Reads an object by the address that `sam package` wrote: bucket and key are the end of its path, or in its host."""
    host, _, path = url.removeprefix("https://").removeprefix("http://").partition("/")
    bucket, key = (host.split(".s3")[0], path) if ".s3." in host or ".s3-" in host else path.split("/", 1)
    return session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()


# ---- Addresses


def addresses(session, stack):
    """Says of each output of the stack where its value belongs, as its description in template.yaml has it."""
    found = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    for output in sorted(found.get("Outputs", []), key=lambda output: output["OutputKey"]):
        if not output.get("Description"):
            continue
        print(f"\n{output['OutputKey']}  {output['OutputValue']}")
        for sentence in output["Description"].split(" | "):
            print(textwrap.indent(textwrap.fill(sentence, 100), "    "))


# ---- As a program


def configured(name, environment, config):
    """A setting of `sam deploy` in samconfig.toml."""
    for section in [config.get(environment, {}).get("deploy"), config.get(environment, {}).get("global"),
                    config.get("default", {}).get("deploy"), config.get("default", {}).get("global")]:
        if section and name in section.get("parameters", {}):
            return section["parameters"][name]
    return None


def overrides(value):
    """Parameters as SAM reads them, from samconfig.toml or the command line."""
    items = [value] if isinstance(value, str) else list(value or [])
    return CfnParameterOverridesType().convert(tuple(items), None, None) if items else {}


def main():
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    options.add_argument("command", choices=["lay-out", "package", "addresses"])
    options.add_argument("--architecture", help="what was built")
    options.add_argument("--unknown", default="", help="stands for answers that are not known yet")
    # Those of `sam deploy` that matter here; it gets the others unread.
    options.add_argument("--parameter-overrides", nargs="*")
    options.add_argument("--config-env", default="default")
    options.add_argument("--config-file", type=Path, default=Path("samconfig.toml"))
    names = ["stack_name", "profile", "region", "s3_bucket", "s3_prefix"]
    for name in names:
        options.add_argument(f"--{name.replace('_', '-')}")
    args, _ = options.parse_known_args()
    config = tomllib.loads(args.config_file.read_text()) if args.config_file.exists() else {}
    settings = {name: getattr(args, name) or configured(name, args.config_env, config) for name in names}
    if args.command == "lay-out":
        given = overrides(args.parameter_overrides or configured("parameter_overrides", args.config_env, config))
        if args.architecture:
            given["Architecture"] = args.architecture
        lay_out(Path("template.yaml"), RELEASE, given, args.unknown)
        return
    session = boto3.Session(profile_name=settings["profile"], region_name=settings["region"])
    stack = settings["stack_name"] or sys.exit("release: there is no stack_name")
    if args.command == "package":
        package(settings)
        changes(session, RELEASE / "packaged.yaml", stack)
    else:
        addresses(session, stack)


if __name__ == "__main__":
    main()
