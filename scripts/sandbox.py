"""Runs one process of a function as Lambda would, next to `local`, and watches it."""

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections import namedtuple
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE = 60  # seconds for any one thing; under valgrind a start takes about one

Call = namedtuple("Call", "operation began ended")


class Sandbox:
    """A process of a function, its Runtime API and its provider. `aws` is where it finds AWS; by default its calls
    go through here, and are noted."""

    def __init__(self, local, function, aws=None, under=()):
        self.local, self.calls, self.sent = local, [], []
        self.asked, self.events, self.answers = queue.Queue(), queue.Queue(), queue.Queue()
        self.server = Server(("127.0.0.1", 0), type("Handler", (Handler,), {"sandbox": self}))
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        here = f"http://127.0.0.1:{self.server.server_port}"
        environment = local.environment(function) | {"AWS_LAMBDA_RUNTIME_API": here, "AWS_ENDPOINT_URL": aws or here}
        if "META_API_URL" in environment:
            environment["META_API_URL"] = f"{here}/meta"
        began = time.perf_counter()
        self.process = subprocess.Popen([*under, local.copy(function)], env=environment, stdout=sys.stderr)
        self.ready_ms = (self.asked.get(timeout=PATIENCE) - began) * 1000

    def invoke(self, event):
        """Milliseconds from handing the event out to having the answer."""
        began = time.perf_counter()
        self.events.put(json.dumps(event).encode())
        kind, answer, ended = self.answers.get(timeout=PATIENCE)
        if kind == "error" or re.search(rb'"itemIdentifier"|"statusCode":[45]', answer):
            raise SystemExit(f"bench: the function failed: {answer.decode()}")
        return (ended - began) * 1000

    def memory(self):
        """Bytes: the most that was resident, what is its own, and how much of that no file backs."""
        rollup, status = (Path(f"/proc/{self.process.pid}/{name}").read_text() for name in ("smaps_rollup", "status"))
        size = lambda text, field: int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M)[1]) * 1024
        private = size(rollup, "Private_Dirty") + size(rollup, "Private_Clean")
        return size(status, "VmHWM"), private, size(status, "RssAnon")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)
        self.events.put(None)  # whoever still serves `next` may go
        self.server.shutdown()
        self.server.server_close()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a process that ends drops its connections
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536  # an answer leaves in one piece
    upstream = None

    def do_GET(self):
        if not self.path.endswith("/invocation/next"):
            return self.reply(200, b"healthy")  # somebody opens a connection before it is needed
        self.sandbox.asked.put(time.perf_counter())
        event = self.sandbox.events.get()
        if event is not None:
            self.reply(200, event, {
                "lambda-runtime-aws-request-id": "bench",
                "lambda-runtime-deadline-ms": int((time.time() + 10) * 1000),
                "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:000000000000:function:bench",
            })

    def do_POST(self):
        at = time.perf_counter()
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if "/runtime/" in self.path:
            self.sandbox.answers.put((self.path.rsplit("/", 1)[1], body, at))
            self.reply(202, b"{}")
        elif self.path.startswith("/meta/"):
            self.sandbox.sent.append(json.loads(body))
            self.reply(200, json.dumps({"messages": [{"id": f"wamid.bench.out.{time.time_ns()}"}]}).encode())
        else:
            self.pass_on(body, at)

    def pass_on(self, body, at):
        time.sleep(0.01)  # so that calls made at once are seen to be
        self.upstream = self.upstream or HTTPConnection(urlsplit(self.sandbox.local.aws).netloc)
        self.upstream.request("POST", self.path, body, dict(self.headers))
        answer = self.upstream.getresponse()
        told = answer.read()
        self.sandbox.calls.append(Call(self.headers["x-amz-target"].split(".")[1], at, time.perf_counter()))
        kept = ("content-type", "x-amz-crc32", "x-amzn-errortype")
        self.reply(answer.status, told, {name: answer.headers[name] for name in kept if name in answer.headers})

    def reply(self, status, body, headers={}):
        self.send_response_only(status)
        for name, value in {"content-type": "application/json", **headers, "content-length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class Local:
    """`local` with the functions of a folder; its data goes with `folder`."""

    def __init__(self, program, binaries, folder):
        self.binaries, self.folder = binaries.resolve(), Path(folder)
        options = ["--port", "0", "--no-watch", "--binaries", self.binaries, "--data", self.folder / "data"]
        log = self.folder / "log"
        self.process = subprocess.Popen([program, *options], stdout=log.open("w"))
        deadline = time.time() + PATIENCE
        while "  AWS" not in log.read_text():
            if self.process.poll() is not None or time.time() > deadline:
                raise SystemExit("bench: local did not start")
            time.sleep(0.05)
        addresses = dict(re.findall(r"^  (\w+) +(http\S+)", log.read_text(), re.M))
        self.home, self.gateway, self.aws = addresses["Home"], addresses["API"], addresses["AWS"]

    def ask(self, path, body=None, method=None):
        body = body and json.dumps(body).encode()
        kind = {"content-type": "application/json"} if body else {}
        request = urllib.request.Request(self.home + path, body, kind, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def units(self, function):
        """Read and write units that the function has used."""
        calls = [call for call in self.ask("/api/state")["aws_calls"] if call["caller"] == function]
        return [sum(call[kind] for call in calls) for kind in ("read_units", "write_units")]

    def copy(self, function):
        """A copy of the binary: pages that processes of `local` map too would not count as private."""
        copy = self.folder / function
        return copy if copy.exists() else Path(shutil.copy(self.binaries / function, copy))

    def start(self, function, event):
        """Has `local` start a process of its own."""
        self.ask(f"/api/functions/{function}/invoke", event)

    def put(self, table, item):
        """A row, from whoever is no function."""
        credential = "Credential=test/20260101/us-east-1/dynamodb/aws4_request"
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amz-date": "20260101T000000Z",
            "x-amz-target": "DynamoDB_20120810.PutItem",
            "authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
        }
        body = json.dumps({"TableName": table, "Item": item}).encode()
        urllib.request.urlopen(urllib.request.Request(self.aws, body, headers), timeout=PATIENCE).close()

    def environment(self, function):
        """That of the process which `local` started."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                parent = int(re.search(r"^PPid:\s+(\d+)", (process / "status").read_text(), re.M)[1])
                if parent == self.process.pid and os.readlink(process / "exe") == str(self.binaries / function):
                    pairs = (process / "environ").read_text().split("\0")
                    return dict(pair.split("=", 1) for pair in pairs if pair)
            except OSError:
                continue  # not ours, or gone
        raise SystemExit(f"bench: local does not run {function}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)
