// Parts of Desk's widget that need no browser: its conversation on the wire, its storage, its texts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MessageLog } from "../live/message-log";
import type { SocketEvents } from "../live/types";
import { Problem } from "../widget/frame/api";
import ar from "../widget/frame/languages/ar";
import de from "../widget/frame/languages/de";
import en from "../widget/frame/languages/en";
import es from "../widget/frame/languages/es";
import fr from "../widget/frame/languages/fr";
import he from "../widget/frame/languages/he";
import pt from "../widget/frame/languages/pt";
import ru from "../widget/frame/languages/ru";
import { createStorage } from "../widget/frame/storage";
import { createTalk, toMessage } from "../widget/frame/talk";
import { chooseLanguage, fill } from "../widget/frame/texts";
import { Clock, dice, settle } from "./clock";

const ID = "cnv_1";

/** The server's side of one conversation, with faults that a test sets. */
class Server {
  /** Messages by number; null is a note, which visitors do not see. */
  messages = [];
  sockets = new Set<{ events: SocketEvents; isGreeted: boolean }>();
  up = true;
  pages = 0;
  frames = [];
  faults = { lose: 0, double: 0, late: 0 };

  constructor(
    readonly clock: Clock,
    readonly random: () => number = () => 0.5,
  ) {}

  get seen() {
    return this.messages.filter(Boolean);
  }

  append(message) {
    const after_seq = this.messages.length;
    const seq = after_seq + 1;
    const at = new Date(this.clock.now).toISOString();
    this.messages.push(
      message && {
        seq,
        at,
        kind: "message",
        attachments: [],
        rev: 0,
        is_deleted: false,
        ...message,
      },
    );
    this.tell({
      type: "message:receive",
      conversation_id: ID,
      messages: this.messages.slice(after_seq).filter(Boolean),
      after_seq,
      last_seq: seq,
    });
    return this.messages.at(-1);
  }

  say(text) {
    return this.append({ text, author: { kind: "agent", name: "Dana" } });
  }

  note() {
    this.append(null);
  }

  post({ client_msg_id, text }) {
    const known = this.seen.find((message) => message.client_msg_id === client_msg_id);
    return known ?? this.append({ text, client_msg_id, author: { kind: "visitor" } });
  }

  tell(frame) {
    for (const socket of this.sockets) if (socket.isGreeted) this.#send(socket, frame);
  }

  #send(socket, frame) {
    const { lose, double, late } = this.faults;
    if (this.random() < lose) return;
    for (let copies = this.random() < double ? 2 : 1; copies > 0; copies -= 1)
      this.clock.later(late * this.random(), () => {
        if (this.sockets.has(socket)) socket.events.received(JSON.stringify({ v: 1, ...frame }));
      });
  }

  #heard(socket, frame) {
    this.frames.push(frame);
    const answer = (told) =>
      this.clock.later(1, () => {
        if (this.sockets.has(socket)) socket.events.received(JSON.stringify({ v: 1, ...told }));
      });
    const last_seq = this.messages.length;
    switch (frame.type) {
      case "hello": {
        socket.isGreeted = true;
        const after_seq = frame.conversations[ID];
        answer({
          type: "welcome",
          last_seqs: { [ID]: last_seq },
          now: new Date(this.clock.now).toISOString(),
          until: new Date(this.clock.now + 7_200_000).toISOString(),
        });
        if (after_seq < last_seq)
          this.#send(socket, {
            type: "backfill",
            conversation_id: ID,
            messages: this.messages.slice(after_seq).filter(Boolean),
            after_seq,
            last_seq,
          });
        break;
      }
      case "ping":
        answer({ type: "pong", last_seq });
        break;
      case "message:send":
        if (this.random() >= this.faults.lose)
          this.clock.later(this.faults.late * this.random(), () => this.post(frame));
    }
  }

  cut() {
    for (const { events } of [...this.sockets]) events.closed();
    this.sockets.clear();
  }

  env(outbox = new Map()) {
    const fail = () => new Problem(0, "unreachable");
    return {
      now: () => this.clock.now,
      setClock() {},
      random: this.random,
      later: (ms, run) => this.clock.later(ms, run),
      ticket: async () => {
        if (!this.up) throw fail();
        return { url: "ws://x" };
      },
      socket: (_url, events) => {
        const socket = { events, isGreeted: false };
        this.clock.later(5, () => {
          if (!this.up) return events.closed();
          this.sockets.add(socket);
          events.opened();
        });
        return {
          send: (text) => {
            if (this.up && this.sockets.has(socket)) this.#heard(socket, JSON.parse(text));
          },
          close: () => this.sockets.delete(socket),
        };
      },
      page: async ({ before = this.messages.length + 1, after = -1 }) => {
        this.pages += 1;
        await new Promise<void>((resolve) => this.clock.later(3, resolve));
        if (!this.up) throw fail();
        const [from, until] =
          after < 0 ? [Math.max(0, before - 51), before - 1] : [after, after + 50];
        const messages = this.messages.slice(from, until).filter(Boolean).map(toMessage);
        return { messages, first_seq: 1, last_seq: this.messages.length };
      },
      post: async (message) => {
        await new Promise<void>((resolve) => this.clock.later(3, resolve));
        if (!this.up) throw fail();
        const stored = toMessage(this.post(message));
        // The answer may be lost after the message was stored.
        if (this.random() < this.faults.lose) throw fail();
        return stored;
      },
      failure: (error) => error,
      store: {
        all: () => [...outbox.values()],
        put: (pending) => outbox.set(pending.client_msg_id, pending),
        remove: (id) => outbox.delete(id),
      },
    };
  }
}

function start(server: Server, outbox = new Map()) {
  const told = { stale: 0, ended: "", frames: [] };
  const talk = createTalk(ID, server.env(outbox), {
    changed() {},
    received: (frame) => told.frames.push(frame),
    stale: () => {
      told.stale += 1;
    },
    ended: (code) => {
      told.ended = code;
    },
  });
  return { talk, told };
}

const textsOf = (messages) => messages.map(({ text }) => text);

describe("a log whose numbers are not all visible", () => {
  const at = (seq) => ({ seq, rev: 0, user_id: "u", client_msg_id: `c${seq}` });

  test("is complete up to the end of what frames cover", () => {
    const log = new MessageLog();
    log.reset({ messages: [at(1)], last_seq: 1, first_seq: 1 });
    log.takeRange([at(3)], 1, 5);
    assert.deepEqual([log.complete, log.last, log.isBehind], [5, 5, false]);
    // A later range waits for the one before.
    log.takeRange([at(9)], 7, 9);
    assert.deepEqual([log.complete, log.isBehind], [5, true]);
    log.takeRange([], 5, 7);
    assert.deepEqual([log.complete, log.isBehind], [9, false]);
    assert.deepEqual(
      log.visible.map(({ seq }) => seq),
      [1, 3, 9],
    );
  });

  test("takes ranges before its first page", () => {
    const log = new MessageLog();
    log.takeRange([at(4)], 2, 5);
    log.reset({ messages: [at(1), at(2)], last_seq: 2, first_seq: 1 });
    assert.deepEqual([log.complete, log.isBehind], [5, false]);
  });

  test("is complete whatever the order and the copies of its ranges", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = dice(seed);
      const hidden = new Set(
        Array.from({ length: 30 }, (_, index) => index + 1).filter(() => random() < 0.4),
      );
      const ranges = [];
      for (let after = 0; after < 30; ) {
        const last = Math.min(30, after + 1 + Math.floor(random() * 4));
        ranges.push({ after, last });
        if (random() < 0.3) ranges.push({ after, last });
        after = last;
      }
      ranges.sort(() => random() - 0.5);
      const log = new MessageLog();
      log.reset({ messages: [], last_seq: 0, first_seq: 1 });
      for (const { after, last } of ranges) {
        const seqs = Array.from({ length: last - after }, (_, index) => after + 1 + index);
        log.takeRange(seqs.filter((seq) => !hidden.has(seq)).map(at), after, last);
      }
      assert.equal(log.complete, 30);
      const expected = Array.from({ length: 30 }, (_, index) => index + 1).filter(
        (seq) => !hidden.has(seq),
      );
      assert.deepEqual(
        log.visible.map(({ seq }) => seq),
        expected,
        `seed ${seed}`,
      );
    }
  });
});

describe("a conversation on the wire", () => {
  test("loads, says hello with its last number, and sends over the socket", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.say("Hello");
    server.note();
    const { talk } = start(server);
    await clock.pass(100);
    assert.deepEqual(server.frames[0], { type: "hello", conversations: { [ID]: 1 } });
    talk.post("client-1", "Hi");
    await clock.pass(50);
    assert.deepEqual(textsOf(talk.log.visible), ["Hello", "Hi"]);
    assert.deepEqual(server.frames.at(-1), {
      type: "message:send",
      conversation_id: ID,
      client_msg_id: "client-1",
      text: "Hi",
    });
    await clock.pass(5_000);
    assert.equal(server.pages, 1, "notes are no gap");
    assert.equal(talk.outbox.list.length, 0);
  });

  test("tells of reads with its heartbeat, and at once before the page is gone", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.say("Hello");
    const { talk } = start(server);
    await clock.pass(100);
    talk.read(1);
    await clock.pass(31_000);
    const ping = { type: "ping", read: { conversation_id: ID, seq: 1 } };
    assert.deepEqual(server.frames.at(-1), ping);
    server.say("More");
    talk.read(2);
    talk.flush();
    assert.deepEqual(server.frames.at(-1).read.seq, 2);
  });

  test("after five minutes offline everything is there, once and in order", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.say("Before");
    const outbox = new Map();
    const { talk } = start(server, outbox);
    await clock.pass(100);
    server.up = false;
    server.cut();
    talk.post("client-1", "One");
    talk.post("client-2", "Two");
    await clock.pass(60_000);
    server.say("While away");
    server.note();
    await clock.pass(240_000);
    assert.equal(outbox.size, 2);
    server.up = true;
    talk.wake();
    await clock.pass(30_000);
    assert.deepEqual(textsOf(talk.log.visible), ["Before", "While away", "One", "Two"]);
    assert.deepEqual([outbox.size, talk.outbox.list.length], [0, 0]);
    assert.equal(talk.connection.isConnected, true);
  });

  test("a page of notes alone hides no earlier message", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.say("First");
    for (let count = 0; count < 120; count += 1) server.note();
    const { talk } = start(server);
    await clock.pass(5_000);
    assert.deepEqual(textsOf(talk.log.visible), ["First"]);
    assert.equal(talk.log.isBehind, false);
  });

  test("frames of other conversations and unknown frames change nothing", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.say("Hello");
    const { talk, told } = start(server);
    await clock.pass(100);
    const messages = [{ ...server.seen[0], seq: 2, text: "Another's" }];
    server.tell({
      type: "message:receive",
      conversation_id: "cnv_2",
      messages,
      after_seq: 1,
      last_seq: 2,
    });
    server.tell({ type: "presence", conversation_id: null, agents: 2, is_visitor_online: null });
    server.tell({ type: "from the future" });
    server.tell({ type: "conversation:end", conversation: { id: "cnv_2" } });
    await clock.pass(100);
    assert.deepEqual(textsOf(talk.log.visible), ["Hello"]);
    assert.deepEqual(
      told.frames.map(({ type }) => type),
      ["presence", "from the future"],
    );
  });

  test("who types is known until they stop, write or fall silent", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.say("Hello");
    const { talk } = start(server);
    await clock.pass(100);
    const author = { kind: "agent", name: "Dana" };
    const typing = (type) => server.tell({ type, conversation_id: ID, author });
    const names = () => [...talk.typing.values()];
    typing("typing:start");
    await clock.pass(10);
    assert.deepEqual(names(), ["Dana"]);
    typing("typing:stop");
    await clock.pass(10);
    assert.deepEqual(names(), []);
    typing("typing:start");
    await clock.pass(7_000);
    assert.deepEqual(names(), []);
    typing("typing:start");
    server.say("Written");
    await clock.pass(10);
    assert.deepEqual(names(), []);
    server.tell({ type: "typing:start", conversation_id: ID, author: { kind: "visitor" } });
    await clock.pass(10);
    assert.deepEqual(names(), [], "another tab of the visitor");
  });

  test("the last frame decides whether the connection is opened again", async () => {
    for (const [reason, isOver] of [
      ["renew", false],
      ["signed_out", false],
      ["blocked", true],
      ["suspended", true],
    ] as const) {
      const clock = new Clock();
      const server = new Server(clock);
      server.say("Hello");
      const { told } = start(server);
      await clock.pass(100);
      server.tell({ type: "bye", reason });
      await clock.pass(10);
      server.cut();
      await clock.pass(10_000);
      assert.equal(told.ended, isOver ? reason : "");
      assert.equal(server.sockets.size, isOver ? 0 : 1, reason);
    }
  });

  test("random losses, copies, delays and cuts end in the same messages", async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = dice(seed);
      const clock = new Clock();
      const server = new Server(clock, random);
      server.say("Hello");
      const outbox = new Map();
      let { talk } = start(server, outbox);
      await clock.pass(100);
      server.faults = { lose: 0.3, double: 0.2, late: 3_000 };
      const sent = [];
      for (let step = 0; step < 40; step += 1) {
        const choice = random();
        if (choice < 0.3) {
          sent.push(`visitor ${step}`);
          talk.post(`client-${seed}-${step}`, `visitor ${step}`);
        } else if (choice < 0.5) server.say(`agent ${step}`);
        else if (choice < 0.65) server.note();
        else if (choice < 0.75) server.cut();
        else if (choice < 0.85) server.up = !server.up;
        else if (choice < 0.88) {
          // The page is loaded again.
          talk.stop();
          ({ talk } = start(server, outbox));
        }
        await clock.pass(random() * 4_000);
      }
      server.up = true;
      server.faults = { lose: 0, double: 0, late: 0 };
      talk.wake();
      await clock.pass(120_000);
      await settle();
      const own = server.seen.filter(({ author }) => author.kind === "visitor");
      assert.deepEqual(textsOf(own), sent, `seed ${seed}: each message once, in order`);
      assert.deepEqual(
        textsOf(talk.log.visible),
        textsOf(server.seen.slice(-talk.log.visible.length)),
      );
      assert.equal(talk.log.isBehind, false, `seed ${seed}`);
      assert.equal(outbox.size, 0);
      talk.stop();
    }
  });
});

describe("storage", () => {
  const pending = {
    client_msg_id: "c1",
    text: "Hi",
    reply_to: null,
    at: 1,
    problem: "",
    seq: null,
  };

  test("lasts as long as the frame where it is blocked", () => {
    const storage = createStorage("w.");
    storage.write("draft", "Hello");
    assert.equal(storage.read("draft"), "Hello");
    storage.write("draft", null);
    assert.equal(storage.read("draft"), null);
    storage.outbox.put(pending);
    assert.deepEqual(storage.outbox.all(), [pending]);
    storage.outbox.remove("c1");
    assert.deepEqual(storage.outbox.all(), []);
  });

  test("of visitors whom the site names is apart, and takes along what was not sent", () => {
    const storage = createStorage("w.");
    storage.outbox.put(pending);
    storage.write("conversation", { id: "cnv_anonymous" });
    storage.enter("vis_a.");
    assert.equal(storage.read("conversation"), null);
    assert.deepEqual(storage.outbox.all(), [pending]);
    storage.enter("vis_b.");
    assert.deepEqual(storage.outbox.all(), [], "not from one person to another");
    storage.enter("");
    assert.deepEqual(storage.outbox.all(), []);
    assert.deepEqual(storage.read("conversation"), { id: "cnv_anonymous" });
  });
});

describe("texts", () => {
  const languages = { ar, de, en, es, fr, he, pt, ru };

  for (const [name, texts] of Object.entries(languages))
    test(`${name} is complete`, () => {
      assert.deepEqual(Object.keys(texts).sort(), Object.keys(en).sort());
      assert.equal(texts.scores.split("|").length, 5);
      for (const [key, text] of Object.entries(texts)) {
        const placeholders = (each) => each.match(/\{\w+\}/g) ?? [];
        assert.deepEqual(placeholders(text), placeholders(en[key]), key);
        assert.equal(text, text.trim());
        assert.notEqual(text, "");
        assert.ok(text.length <= 100, `${key} is too long for a phone`);
      }
    });

  test("the first wanted language that the bot speaks is chosen", () => {
    assert.equal(chooseLanguage(["pt-BR", "en"], ["en", "pt"]), "pt-BR");
    assert.equal(chooseLanguage([undefined, "ja", "EN-gb"], ["en"]), "en-GB");
    assert.equal(chooseLanguage(["pt_BR"], ["en", "pt"]), "pt-BR");
    assert.equal(chooseLanguage(["", "en-", "x", "e n"], ["he", "en"]), "he");
    assert.equal(chooseLanguage(["ja"], ["he", "en"]), "he");
    assert.equal(chooseLanguage([], []), "en");
  });

  test("a value is filled in as it is", () => {
    assert.equal(fill("{name} is typing…", "$& {n}"), "$& {n} is typing…");
  });
});
