// Parts of the console that need no browser: sessions, lists, threads, suggestions and words.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keyOf } from "../desk/bots/form-keys";
import { contrast, parseColor, themeOf } from "../desk/bots/theme";
import { Inbox, listKey, shows } from "../desk/inbox/inbox";
import { ListOrder } from "../desk/inbox/list-order";
import { snoozeTimes } from "../desk/inbox/snooze-times";
import { fillCanned, findTrigger, suggestCanned, suggestMembers } from "../desk/inbox/suggestions";
import { threadItems } from "../desk/inbox/thread-items";
import { toOrigin } from "../desk/origins";
import { assignableRoles, may } from "../desk/permissions";
import { filterOptions } from "../desk/picker";
import { Problem, problemOf } from "../desk/problem";
import { Session } from "../desk/session";
import { changesBetween, initials, sentence } from "../desk/words";
import type { Loose } from "./mock-types";

const minute = 60_000;

const head = (id: string, more: Loose = {}): Loose => ({
  id,
  status: "open",
  assignee: null,
  team: null,
  priority: "normal",
  tags: [],
  visitor: { id: "vis_1", name: null, is_verified: false, is_blocked: false },
  subject: "",
  last_at: "2026-11-30T12:00:00Z",
  last_visitor_seq: 1,
  unread: 0,
  mentions: [],
  prechat: {},
  snooze_until: null,
  version: 1,
  ...more,
});

describe("sessions", () => {
  const info = (more: Loose = {}): Loose => ({
    access_token: "one",
    expires_in: 600,
    user: { id: "usr_1", email: "dana@lumen.example", name: "Dana" },
    tenant_id: "ten_1",
    role: "agent",
    tenants: [{ id: "ten_1", name: "Lumen", role: "agent" }],
    ...more,
  });

  /** A session whose calls are answered by `answer`. */
  function setUp(answer: Loose) {
    const calls = [];
    const told = [];
    const channel: Loose = { postMessage: (notice) => told.push(notice), onmessage: null };
    const lock = { before: () => {} };
    let now = 1_000_000;
    let reloads = 0;
    const session = new Session({
      now: () => now,
      send: async (_method, path, options) => {
        calls.push([path, options.body]);
        return answer(path, options.body);
      },
      exclusively: async (work) => {
        lock.before();
        return work();
      },
      channel,
      reload: () => (reloads += 1),
    });
    return {
      session,
      calls,
      told,
      channel,
      lock,
      pass: (ms) => (now += ms),
      reloads: () => reloads,
    };
  }

  test("a token is renewed shortly before its end, once for all calls that wait", async () => {
    let count = 0;
    const { session, calls, pass } = setUp(async () => info({ access_token: `token-${++count}` }));
    session.adopt(info());
    assert.equal(await session.token(), "one");
    pass(575_000);
    assert.deepEqual(await Promise.all([session.token(), session.token()]), ["token-1", "token-1"]);
    assert.deepEqual(calls, [["/auth/refresh", { tenant_id: "ten_1" }]]);
  });

  test("a refused token is renewed unless another call has renewed it", async () => {
    const { session, calls } = setUp(async () => info({ access_token: "two" }));
    session.adopt(info());
    assert.equal((await session.refresh("one")).access_token, "two");
    assert.equal((await session.refresh("one")).access_token, "two");
    assert.equal(calls.length, 1);
  });

  test("a tab takes the session that another tab has renewed while it waited", async () => {
    const { session, calls, channel, lock, pass } = setUp(async () =>
      info({ access_token: "own" }),
    );
    session.adopt(info());
    pass(600_000);
    lock.before = () => {
      pass(10);
      const shared = info({ access_token: "shared" });
      channel.onmessage({ data: { type: "session", info: shared, at: 0 } });
    };
    assert.equal(await session.token(), "shared");
    assert.deepEqual(calls, []);
  });

  test("an expired session ends with its reason, and an unreachable server ends nothing", async () => {
    const answers = [
      new Problem(0, "unreachable", "No answer."),
      new Problem(401, "session_reused", "Reused."),
    ];
    const { session } = setUp(async () => {
      throw answers.shift();
    });
    session.adopt(info());
    await assert.rejects(session.refresh(), /No answer/);
    assert.equal(session.state, "signed-in");
    await assert.rejects(session.refresh(), /Reused/);
    assert.equal(session.state, "signed-out");
    assert.match(session.problem, /another device/);
  });

  test("a person who left the workspace goes on in another one", async () => {
    const { session, calls } = setUp(async (_path, body) => {
      if (body.tenant_id) throw new Problem(404, "workspace_not_found", "None.");
      return info({ tenant_id: "ten_2" });
    });
    session.adopt(info());
    assert.equal((await session.refresh()).tenant_id, "ten_2");
    assert.equal(calls.length, 2);
  });

  test("tabs hear of sign-outs, and start over when another person signs in", () => {
    const { session, channel, reloads } = setUp(async () => info());
    session.adopt(info());
    channel.onmessage({ data: { type: "session", info: info({ access_token: "new" }), at: 1 } });
    assert.equal(session.info.access_token, "new");
    const elsewhere = info({ tenant_id: "ten_2", access_token: "other" });
    channel.onmessage({ data: { type: "session", info: elsewhere, at: 2 } });
    assert.equal(session.info.access_token, "new", "a tab keeps its own workspace");
    const other = info({ user: { id: "usr_2" } });
    channel.onmessage({ data: { type: "session", info: other, at: 3 } });
    assert.equal(reloads(), 1);
    channel.onmessage({ data: { type: "signed-out" } });
    assert.equal(session.state, "signed-out");
  });
});

describe("lists of the inbox", () => {
  const inbox = (answer: Loose = async () => ({ items: [], next: null })) =>
    new Inbox({ get: answer } as Loose, "me");

  test("views show what the server's views show", () => {
    assert.ok(shows("mine", head("a", { assignee: "me" }), "me"));
    assert.ok(!shows("mine", head("a", { assignee: "me", status: "snoozed" }), "me"));
    assert.ok(shows("unassigned", head("a"), "me"));
    assert.ok(shows("all", head("a", { assignee: "other" }), "me"));
    assert.ok(shows("mentions", head("a", { mentions: ["me"], status: "closed" }), "me"));
    assert.ok(shows("bot", head("a", { status: "bot" }), "me"));
  });

  test("the newest comes first, and equal moments are ordered by id", () => {
    const early = listKey({ id: "b", last_at: "2026-11-30T12:00:01Z" });
    const late = listKey({ id: "a", last_at: "2026-11-30T12:00:19Z" });
    assert.ok(late > early);
    assert.ok(
      listKey({ id: "b", last_at: "2026-11-30T12:00:09Z" }) >
        listKey({ id: "a", last_at: "2026-11-30T12:00:01Z" }),
    );
  });

  test("an older version of a head is ignored", () => {
    const store = inbox();
    store.take(head("a", { version: 3, subject: "new" }));
    store.take(head("a", { version: 2, subject: "old" }));
    assert.equal(store.head("a").subject, "new");
  });

  test("conversations below the loaded pages wait for their page", async () => {
    const at = (index) => `2026-11-30T12:${String(59 - index).padStart(2, "0")}:00Z`;
    const items = [0, 1, 2, 3].map((index) => head(`c${index}`, { last_at: at(index) }));
    const pages = [
      { items: items.slice(0, 2), next: "more" },
      { items: items.slice(2), next: null },
    ];
    const store = inbox(async () => pages.shift());
    const list = store.list("all");
    store.want(list);
    await new Promise((resolve) => setTimeout(resolve));
    store.take(items[3]);
    assert.deepEqual(
      store.rows(list).map(({ id }) => id),
      ["c0", "c1"],
    );
    assert.deepEqual(store.count("all"), { count: 2, more: true });
    await store.loadMore(list);
    assert.deepEqual(
      store.rows(list).map(({ id }) => id),
      ["c0", "c1", "c2", "c3"],
    );
    assert.deepEqual(store.count("all"), { count: 4, more: false });
  });

  test("a reload forgets conversations that left a view unseen, and keeps those that just came", async () => {
    const answers = [
      { items: [head("a"), head("b")], next: null },
      { items: [head("a")], next: null },
    ];
    let during = () => {};
    const store = inbox(async () => {
      during();
      return answers.shift();
    });
    const list = store.list("unassigned");
    store.want(list);
    await new Promise((resolve) => setTimeout(resolve));
    during = () => store.take(head("c", { last_at: "2026-11-30T13:00:00Z" }));
    await store.reload();
    assert.deepEqual(
      store.rows(list).map(({ id }) => id),
      ["c", "a"],
    );
  });

  test("what was read here is not unread before the server knows", () => {
    const store = inbox();
    const unread = head("a", { unread: 2, last_visitor_seq: 7 });
    store.take(unread);
    assert.equal(store.unread(unread), 2);
    store.markRead("a", 7);
    assert.equal(store.unread(unread), 0);
    assert.equal(store.unread({ ...unread, last_visitor_seq: 8 }), 2);
  });
});

describe("the order of the list", () => {
  test("it rests while it is frozen, counts what came, and catches up", () => {
    const order = new ListOrder();
    order.update(["a", "b"], null);
    order.freeze();
    order.update(["c", "b", "a"], null);
    assert.deepEqual(
      order.rows.map(({ id }) => id),
      ["a", "b"],
    );
    assert.equal(order.fresh, 1);
    order.release();
    assert.deepEqual(
      order.rows.map(({ id }) => id),
      ["c", "b", "a"],
    );
    assert.equal(order.fresh, 0);
  });

  test("an empty list takes rows even under the pointer", () => {
    const order = new ListOrder();
    order.freeze();
    order.update(["a"], null);
    assert.equal(order.length, 1);
  });

  test("the open conversation keeps its place when it leaves the view", () => {
    const order = new ListOrder();
    order.update(["a", "b", "c"], "b");
    order.update(["a", "c"], "b");
    assert.deepEqual(order.rows, [
      { id: "a", isGone: false },
      { id: "b", isGone: true },
      { id: "c", isGone: false },
    ]);
    assert.equal(order.after("b", 1), "c");
    assert.equal(order.after("b", -1), "a");
    order.update(["a", "c"], "c");
    assert.deepEqual(
      order.rows.map(({ id }) => id),
      ["a", "c"],
    );
  });

  test("the next one of none is the first, and after the last there is none", () => {
    const order = new ListOrder();
    order.update(["a", "b"], null);
    assert.equal(order.after(null, 1), "a");
    assert.equal(order.after("b", 1), null);
    assert.equal(new ListOrder().after(null, 1), null);
  });
});

describe("threads", () => {
  const message = (seq: number, user_id: string, at: number, more: Loose = {}): Loose => ({
    seq,
    user_id,
    at: new Date(at).toISOString(),
    kind: "message",
    ...more,
  });
  const noon = new Date(2026, 10, 30, 12).getTime();

  test("messages are grouped by author and time, and days are named", () => {
    const items = threadItems(
      [
        message(1, "v", noon),
        message(2, "v", noon + minute),
        message(3, "v", noon + 10 * minute),
        message(4, "v", noon + 11 * minute, { kind: "event" }),
        message(5, "v", noon + 11 * minute),
        message(6, "v", noon + 24 * 60 * minute),
      ],
      [],
      "me",
      0,
    );
    const words = items.map((item) =>
      item.type === "message" ? `${item.key}${item.isFirst ? "!" : ""}` : item.type,
    );
    assert.deepEqual(words, ["day", "1!", "2", "3!", "event", "5!", "day", "6!"]);
  });

  test("the first unread message and what is being sent have their rows", () => {
    const pending: Loose = [{ client_msg_id: "x", at: noon, is_note: false, text: "Hi" }];
    const items = threadItems([message(1, "v", noon), message(2, "v", noon)], pending, "me", 2);
    assert.deepEqual(items.map(({ key }) => key).slice(1), ["1", "new", "2", "x"]);
  });
});

describe("the composer", () => {
  const canned: Loose = [
    { shortcut: "shipping", text: "Two days" },
    { shortcut: "return", text: "About shipping back" },
  ];

  test("a slash or an @ that begins a word offers something", () => {
    assert.deepEqual(findTrigger("/sh", 3, false), { kind: "canned", at: 0, typed: "sh" });
    assert.deepEqual(findTrigger("Hi /sh and", 6, false), { kind: "canned", at: 3, typed: "sh" });
    assert.equal(findTrigger("https://x", 9, false), null);
    assert.equal(findTrigger("@da", 3, false), null, "replies mention no one");
    assert.deepEqual(findTrigger("ask @da", 7, true), { kind: "mention", at: 4, typed: "da" });
    assert.equal(findTrigger("a@da", 4, true), null);
  });

  test("canned replies are found by shortcut first, then by text", () => {
    assert.deepEqual(
      suggestCanned(canned, "sh").map(({ id }) => id),
      ["shipping", "return"],
    );
    assert.deepEqual(suggestCanned(canned, "zzz"), []);
  });

  test("agents are found by any part of their name; viewers and oneself are not", () => {
    const members: Loose = [
      { user_id: "1", name: "Dana Levi", email: "d@x", role: "owner" },
      { user_id: "2", name: "Ben Okafor", email: "b@x", role: "agent" },
      { user_id: "3", name: "Noa Levi", email: "n@x", role: "viewer" },
      { user_id: "4", name: null, email: null, role: "agent" },
    ];
    assert.deepEqual(
      suggestMembers(members, "oka", "1").map(({ id }) => id),
      ["2"],
    );
    assert.deepEqual(
      suggestMembers(members, "lev", "2").map(({ id }) => id),
      ["1"],
    );
  });

  test("placeholders are filled in, and unknown braces stay", () => {
    const text = "Hi {{visitor.name}}, {{ agent.name }} of {{workspace.name}} {{x}}";
    const named = head("a", { visitor: { name: "Amelia Hart" } });
    assert.equal(fillCanned(text, named, "Dana", "Lumen"), "Hi Amelia, Dana of Lumen {{x}}");
    assert.match(fillCanned(text, head("a"), "Dana", "Lumen"), /^Hi there/);
  });
});

describe("words", () => {
  const names = { person: (id) => (id === "ben" ? "Ben" : "Dana"), team: () => "Sales" };

  test("what changed is said in words", () => {
    const seen = head("a", { tags: ["vip"] });
    const present = head("a", { assignee: "ben", priority: "high", tags: ["bug"], version: 4 });
    assert.deepEqual(changesBetween(seen, present, names), [
      "Ben has it now",
      "the priority is high",
      "tagged bug",
      "no longer tagged vip",
    ]);
    assert.deepEqual(changesBetween(seen, { ...seen, version: 9, last_seq: 12 }, names), []);
    assert.equal(sentence(["ben has it", "it is closed now"]), "Ben has it, it is closed now.");
  });

  test("initials are of the first and the last word", () => {
    assert.equal(initials("Dana van der Berg"), "DB");
    assert.equal(initials("  יעל כהן "), "יכ");
    assert.equal(initials("Kenji"), "K");
    assert.equal(initials(""), "");
  });

  test("snooze times are in the future and differ", () => {
    for (let day = 0; day < 7; day += 1) {
      const now = new Date(2026, 10, 23 + day, 23, 30).getTime();
      const times = snoozeTimes(now).map(({ at }) => at.getTime());
      assert.ok(times.every((at) => at > now));
      assert.equal(new Set(times).size, times.length);
    }
  });

  test("options are found by each word, and those that begin with it come first", () => {
    const options = [
      { id: "1", label: "Assign to Sales" },
      { id: "2", label: "Sales team", hint: "Team" },
    ];
    assert.deepEqual(
      filterOptions(options, "sales").map(({ id }) => id),
      ["2", "1"],
    );
    assert.deepEqual(
      filterOptions(options, "team sal").map(({ id }) => id),
      ["2"],
    );
  });
});

describe("bots", () => {
  test("what people type as the address of a site becomes an origin", () => {
    for (const [typed, origin] of [
      ["shop.example", "https://shop.example"],
      [" https://Shop.example/contact?a=1 ", "https://shop.example"],
      ["http://localhost:3000/x", "http://localhost:3000"],
      ["localhost:3000", "http://localhost:3000"],
      ["https://*.shop.example", "https://*.shop.example"],
      ["*.shop.example", "https://*.shop.example"],
      ["", ""],
      ["not an address", "not an address"],
    ])
      assert.equal(toOrigin(typed), origin, typed);
  });

  test("one colour makes a theme in which every text can be read", () => {
    const light: Loose = { red: 255, green: 255, blue: 255 };
    const dark: Loose = { red: 0x16, green: 0x18, blue: 0x1d };
    for (const text of ["#1f6feb", "#ffe600", "#000000", "#ffffff", "#777777", "#be123c"]) {
      const theme = themeOf(parseColor(text));
      assert.ok(contrast(parseColor(text), parseColor(theme.onAccent)) >= 4.5, text);
      assert.ok(contrast(parseColor(theme.accentOnLight), light) >= 4.5, text);
      assert.ok(contrast(parseColor(theme.accentOnDark), dark) >= 4.5, text);
    }
    assert.equal(parseColor("#fff"), null);
  });

  test("keys follow labels and differ", () => {
    assert.equal(keyOf("Your department", []), "your_department");
    assert.equal(keyOf("Größe", []), "gro_e");
    assert.equal(keyOf("מחלקה", ["field"]), "field_2");
  });
});

describe("rules of access", () => {
  test("roles may do what the server's table says", () => {
    assert.ok(may("agent", "writeConversations") && !may("viewer", "readConversations"));
    assert.ok(may("admin", "writeBots") && !may("agent", "writeBots"));
    assert.ok(may("owner", "writeSecurity") && !may("admin", "writeSecurity"));
    assert.ok(!may(null, "readBots"));
  });

  test("admins manage everyone but owners", () => {
    assert.deepEqual(assignableRoles("admin"), ["viewer", "agent", "admin"]);
    assert.deepEqual(assignableRoles("admin", "owner"), []);
    assert.deepEqual(assignableRoles("owner", "owner").length, 4);
    assert.deepEqual(assignableRoles("agent"), []);
  });

  test("problem documents are read, and bodies of proxies are not shown", () => {
    const errors = [{ field: "name", code: "required", message: "This cannot be empty." }];
    const refused = problemOf(422, JSON.stringify({ title: "No.", code: "bad", errors }), null);
    assert.deepEqual([refused.code, refused.message, refused.errors], ["bad", "No.", errors]);
    const limit = problemOf(
      402,
      JSON.stringify({ title: "Full", errors: { limit: "bots" } }),
      null,
    );
    assert.deepEqual(limit.errors, []);
    assert.match(problemOf(502, "<html>", "3").message, /on our side/);
    assert.equal(problemOf(429, "{}", "90").retryAfterMs, 90_000);
  });
});
