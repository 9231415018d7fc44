"""Keeps the entries of the queue and shows them. boto3 is part of Lambda's Python runtimes."""

import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    if "Records" in event:
        return keep(event["Records"])
    return show(event["pathParameters"]["id"])


def keep(records):
    failures = []
    for record in records:
        try:
            text = json.loads(record["body"])["text"]
        except (ValueError, KeyError, TypeError) as error:
            print(json.dumps({"level": "ERROR", "message": f"an entry cannot be read: {error!r}"}))
            failures.append({"itemIdentifier": record["messageId"]})
            continue
        table.put_item(Item={"id": record["messageId"], "text": text})
    return {"batchItemFailures": failures}


def show(entry_id):
    item = table.get_item(Key={"id": entry_id}).get("Item")
    if item is None:
        return {"statusCode": 404, "body": json.dumps({"error": "there is no such entry"})}
    return {"statusCode": 200, "body": json.dumps(item)}
