// The control room's half of the mock: functions, queues, traces and logs that move.
import { randomUUID } from "node:crypto";
import { Refusal } from "./refusal.mjs";

const service = "studio";

function fn(name, logical_id, triggers, extra = {}) {
  return {
    name, service, logical_id, triggers, state: "ready", message: null, instances: 0, in_flight: 0, concurrency: 10, timeout_ms: 10000, memory_mb: 128,
    invocations: 0, cold_starts: 0, errors: 0, timeouts: 0, throttles: 0, last_at: null, duration_ms: { last: null, p50: null, p99: null }, recent_ms: [], ...extra,
  };
}

function queue(name, dlq, consumer) {
  const fifo = name.endsWith(".fifo");
  return { name, fifo, dlq, is_dlq: dlq === null, consumer, visible: 0, in_flight: 0, delayed: 0, oldest_age_ms: null };
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
    fn("sms-received", "SmsReceivedFunction", ["GET /SmsReceived", "POST /SmsReceived"]),
    fn("studio-conversation", "StudioConversationFunction", ["queue StudioInbound.fifo"], { memory_mb: 256, timeout_ms: 30000 }),
    fn("studio-health", "StudioHealthFunction", ["GET /health", "GET /ready"]),
    fn("weekly-cleanup", "WeeklyCleanupFunction", ["schedule WeeklyCleanup"]),
    fn("payments-book", "PaymentsBookFunction", ["queue Payments.fifo"], { service: "payments" }),
    fn("payments-ledger", "PaymentsLedgerFunction", ["GET /api/payments/ledger/{proxy+}"], { service: "payments" }),
  ];
  const queues = [queue("StudioInbound.fifo", "StudioInboundDlq.fifo", "studio-conversation"), queue("StudioInboundDlq.fifo", null, null), queue("StudioEvents", "StudioEventsDlq", "weekly-cleanup"), queue("StudioEventsDlq", null, null), queue("Payments.fifo", "PaymentsDlq.fifo", "payments-book"), queue("PaymentsDlq.fifo", null, null)];
  const messages = new Map(queues.map(({ name }) => [name, []]));
  const calls = new Map();
  const metrics = new Map();
  const schedules = [
    { name: "WeeklyCleanup", expression: "cron(0 4 ? * WED *)", timezone: "UTC", target: "weekly-cleanup", next_at: startedAt + 2.4 * 86_400_000, last_at: null },
    { name: "Heartbeat", expression: "rate(5 minutes)", timezone: "UTC", target: "studio-health", next_at: startedAt + 212_000, last_at: null },
  ];
  const rules = [{ name: "PhotosReady", bus: "confab", pattern: { source: ["studio"], "detail-type": ["photos.ready"] }, targets: ["queue StudioEvents"], matched: 0, failed: 0 }];
  const tables = [{ name: "studio", items: 0 }, { name: "inbox", items: 0 }];
  const buckets = [{ name: "studio-photos", objects: 0 }];
  const traces = new Map();
  const logs = [];

  function snapshot() {
    for (const one of queues) {
      const held = messages.get(one.name);
      for (const state of ["visible", "in_flight", "delayed"]) one[state] = held.filter((message) => message.state === state).length;
      one.oldest_age_ms = held.length > 0 ? now() - Math.min(...held.map(({ sent_at }) => sent_at)) : null;
    }
    return {
      started_at: startedAt, now: now(), clock_offset_ms: offset,
      addresses: { home: "http://127.0.0.1:7070", gateway: "http://127.0.0.1:7071", aws: "http://127.0.0.1:7072" },
      products: [{ name: "studio", title: "Studio", text: "A photo studio in WhatsApp", href: "/phone" }, { name: "payments", title: "Payments", text: "One ledger for every product", href: "/ledger" }],
      functions, queues, rules, schedules, tables, buckets, aws_calls: [...calls.values()], metrics: [...metrics.values()],
    };
  }

  let pending = false;
  function changed() {
    if (pending) return;
    pending = true;
    setTimeout(() => {
      pending = false;
      streams.send("/api/stream", "state", snapshot());
    }, 250).unref();
  }

  function entry(correlation_id, kind, name, text, { ok = true, duration_ms = null, ref = null } = {}) {
    const one = { seq: ++seq, at: now(), correlation_id, kind, name, text, ok, duration_ms, ref };
    traces.set(correlation_id, [...(traces.get(correlation_id) ?? []), one]);
    streams.send("/api/stream", "entry", one);
    changed();
  }

  function log(name, level, text, correlation_id = null, fields = {}) {
    const one = { seq: ++seq, at: now(), function: name, level, text, correlation_id, request_id: randomUUID(), fields };
    logs.push(one);
    streams.send("/api/stream", "log", one);
  }

  function aws(serviceName, operation, read, write) {
    const key = `${serviceName}/${operation}`;
    const one = calls.get(key) ?? { service: serviceName, operation, count: 0, errors: 0, read_units: 0, write_units: 0 };
    one.count += 1;
    one.read_units += read;
    one.write_units += write;
    calls.set(key, one);
  }

  function metric(name, owner) {
    const one = metrics.get(`${name}/${owner}`) ?? { namespace: "Confab", name, function: owner, unit: "Count", total: 0, last_at: 0 };
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

  /** One inbound webhook all the way to the reply; `reply` runs where the worker would send. */
  function conversation(ref, { reply = () => {}, ok = true } = {}) {
    const id = `cor_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
    const inbound = queues[0];
    const took = () => Number((1.5 + Math.random() * 4 + (Math.random() < 0.06 ? 20 : 0)).toFixed(1));
    const accept = took();
    ran("sms-received", accept);
    aws("sqs", "SendMessage", 0, 0);
    metric("InboundAccepted", "sms-received");
    entry(id, "http", "POST /SmsReceived", `202 in ${accept} ms`, { duration_ms: accept, ref });
    log("sms-received", "INFO", "webhook accepted", id, { channel: "meta", messages: 1 });
    const message = { message_id: randomUUID(), group: "16505550100", body: JSON.stringify({ v: 1, type: "inbound", from: "16505550100", text: "hi" }), attributes: { correlation_id: id }, sent_at: now(), receives: 1, state: "in_flight", visible_at: now() + 30_000 };
    messages.get(inbound.name).push(message);
    entry(id, "queue", inbound.name, "sent to group 16505550100", { ref: message.message_id });
    later(60 + Math.random() * 90, () => {
      const work = took() + 4;
      messages.set(inbound.name, messages.get(inbound.name).filter((each) => each !== message));
      ran("studio-conversation", work, ok);
      aws("dynamodb", "PutItem", 0, 2);
      aws("dynamodb", "Query", 0.5, 0);
      tables[0].items += 2;
      tables[1].items += 1;
      entry(id, "queue", inbound.name, "received by studio-conversation, try 1", { duration_ms: now() - message.sent_at, ref: message.message_id });
      if (!ok) {
        log("studio-conversation", "ERROR", "Failed to read the conversation: the item has no version", id, { code: "corrupt_item", receives: 3 });
        entry(id, "function", "studio-conversation", "failed: corrupt_item", { ok: false, duration_ms: work });
        messages.get(inbound.dlq).push({ ...message, message_id: randomUUID(), receives: 3, state: "visible", visible_at: now() });
        return changed();
      }
      metric("Replies", "studio-conversation");
      entry(id, "function", "studio-conversation", `1 message done in ${work} ms`, { duration_ms: work });
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
    if (!one) throw new Refusal(404, "not_found", `There is no ${what} ${name}.`);
    return one;
  }

  if (demo) {
    for (let index = 0; index < 12; index += 1) conversation(`wamid.${index}`);
    conversation("wamid.poison", { ok: false });
    const beat = () => {
      conversation(`wamid.${randomUUID().slice(0, 8)}`, { ok: Math.random() > 0.02 });
      if (Math.random() < 0.2) log("sms-received", "WARN", "signature did not fit, answered 401", null, { ip: "203.0.113.9" });
      timers.push(setTimeout(beat, 1500 + Math.random() * 3000));
    };
    timers.push(setTimeout(beat, 2000));
  }

  return {
    conversation,
    now,
    changed,
    /** A function has done something. */
    ran(name) {
      ran(name, 3);
      changed();
    },
    /** A message that was given up on, for the tests of the queue drawer. */
    poison: () => conversation("wamid.poison", { ok: false }),
    stop: () => timers.forEach(clearTimeout),
    routes: [
      ["GET", /^\/api\/state$/, snapshot],
      ["POST", /^\/api\/clock$/, (_, { advance_ms }) => {
        if (!(advance_ms > 0)) throw new Refusal(400, "bad_step", "advance_ms is a number above 0.");
        offset += advance_ms;
        changed();
        return { now: now(), offset_ms: offset };
      }],
      ["POST", /^\/api\/functions\/([^/]+)\/invoke$/, ([name], event) => {
        find(functions, name, "function");
        ran(name, 2.5);
        changed();
        return { status: "ok", payload: { echoed: event }, duration_ms: 2.5 };
      }],
      ["POST", /^\/api\/functions\/([^/]+)\/kill$/, ([name]) => {
        const one = find(functions, name, "function");
        const killed = one.instances;
        one.instances = 0;
        changed();
        return { killed };
      }],
      ["POST", /^\/api\/schedules\/([^/]+)\/run$/, ([name]) => {
        const one = find(schedules, name, "schedule");
        one.last_at = now();
        ran(one.target, 3);
        const id = `cor_${randomUUID().slice(0, 13).replaceAll("-", "")}`;
        entry(id, "schedule", name, "fired by hand");
        entry(id, "function", one.target, "done in 3.0 ms", { duration_ms: 3 });
      }],
      ["GET", /^\/api\/traces$/, (_, __, query) =>
        [...traces.entries()]
          .map(([correlation_id, entries]) => ({ correlation_id, first_at: entries[0].at, last_at: entries.at(-1).at, entries: entries.length, errors: entries.filter(({ ok }) => !ok).length, title: entries[0].name }))
          .reverse()
          .slice(0, Number(query.get("limit") ?? 50))],
      ["GET", /^\/api\/traces\/([^/]+)$/, ([id]) => traces.get(id) ?? []],
      ["GET", /^\/api\/logs$/, (_, __, query) => logs.slice(-Number(query.get("limit") ?? 200))],
      ["GET", /^\/api\/queues\/([^/]+)\/messages$/, ([name], _, query) => (find(queues, name, "queue"), messages.get(name).slice(0, Number(query.get("limit") ?? 50)))],
      ["POST", /^\/api\/queues\/([^/]+)\/redrive$/, ([name], { message_id }) => {
        find(queues, name, "queue");
        const source = queues.find(({ dlq }) => dlq === name);
        if (!source) throw new Refusal(400, "not_a_dlq", `${name} is no queue's DLQ.`);
        const moved = messages.get(name).filter((each) => !message_id || each.message_id === message_id);
        messages.set(name, messages.get(name).filter((each) => !moved.includes(each)));
        changed();
        return { moved: moved.length };
      }],
      ["DELETE", /^\/api\/queues\/([^/]+)\/messages\/([^/]+)$/, ([name, id]) => {
        find(queues, name, "queue");
        messages.set(name, messages.get(name).filter(({ message_id }) => message_id !== id));
        changed();
        return { deleted: 1 };
      }],
    ],
  };
}
