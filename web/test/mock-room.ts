// The control room's part of the mock: functions, queues, traces and moving logs.
import { randomUUID } from "node:crypto";
import { MockError } from "./mock-error";
import { createMails } from "./mock-mails";

function fn(service, name, triggers, extra = {}) {
  const logical_id = `${name
    .split("-")
    .map((part) => part[0].toUpperCase() + part.slice(1))
    .join("")}Function`;
  return {
    name,
    service,
    logical_id,
    triggers,
    state: "ready",
    message: null,
    instances: 0,
    in_flight: 0,
    concurrency: 10,
    timeout_ms: 10000,
    memory_mb: 128,
    invocations: 0,
    cold_starts: 0,
    errors: 0,
    timeouts: 0,
    throttles: 0,
    last_at: null,
    duration_ms: { last: null, p50: null, p99: null },
    recent_ms: [],
    ...extra,
  };
}

function queue(name, dlq, consumer) {
  const fifo = name.endsWith(".fifo");
  return {
    name,
    fifo,
    dlq,
    is_dlq: dlq === null,
    consumer,
    visible: 0,
    in_flight: 0,
    delayed: 0,
    oldest_age_ms: null,
  };
}

function quantile(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
}

export function createRoom({ streams, demo }) {
  const startedAt = Date.now();
  let offset = 0;
  let seq = 0;
  let timers = [];
  const now = () => Date.now() + offset;

  const functions = [
    fn("carousel", "carousel-conversation", ["queue carousel-inbound.fifo"]),
    fn("studio", "pack-tune-received", ["POST /pack-tune-received"]),
    fn("payments", "payment-received", [
      "POST /payment-received",
      "POST /payment-received/{secret}",
      "POST /api/payments/webhook/",
    ]),
    fn("payments", "payments-book", ["queue Payments.fifo"]),
    fn("payments", "payments-checkout", ["POST /api/payments/checkout/"]),
    fn("payments", "payments-ledger", ["GET /api/payments/ledger/{proxy+}"]),
    fn("payments", "payments-orders", ["GET /api/payments/orders/{id}"]),
    fn("payments", "payments-pay", [
      "GET /api/payments/back",
      "HEAD /api/payments/pay/{offer}",
      "GET /api/payments/pay/{offer}",
    ]),
    fn("payments", "payments-reconcile", ["schedule rate(15 minutes)"]),
    fn("payments", "payments-requests", ["queue confab-payments-requests"]),
    fn("payments", "payments-spend", ["POST /api/payments/spend/"]),
    fn("studio", "sms-received", ["GET /SmsReceived", "POST /SmsReceived"]),
    fn(
      "studio",
      "studio-conversation",
      ["queue StudioInbound.fifo", "queue confab-studio-events"],
      { memory_mb: 256, timeout_ms: 30000 },
    ),
    fn("studio", "studio-erase", ["queue confab-studio-erasing"]),
    fn("studio", "studio-health", [
      "GET /health",
      "GET /ready",
      "GET /studio/health",
      "GET /studio/ready",
    ]),
    fn("studio", "studio-make", ["queue confab-studio-making"]),
    fn("studio", "studio-packs", ["queue confab-studio-drawing"]),
    fn("studio", "studio-photos", ["queue confab-studio-photos"]),
    fn("studio", "studio-ratings", ["GET /api/studio/ratings"]),
    fn("studio", "studio-status", ["queue confab-studio-status"]),
    fn("studio", "studio-sweep", ["schedule rate(5 minutes)"]),
    fn("studio", "weekly-cleanup", ["schedule cron(0 4 ? * WED *)"]),
    fn(null, "tried-out", []),
  ];
  const queues = [
    queue("StudioInbound.fifo", "StudioInboundDlq.fifo", "studio-conversation"),
    queue("StudioInboundDlq.fifo", null, null),
    queue("confab-studio-events", "confab-studio-events-dlq", "studio-conversation"),
    queue("confab-studio-events-dlq", null, null),
    queue("confab-payments-requests", "confab-payments-requests-dlq", "payments-requests"),
    queue("confab-payments-requests-dlq", null, null),
    queue("Payments.fifo", "PaymentsDlq.fifo", "payments-book"),
    queue("PaymentsDlq.fifo", null, null),
  ];
  const messages = new Map(queues.map(({ name }) => [name, []]));
  const calls = new Map();
  const metrics = new Map();
  const schedules = [
    {
      name: "WeeklyCleanup",
      expression: "cron(0 4 ? * WED *)",
      timezone: "UTC",
      target: "weekly-cleanup",
      next_at: startedAt + 2.4 * 86_400_000,
      last_at: null,
    },
    {
      name: "Studio-StudioSweepFunctionEveryFiveMinutes",
      expression: "rate(5 minutes)",
      timezone: "UTC",
      target: "studio-sweep",
      next_at: startedAt + 212_000,
      last_at: startedAt - 88_000,
    },
    {
      name: "Payments-PaymentsReconcileFunctionEveryQuarterHour",
      expression: "rate(15 minutes)",
      timezone: "UTC",
      target: "payments-reconcile",
      next_at: startedAt + 812_000,
      last_at: null,
    },
  ];
  const rule = (name, pattern, targets, counts = {}) => ({
    name,
    bus: "confab",
    pattern,
    targets,
    matched: 0,
    failed: 0,
    ...counts,
  });
  const rules = [
    rule(
      "confab-PaymentsRequestsRule",
      { "detail-type": ["refund_requested", "credit_used"] },
      ["queue confab-payments-requests"],
      { matched: 3 },
    ),
    rule(
      "confab-Studio-PaymentsTellStudioRule",
      {
        detail: { data: { product: ["studio"] } },
        "detail-type": [
          "payment_pending",
          "payment_received",
          "payment_refunded",
          "payment_failed",
        ],
        source: ["confab.payments"],
      },
      ["queue confab-studio-events"],
      { matched: 1204, failed: 2 },
    ),
    rule(
      "confab-LargeOrdersRule",
      {
        "detail-type": ["a", "b", "c", "d", "e"],
        detail: {
          data: {
            amount: [{ numeric: [">=", 10000, "<", 50000] }],
            country: [{ "anything-but": ["DE", "AT"] }],
            coupon: [{ exists: false }],
          },
        },
      },
      ["function payments-spend", "queue confab-payments-requests"],
    ),
    rule("confab-EverythingRule", { source: [{ prefix: "confab." }] }, ["function tried-out"]),
  ];
  const tables = [
    { name: "studio", items: 0 },
    { name: "inbox", items: 0 },
  ];
  const buckets = [{ name: "studio-photos", objects: 0 }];
  const traces = new Map();
  const logs = [];

  function snapshot() {
    for (const one of queues) {
      const held = messages.get(one.name);
      for (const state of ["visible", "in_flight", "delayed"])
        one[state] = held.filter((message) => message.state === state).length;
      one.oldest_age_ms =
        held.length > 0 ? now() - Math.min(...held.map(({ sent_at }) => sent_at)) : null;
    }
    return {
      started_at: startedAt,
      now: now(),
      clock_offset_ms: offset,
      addresses: {
        home: "http://127.0.0.1:7070",
        gateway: "http://127.0.0.1:7071",
        aws: "http://127.0.0.1:7072",
      },
      sites: [],
      products: [
        {
          name: "studio",
          title: "Studio",
          text: "A photo studio in WhatsApp",
          href: "/phone",
          pages: [{ title: "Packs", href: "/packs" }],
        },
        {
          name: "payments",
          title: "Payments",
          text: "One ledger for every product",
          href: "/ledger",
          pages: [],
        },
      ],
      functions,
      queues,
      rules,
      schedules,
      tables,
      buckets,
      mails: mails.stats(),
      tenant_violations: violations,
      aws_calls: [...calls.values()],
      metrics: [...metrics.values()],
    };
  }

  const mails = createMails({ changed, now });
  const violations = [];

  let pending = false;
  function changed() {
    if (pending) return;
    pending = true;
    setTimeout(() => {
      pending = false;
      streams.send("/api/stream", "state", snapshot());
    }, 250).unref();
  }

  function entry(
    correlation_id,
    kind,
    name,
    text,
    { ok = true, duration_ms = null, ref = null } = {},
  ) {
    const one = { seq: ++seq, at: now(), correlation_id, kind, name, text, ok, duration_ms, ref };
    traces.set(correlation_id, [...(traces.get(correlation_id) ?? []), one]);
    streams.send("/api/stream", "entry", one);
    changed();
  }

  function log(name, level, text, correlation_id = null, fields = {}) {
    const one = {
      seq: ++seq,
      at: now(),
      function: name,
      level,
      text,
      correlation_id,
      request_id: randomUUID(),
      fields,
    };
    logs.push(one);
    streams.send("/api/stream", "log", one);
  }

  function aws(
    caller,
    service,
    operation,
    { count = 1, errors = 0, conditions = 0, read = 0, write = 0 } = {},
  ) {
    const key = `${service}/${operation}/${caller}`;
    const one = calls.get(key) ?? {
      service,
      operation,
      caller,
      count: 0,
      errors: 0,
      conditions: 0,
      read_units: 0,
      write_units: 0,
    };
    one.count += count;
    one.errors += errors + conditions;
    one.conditions += conditions;
    one.read_units += read;
    one.write_units += write;
    calls.set(key, one);
  }

  /** AWS calls of a busy morning: many callers, and expected failures. Idempotent. */
  function busy() {
    const several = [
      "studio-conversation",
      "studio-photos",
      "studio-make",
      "studio-packs",
      "studio-status",
      "studio-erase",
    ];
    for (const [index, name] of several.entries()) {
      functions.find((one) => one.name === name).invocations ||= 10;
      if (calls.has(`dynamodb/UpdateItem/${name}`)) continue;
      aws(name, "dynamodb", "UpdateItem", {
        count: 40 - index,
        conditions: index === 0 ? 17 : 1,
        write: 51 - index,
      });
      aws(name, "dynamodb", "BatchGetItem", { count: 20, read: 48.5 });
      aws(name, "dynamodb", "TransactWriteItems", {
        count: 12,
        write: 240,
        errors: index === 2 ? 2 : 0,
      });
      aws(name, "s3", "PUT", { count: 9 });
      aws(name, "s3", "HEAD", { count: 16, conditions: 15 });
      aws(name, "ssm", "GetParameters", { count: 2 });
      aws(name, "events", "PutEvents", { count: 3 });
    }
    if (!calls.has("s3/GET/outside")) aws("outside", "s3", "GET", { count: 500 });
    changed();
  }

  function metric(name, owner) {
    const one = metrics.get(`${name}/${owner}`) ?? {
      namespace: "Confab",
      name,
      function: owner,
      unit: "Count",
      total: 0,
      last_at: 0,
    };
    one.total += 1;
    one.last_at = now();
    metrics.set(`${name}/${owner}`, one);
  }

  function ran(name, took, ok = true) {
    const one = functions.find((each) => each.name === name);
    if (one.instances === 0) {
      one.instances = 1;
      one.cold_starts += 1;
    }
    one.invocations += 1;
    one.errors += ok ? 0 : 1;
    one.last_at = now();
    one.recent_ms = [...one.recent_ms, took].slice(-50);
    const sorted = one.recent_ms.toSorted((a, b) => a - b);
    one.duration_ms = { last: took, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  }

  /** One inbound webhook through to the reply; `reply` runs where the worker would send. */
  function conversation(ref, { reply = () => {}, ok = true } = {}) {
    const id = `cor_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
    const inbound = queues[0];
    const took = () =>
      Number((1.5 + Math.random() * 4 + (Math.random() < 0.06 ? 20 : 0)).toFixed(1));
    const accept = took();
    ran("sms-received", accept);
    aws("sms-received", "sqs", "SendMessageBatch");
    metric("InboundAccepted", "sms-received");
    entry(id, "http", "POST /SmsReceived", `202 in ${accept} ms`, { duration_ms: accept, ref });
    log("sms-received", "INFO", "webhook accepted", id, { channel: "meta", messages: 1 });
    const message = {
      message_id: randomUUID(),
      group: "16505550100",
      body: JSON.stringify({ v: 1, type: "inbound", from: "16505550100", text: "hi" }),
      attributes: { correlation_id: id },
      sent_at: now(),
      receives: 1,
      state: "in_flight",
      visible_at: now() + 30_000,
    };
    messages.get(inbound.name).push(message);
    entry(id, "queue", inbound.name, "sent to group 16505550100", { ref: message.message_id });
    later(60 + Math.random() * 90, () => {
      const work = took() + 4;
      messages.set(
        inbound.name,
        messages.get(inbound.name).filter((each) => each !== message),
      );
      ran("studio-conversation", work, ok);
      aws("studio-conversation", "dynamodb", "PutItem", { write: 2 });
      aws("studio-conversation", "dynamodb", "Query", { read: 0.5 });
      tables[0].items += 2;
      tables[1].items += 1;
      entry(id, "queue", inbound.name, "received by studio-conversation, try 1", {
        duration_ms: now() - message.sent_at,
        ref: message.message_id,
      });
      if (!ok) {
        log(
          "studio-conversation",
          "ERROR",
          "Failed to read the conversation: the item has no version",
          id,
          { code: "corrupt_item", receives: 3 },
        );
        entry(id, "function", "studio-conversation", "failed: corrupt_item", {
          ok: false,
          duration_ms: work,
        });
        messages.get(inbound.dlq).push({
          ...message,
          message_id: randomUUID(),
          receives: 3,
          state: "visible",
          visible_at: now(),
        });
        return changed();
      }
      metric("Replies", "studio-conversation");
      entry(id, "function", "studio-conversation", `1 message done in ${work} ms`, {
        duration_ms: work,
      });
      log("studio-conversation", "INFO", "answered", id, { replies: 1, language: "en" });
      reply();
      entry(id, "provider", "meta", "POST /messages 200", { duration_ms: took(), ref });
    });
  }

  function later(ms, work) {
    timers.push(setTimeout(work, ms));
    timers = timers.slice(-200);
  }

  function find(list, name, what) {
    const one = list.find((each) => each.name === name);
    if (!one) throw new MockError(404, "not_found", `There is no ${what} ${name}.`);
    return one;
  }

  if (demo) {
    busy();
    for (let index = 0; index < 12; index += 1) conversation(`wamid.${index}`);
    conversation("wamid.poison", { ok: false });
    const beat = () => {
      conversation(`wamid.${randomUUID().slice(0, 8)}`, { ok: Math.random() > 0.02 });
      if (Math.random() < 0.2)
        log("sms-received", "WARN", "signature did not fit, answered 401", null, {
          ip: "203.0.113.9",
        });
      timers.push(setTimeout(beat, 1500 + Math.random() * 3000));
    };
    timers.push(setTimeout(beat, 2000));
  }

  return {
    conversation,
    now,
    changed,
    busy,
    /** Simulates an invocation. */
    ran(name) {
      ran(name, 3);
      changed();
    },
    mails,
    /** Adds an invocation that touched keys of two tenants. Returns what removes it. */
    mixTenants(name) {
      violations.push({
        function: name,
        invocation: "1-65f0a0c1-5f84b1d3",
        tenants: ["ten_a", "ten_b"],
        first: "dynamodb Query studio",
        second: "s3 GET studio-photos",
        at: now(),
      });
      changed();
      return () => {
        violations.length = 0;
        changed();
      };
    },
    /** Adds a dead letter, for the tests of the queue drawer. */
    poison: () => conversation("wamid.poison", { ok: false }),
    stop: () => timers.forEach(clearTimeout),
    routes: [
      ...mails.routes,
      ["GET", /^\/api\/state$/, snapshot],
      [
        "POST",
        /^\/api\/clock$/,
        (_, { advance_ms }) => {
          if (!(advance_ms > 0))
            throw new MockError(400, "bad_step", "advance_ms is a number above 0.");
          offset += advance_ms;
          changed();
          return { now: now(), offset_ms: offset };
        },
      ],
      [
        "POST",
        /^\/api\/functions\/([^/]+)\/invoke$/,
        ([name], event) => {
          find(functions, name, "function");
          ran(name, 2.5);
          changed();
          return { status: "ok", payload: { echoed: event }, duration_ms: 2.5 };
        },
      ],
      [
        "POST",
        /^\/api\/functions\/([^/]+)\/kill$/,
        ([name]) => {
          const one = find(functions, name, "function");
          const killed = one.instances;
          one.instances = 0;
          changed();
          return { killed };
        },
      ],
      [
        "POST",
        /^\/api\/schedules\/([^/]+)\/run$/,
        ([name]) => {
          const one = find(schedules, name, "schedule");
          one.last_at = now();
          ran(one.target, 3);
          const id = `cor_${randomUUID().slice(0, 13).replaceAll("-", "")}`;
          entry(id, "schedule", name, "fired by hand");
          entry(id, "function", one.target, "done in 3.0 ms", { duration_ms: 3 });
        },
      ],
      [
        "GET",
        /^\/api\/traces$/,
        (_, __, query) =>
          [...traces.entries()]
            .map(([correlation_id, entries]) => ({
              correlation_id,
              first_at: entries[0].at,
              last_at: entries.at(-1).at,
              entries: entries.length,
              errors: entries.filter(({ ok }) => !ok).length,
              title: entries[0].name,
            }))
            .reverse()
            .slice(0, Number(query.get("limit") ?? 50)),
      ],
      ["GET", /^\/api\/traces\/([^/]+)$/, ([id]) => traces.get(id) ?? []],
      ["GET", /^\/api\/logs$/, (_, __, query) => logs.slice(-Number(query.get("limit") ?? 200))],
      [
        "GET",
        /^\/api\/queues\/([^/]+)\/messages$/,
        ([name], _, query) => {
          find(queues, name, "queue");
          return messages.get(name).slice(0, Number(query.get("limit") ?? 50));
        },
      ],
      [
        "POST",
        /^\/api\/queues\/([^/]+)\/redrive$/,
        ([name], { message_id }) => {
          find(queues, name, "queue");
          const source = queues.find(({ dlq }) => dlq === name);
          if (!source) throw new MockError(400, "not_a_dlq", `${name} is no queue's DLQ.`);
          const moved = messages
            .get(name)
            .filter((each) => !message_id || each.message_id === message_id);
          messages.set(
            name,
            messages.get(name).filter((each) => !moved.includes(each)),
          );
          changed();
          return { moved: moved.length };
        },
      ],
      [
        "DELETE",
        /^\/api\/queues\/([^/]+)\/messages\/([^/]+)$/,
        ([name, id]) => {
          find(queues, name, "queue");
          messages.set(
            name,
            messages.get(name).filter(({ message_id }) => message_id !== id),
          );
          changed();
          return { deleted: 1 };
        },
      ],
    ],
  };
}
