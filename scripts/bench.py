"""Measures the functions and prints Markdown tables. Run it with `scripts/bench`; see docs/BENCHMARKS.md.

`local` is the cloud: tables, queues, secrets, and the count of capacity. What is measured runs in a sandbox of its own.
"""

import argparse
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from sandbox import Local, Sandbox
from sizes import zipped
from visit import Visit, opened

SAMPLES = {
    "sms-received": "sms-received.text",
    "studio-conversation": "studio-conversation.text",
    "studio-status": "studio-status.delivered",
    "studio-health": "studio-health.ready",
}
STARTS, INVOCATIONS = 20, 200
PEOPLE = (1, 20)
LONGEST = 360  # seconds for all of it


def sample(name):
    return json.loads(Path(f"events/studio/{name}.json").read_text())


def job(function, change):
    """The worker's event, with its body as `change` makes it of the sample's."""
    event = sample(SAMPLES[function])
    record = event["Records"][0]
    record["body"] = json.dumps(change(json.loads(record["body"])))
    return event


def message(number, person, **content):
    someone = {"phone": f"1650555{person:04}", "scoped_id": f"US.1349120865530274{person:04}"}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())  # what was written long ago is not answered freely
    one = {"id": f"wamid.bench.{person}.{number}", "sent_at": now, **content}

    def change(body):
        sent = body["message"]
        return body | {"message": sent | one | {"from": sent["from"] | {"person": someone}}}

    return job("studio-conversation", change)


def photo(number, person):
    return message(number, person, content={"type": "media", "items": [{"source": "1", "mime_type": "image/jpeg"}]})


def pack():
    """What is on the shelf: a studio without packs asks for them all the time."""
    text, number = (lambda text: {"S": text}), (lambda number: {"N": str(number)})
    return {"pk": text("PACKS"), "sk": text("PACK#1"), "id": number(1), "slug": text("city-lite"),
            "title": text("City"), "refresh": text("evt_01m7ym613fe0yvvhrd4bj8893d"),
            "images": {"M": {"woman": number(4)}}, "sheets": {"M": {}}}


def reaction(number, person):
    """What the studio does not answer: a copy of it is known as done after one call."""
    return message(number, person, content={"type": "reaction", "message_id": "wamid.bench.out", "emoji": "👍"})


def delivered(sandbox):
    """What the provider tells of the last message that the sandbox's process sent."""
    names = ("user_id", "effect_id", "correlation_id")
    reference = dict(zip(names, sandbox.sent[-1]["biz_opaque_callback_data"].split()))
    return job("studio-status", lambda body: body | {"status": body["status"] | {"reference": reference}})


def typical(function, number):
    """The same work each time: the next message of one person, or what is verified and read in full."""
    return message(number, 1) if function == "studio-conversation" else sample(SAMPLES[function])


def depth(calls):
    """The longest chain of calls of which each began after the one before had ended."""
    deepest = {}
    for call in sorted(calls, key=lambda call: call.began):
        before = [deep for earlier, deep in deepest.items() if earlier.ended <= call.began]
        deepest[call] = max(before, default=0) + 1
    return max(deepest.values(), default=0)


def calls_and_capacity(local):
    yield ["function", "what comes", "AWS calls", "in a row", "read units", "write units", "messages sent"]

    def row(function, what, sandbox, event=None):
        sent, before = len(sandbox.sent), local.units(function)
        if event:
            sandbox.calls.clear()
            sandbox.invoke(event)
        read, write = (after - before for after, before in zip(local.units(function), before))
        calls = f"{len(sandbox.calls)}: {', '.join(call.operation for call in sandbox.calls)}"
        return [function, what, calls, depth(sandbox.calls), f"{read:g}", f"{write:g}", len(sandbox.sent) - sent]

    with Sandbox(local, "sms-received") as webhook:
        yield row("sms-received", "(a start)", webhook)
        yield row("sms-received", "a message", webhook, sample("sms-received.text"))
        yield row("sms-received", "a status", webhook, sample("sms-received.status"))
    worker = "studio-conversation"
    with Sandbox(local, worker) as sandbox:
        yield row(worker, "(a start)", sandbox)
        yield row(worker, "a person's first message", sandbox, message(0, 2))
        yield row(worker, "the next, same process", sandbox, message(1, 2))
        yield row(worker, "a copy of it", sandbox, message(1, 2))
        yield row(worker, "a photo", sandbox, photo(3, 2))
        status = delivered(sandbox)
    with Sandbox(local, worker) as sandbox:
        yield row(worker, "the next, new process", sandbox, message(2, 2))
    with Sandbox(local, "studio-status") as sandbox:
        yield row("studio-status", "a status", sandbox, status)
        yield row("studio-status", "a copy of it", sandbox, status)
    with Sandbox(local, "studio-health") as sandbox:
        yield row("studio-health", "ready?", sandbox, sample("studio-health.ready"))


def spent(local):
    """How much each function, and each provider, has done since `local` began."""
    state, total = local.ask("/api/state"), Counter()
    for function in state["functions"]:
        total[function["name"], "runs"] += function["invocations"]
    for call in state["aws_calls"]:
        for kind in ("count", "read_units", "write_units"):
            total[call["caller"], kind] += call[kind]
    for asked in state["provider_calls"]:
        total[asked["provider"], "count"] += asked["count"]
    return total


def orders(local):
    kinds = {"runs": "runs", "count": "calls", "read_units": "read units", "write_units": "write units"}
    yield ["of", *(f"{name}, {people} at once" for name in kinds.values() for people in PEOPLE)]
    opened(local)
    costs = []
    for people in PEOPLE:
        before = spent(local)
        visits = [Visit(local, f"Person {number}") for number in range(people)]
        with ThreadPoolExecutor(people) as pool:
            list(pool.map(Visit.whole, visits))
        time.sleep(5)  # the last statuses and receipts
        costs.append(Counter({what: (total - before[what]) / people for what, total in spent(local).items()}))
    names = sorted({name for name, _ in costs[-1]} - {"outside"})
    for name in names:
        row = [cost[name, kind] for kind in kinds for cost in costs]
        if any(row):
            yield [name, *(f"{value:.3g}" for value in row)]
    yield ["all", *(f"{sum(cost[name, kind] for name in names):.3g}" for kind in kinds for cost in costs)]


def executed(local, function, events):
    """Instructions of a process from its start to its end."""
    with tempfile.NamedTemporaryFile(dir=local.folder) as out:
        callgrind = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out.name}"]
        with Sandbox(local, function, under=callgrind) as sandbox:
            for event in events:
                sandbox.invoke(event)
        return int(re.search(r"^(?:summary|totals): (\d+)", Path(out.name).read_text(), re.M)[1])


def instructions(local):
    yield ["function", "start", "start and first AWS call", "start and first message", "each further message"]
    numbers = count(10_000)
    for function in SAMPLES:
        with Sandbox(local, function) as before:
            before.invoke(typical(function, next(numbers)))  # from now on the person is known
            if function == "studio-conversation":
                before.invoke(reaction(0, 1))
        start, first, third = (
            executed(local, function, [typical(function, next(numbers)) for _ in range(messages)])
            for messages in (0, 1, 3)
        )
        # For the others a message is one call; for this one a copy of what was not answered is.
        call = executed(local, function, [reaction(0, 1)]) if function == "studio-conversation" else first
        yield [function, *(f"{number / 1e6:.2f} M" for number in (start, call, first, (third - first) / 2))]


def time_and_space(local):
    yield ["function", "spawn to ready", "warm invocation", "peak memory", "private", "anonymous", "binary", "zip"]
    for function in SAMPLES:
        starts = []
        for _ in range(STARTS):
            with Sandbox(local, function, local.aws) as sandbox:
                starts.append(sandbox.ready_ms)
        with Sandbox(local, function, local.aws) as sandbox:
            warm = [sandbox.invoke(typical(function, number)) for number in range(INVOCATIONS)][1:]
            memory = sandbox.memory()
        binary = local.copy(function)
        sizes = (f"{size / 1e6:.2f} MB" for size in (*memory, binary.stat().st_size, zipped(binary)))
        yield [function, spread(starts), spread(warm), *sizes]


def spread(values):
    median = statistics.median(values)
    return f"{median:.1f} ms ({min(values) / median:.1f} to {max(values) / median:.1f})"


def table(title, rows):
    print(f"\n### {title}\n")
    for number, row in enumerate(rows):
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
        if number == 0:
            print("|---" * len(row) + "|")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--local", type=Path, default=Path("target/debug/local"))
    options.add_argument("--binaries", type=Path, default=Path("target/release"))
    options.add_argument("--bins", action="store_true", help="only say what cargo has to build")
    options = options.parse_args()
    if options.bins:
        return print(*(f"--bin {function}" for function in SAMPLES))
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, lambda number, _: sys.exit(f"bench: stopped by {signal.Signals(number).name}"))
    signal.alarm(LONGEST)
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    print(f"`scripts/bench`, {os.cpu_count()} cores, {platform.machine()}, Rust {rust}")
    # What is counted here is the same for every build.
    with tempfile.TemporaryDirectory() as folder, Local(options.local, options.local.parent, folder) as local:
        table("A whole order, per person", orders(local))
    with tempfile.TemporaryDirectory() as folder, Local(options.local, options.binaries, folder) as local:
        local.put("confab-Studio-StudioTable", pack())
        for function, name in SAMPLES.items():
            local.start(function, sample(name))
        table("Calls and capacity", calls_and_capacity(local))
        table("Instructions", instructions(local))
        table(f"Time and space, {STARTS} starts and {INVOCATIONS} invocations", time_and_space(local))


if __name__ == "__main__":
    main()
