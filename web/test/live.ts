// The channel client without a page: a manual clock, and a server that loses, duplicates and
// shuffles frames.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { timing } from "../live/connection";
import { MessageLog } from "../live/message-log";
import { Outbox } from "../live/outbox";
import { ECHO_TIMEOUT_MS } from "../live/sender";
import { repairDelay } from "../live/sync";
import type { SocketEvents } from "../live/types";
import { type Pending, RoomChannel } from "../rooms/channel";
import { Clock, dice } from "./clock";

/** The server side, with faults that a test sets. */
class Server {
  messages = [];
  first = 1;
  sockets = new Set<{ events: SocketEvents; greeted: boolean }>();
  opened = 0;
  up = true;
  kept = 500;
  lives = 7_200_000;
  refuse = null;
  refuseTicket = null;
  ignore = false;
  posts = [];
  frames = [];
  ticket = async () => {
    if (!this.up) throw { status: 0 };
    if (this.refuseTicket) throw this.refuseTicket;
    return { url: "ws://x", expires_at: "" };
  };

  faults: { lose: number; double: number; late: number };

  constructor(
    readonly clock: Clock,
    readonly random: () => number = () => 0.5,
    faults: Partial<Server["faults"]> = {},
  ) {
    this.faults = { lose: 0, double: 0, late: 0, ...faults };
  }

  get last() {
    return this.first + this.messages.length - 1;
  }

  say(text, user_id = "usr_b", client_msg_id = `c${this.last + 1}`, reply_to = null) {
    const known = this.messages.find(
      (message) => message.user_id === user_id && message.client_msg_id === client_msg_id,
    );
    if (known) return known;
    const message = {
      seq: this.last + 1,
      at: new Date(this.clock.now).toISOString(),
      user_id,
      username: user_id,
      text,
      client_msg_id,
      reply_to,
      is_deleted: false,
      reactions: [],
      rev: 0,
    };
    this.messages.push(message);
    while (this.messages.length > this.kept) {
      this.messages.shift();
      this.first += 1;
    }
    this.tell({ type: "messages", messages: [message], last_seq: this.last });
    return message;
  }

  change(seq, change) {
    const index = seq - this.first;
    this.messages[index] = {
      ...this.messages[index],
      ...change,
      rev: this.messages[index].rev + 1,
    };
    this.tell({ type: "changed", message: this.messages[index] });
  }

  tell(frame) {
    for (const socket of this.sockets) if (socket.greeted) this.#send(socket, frame);
  }

  #send(socket, frame) {
    const { lose, double, late } = this.faults;
    if (this.random() < lose) return;
    for (let copy = this.random() < double ? 2 : 1; copy > 0; copy -= 1) {
      this.clock.later(
        late * this.random(),
        () =>
          this.sockets.has(socket) && socket.events.received(JSON.stringify({ v: 1, ...frame })),
      );
    }
  }

  socket(_url, events) {
    const socket = { events, greeted: false };
    this.opened += 1;
    this.clock.later(5, () => {
      if (!this.up) return events.closed();
      this.sockets.add(socket);
      events.opened();
    });
    return {
      send: (text) => this.up && this.sockets.has(socket) && this.#heard(socket, JSON.parse(text)),
      close: () => this.sockets.delete(socket),
    };
  }

  #heard(socket, frame) {
    this.frames.push(frame);
    if (this.ignore) return;
    const answer = (told) =>
      this.clock.later(
        1,
        () => this.sockets.has(socket) && socket.events.received(JSON.stringify({ v: 1, ...told })),
      );
    if (frame.type === "hello") {
      socket.greeted = true;
      answer({
        type: "welcome",
        last_seq: this.last,
        online: this.sockets.size,
        now: new Date(this.clock.now).toISOString(),
        until: new Date(this.clock.now + this.lives).toISOString(),
      });
      const from = frame.last_seq ?? 0;
      if (this.last - from > 100)
        answer({ type: "backfill_overflow", first_seq: this.first, last_seq: this.last });
      else
        for (const message of this.messages.filter(({ seq }) => seq > from))
          this.#send(socket, { type: "backfill", messages: [message], last_seq: this.last });
    }
    if (frame.type === "ping")
      answer({
        type: "pong",
        last_seq: this.last,
        online: this.sockets.size,
        now: new Date(this.clock.now).toISOString(),
      });
    if (frame.type === "message") {
      if (this.refuse)
        return answer({ type: "refused", client_msg_id: frame.client_msg_id, ...this.refuse });
      // Each frame is delivered separately, so a later one may overtake.
      if (this.random() >= this.faults.lose)
        this.clock.later(this.faults.late * this.random(), () =>
          this.say(frame.text, "usr_a", frame.client_msg_id),
        );
    }
  }

  async page({ before, after }) {
    await new Promise((resolve) => this.clock.later(3, resolve));
    if (!this.up) throw { status: 0 };
    const fits = this.messages.filter(
      ({ seq }) => (before === undefined || seq < before) && (after === undefined || seq > after),
    );
    return {
      messages: after === undefined ? fits.slice(-50) : fits.slice(0, 50),
      last_seq: this.last,
      first_seq: this.first,
    };
  }

  async post({ client_msg_id, text }) {
    this.posts.push(client_msg_id);
    await new Promise((resolve) => this.clock.later(3, resolve));
    if (!this.up) throw { status: 0 };
    if (this.refuse) throw { status: 403, code: this.refuse.code, message: this.refuse.title };
    return this.say(text, "usr_a", client_msg_id);
  }

  kill() {
    const sockets = [...this.sockets];
    this.sockets.clear();
    for (const { events } of sockets) events.closed();
  }
}

class MemoryStore {
  kept = new Map<string, Pending>();
  all() {
    return [...this.kept.values()];
  }
  put(pending) {
    this.kept.set(pending.client_msg_id, pending);
  }
  remove(id) {
    this.kept.delete(id);
  }
}

function openChannel(
  clock,
  server,
  {
    store = new MemoryStore(),
    random = () => 0.5,
  }: { store?: MemoryStore; random?: () => number } = {},
) {
  const events = { rooms: [], pins: [], muted: [], endings: [], accessChanges: 0, changes: 0 };
  const env = {
    now: () => clock.now,
    random,
    later: (ms, run) => clock.later(ms, run),
    setClock: () => {},
    ticket: () => server.ticket(),
    socket: (url, events) => server.socket(url, events),
    page: (query) => server.page(query),
    post: (message) => server.post(message),
    failure: (error) => ({
      status: error.status ?? 500,
      code: error.code ?? "",
      message: error.message ?? "",
      retryAfterMs: error.retryAfterMs ?? null,
    }),
    store,
  };
  const channel = new RoomChannel(env, "usr_a", {
    changed: () => (events.changes += 1),
    roomChanged: (room) => events.rooms.push(room),
    pinChanged: (pin) => events.pins.push(pin),
    muteChanged: (isMuted) => events.muted.push(isMuted),
    accessChanged: () => (events.accessChanges += 1),
    ended: (why) => events.endings.push(why),
  });
  channel.start();
  return { channel, events, store };
}

const seqs = (channel) => channel.log.visible.map(({ seq }) => seq);
const upTo = (last, from = 1) =>
  Array.from({ length: last - from + 1 }, (_, index) => from + index);
const texts = (channel) => channel.log.visible.map(({ text }) => text);

const message = (seq, rev = 0, text = `t${seq}`) => ({
  seq,
  rev,
  text,
  user_id: "u",
  client_msg_id: `c${seq}`,
});

describe("message log", () => {
  test("shuffled and duplicated messages appear once, in order", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = dice(seed);
      const log = new MessageLog<ReturnType<typeof message>>();
      log.reset({ messages: [1, 2, 3].map((seq) => message(seq)), last_seq: 3, first_seq: 1 });
      const rest = upTo(60, 4).flatMap((seq) => (random() < 0.4 ? [seq, seq] : [seq]));
      const shuffled = rest.map((seq) => [random(), seq]).sort(([a], [b]) => a - b);
      for (const [, seq] of shuffled) {
        log.take([message(seq)], seq);
        const shown = log.visible.map((each) => each.seq);
        assert.deepEqual(shown, upTo(shown.length), "nothing is shown behind a gap");
      }
      assert.deepEqual(
        log.visible.map((each) => each.seq),
        upTo(60),
      );
      assert.equal(log.isBehind, false);
    }
  });

  test("a gap marks the log as behind until the next page fills it", () => {
    const log = new MessageLog<ReturnType<typeof message>>();
    log.reset({ messages: [message(1)], last_seq: 1, first_seq: 1 });
    log.take([message(4)], 4);
    assert.equal(log.isBehind, true);
    assert.deepEqual(
      log.visible.map(({ seq }) => seq),
      [1],
    );
    log.append(1, { messages: [message(2), message(3)], last_seq: 4, first_seq: 1 });
    assert.deepEqual(
      log.visible.map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
  });

  test("the higher revision wins in any order", () => {
    const log = new MessageLog<ReturnType<typeof message>>();
    log.reset({ messages: [message(1, 2, "new")], last_seq: 1, first_seq: 1 });
    log.take([message(1, 1, "old")]);
    assert.equal(log.get(1).text, "new");
    log.take([message(2, 3, "changed before it was told")]);
    log.take([message(2, 0, "old")]);
    assert.equal(log.get(2).text, "changed before it was told");
  });

  test("expired numbers are not waited for", () => {
    const log = new MessageLog<ReturnType<typeof message>>();
    log.reset({ messages: [message(5)], last_seq: 5, first_seq: 5 });
    assert.equal(log.hasOlder, false);
    log.append(5, { messages: [message(9)], last_seq: 9, first_seq: 9 });
    assert.equal(log.isBehind, false);
    const empty = new MessageLog<ReturnType<typeof message>>();
    empty.reset({ messages: [], last_seq: 40, first_seq: 41 });
    assert.equal(empty.complete, 40);
    empty.take([message(41)], 41);
    assert.deepEqual(
      empty.visible.map(({ seq }) => seq),
      [41],
    );
  });

  test("older pages are prepended, and late copies change nothing", () => {
    const log = new MessageLog<ReturnType<typeof message>>();
    log.reset({ messages: upTo(100, 51).map((seq) => message(seq)), last_seq: 100, first_seq: 1 });
    log.take([message(7)]);
    assert.deepEqual(log.visible.length, 50);
    log.prepend({ messages: upTo(50).map((seq) => message(seq)), last_seq: 100, first_seq: 1 });
    log.prepend({ messages: upTo(50).map((seq) => message(seq)), last_seq: 100, first_seq: 1 });
    assert.deepEqual(
      log.visible.map(({ seq }) => seq),
      upTo(100),
    );
    assert.equal(log.hasOlder, false);
  });
});

describe("long message log", () => {
  test("keepLatest drops old messages, which can be fetched again", () => {
    const log = new MessageLog<ReturnType<typeof message>>();
    log.reset({ messages: upTo(50).map((seq) => message(seq)), last_seq: 50, first_seq: 1 });
    log.take(
      upTo(900, 51).map((seq) => message(seq)),
      900,
    );
    log.keepLatest(500);
    assert.deepEqual(
      [log.visible.length, log.visible[0].seq, log.complete, log.hasOlder],
      [500, 401, 900, true],
    );
    log.prepend({
      messages: upTo(400, 351).map((seq) => message(seq)),
      last_seq: 900,
      first_seq: 1,
    });
    assert.deepEqual(
      log.visible.map(({ seq }) => seq),
      upTo(900, 351),
    );
    const { length } = log.visible;
    log.keepLatest(1_000);
    assert.equal(log.visible.length, length);
  });
});

describe("outbox", () => {
  test("messages older than the deduplication window wait for the user", () => {
    const store = new MemoryStore();
    store.put({ client_msg_id: "a", text: "old", reply_to: null, at: 0, problem: "", seq: null });
    const outbox = new Outbox(store, 2 * 86_400_000);
    assert.equal(outbox.next, undefined);
    assert.match(outbox.list[0].problem, /may not have been sent/);
  });
});

describe("channel", () => {
  test("the first page loads and new messages follow", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    for (let count = 0; count < 80; count += 1) server.say(`m${count}`);
    const { channel } = openChannel(clock, server);
    await clock.pass(100);
    assert.equal(channel.connection.isConnected, true);
    assert.deepEqual(seqs(channel), upTo(80, 31));
    assert.equal(server.frames[0].last_seq, 80);
    server.say("new");
    await clock.pass(10);
    assert.equal(seqs(channel).at(-1), 81);
    await Promise.all([channel.sync.loadOlder(), clock.pass(10)]);
    assert.deepEqual(seqs(channel), upTo(81));
  });

  test("hello has no cursor when the channel is empty", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    assert.equal(server.frames[0].last_seq, null);
    server.say("first");
    await clock.pass(10);
    assert.deepEqual(seqs(channel), [1]);
  });

  test("a lost frame is refetched after the gap delay, a lost last one after the pong", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.say("one");
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    server.faults.lose = 1;
    server.say("lost");
    server.faults.lose = 0;
    server.say("three");
    await clock.pass(20);
    assert.deepEqual(texts(channel), ["one"], "what is behind a gap waits");
    await clock.pass(repairDelay.gap + 20);
    assert.deepEqual(texts(channel), ["one", "lost", "three"]);
    server.faults.lose = 1;
    server.say("lost too");
    await clock.pass(timing.pingInterval + repairDelay.announced + 100);
    assert.deepEqual(texts(channel), ["one", "lost", "three", "lost too"]);
  });

  test("a closed socket reconnects without gaps or duplicates", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.say("one");
    const { channel, events } = openChannel(clock, server);
    await clock.pass(50);
    server.kill();
    server.say("two");
    assert.equal(channel.connection.isConnected, false);
    assert.equal(channel.connection.isDelayed, false, "nothing is said of a short break");
    await clock.pass(2_000);
    assert.equal(channel.connection.isConnected, true);
    assert.deepEqual(texts(channel), ["one", "two"]);
    assert.equal(server.sockets.size, 1);
    assert.equal(events.endings.length, 0);
  });

  test("a disconnect is reported only after a second", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    server.up = false;
    server.kill();
    await clock.pass(900);
    assert.equal(channel.connection.isDelayed, false);
    await clock.pass(200);
    assert.equal(channel.connection.isDelayed, true);
    server.up = true;
    await clock.pass(30_000);
    assert.equal(channel.connection.isDelayed, false);
    assert.equal(channel.connection.isConnected, true);
  });

  test("reconnects back off, and happen at once when the device wakes", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    server.up = false;
    server.kill();
    let asked = 0;
    const { ticket } = server;
    server.ticket = () => {
      asked += 1;
      return ticket();
    };
    await clock.pass(300_000);
    assert.ok(asked > 10 && asked < 40, `asked ${asked} times in five minutes`);
    server.up = true;
    channel.wake();
    await clock.pass(50);
    assert.equal(channel.connection.isConnected, true);
  });

  test("a refused ticket ends the channel, and retry-after delays it", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.refuseTicket = { status: 429, retryAfterMs: 7_000 };
    const { channel } = openChannel(clock, server);
    await clock.pass(6_900);
    assert.equal(channel.connection.isConnected, false);
    // Half of the jitter that is added to the seven seconds.
    assert.equal(channel.connection.reconnectAt - clock.now, 100 + 1_750);
    server.refuseTicket = null;
    await clock.pass(1_700);
    assert.equal(channel.connection.isConnected, false);
    await clock.pass(200);
    assert.equal(channel.connection.isConnected, true);
    assert.equal(channel.connection.reconnectAt, null);
    server.refuseTicket = { status: 403, code: "banned" };
    server.kill();
    await clock.pass(1_000);
    assert.equal(channel.ended, "banned");
  });

  test("a silent socket is replaced, sooner after waking", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    server.ignore = true;
    await clock.pass(timing.pingInterval + timing.pongTimeout - 100);
    assert.equal(channel.connection.isConnected, true);
    server.ignore = false;
    await clock.pass(1_000);
    assert.equal(channel.connection.isConnected, true);
    assert.equal(server.opened, 2);
    server.ignore = true;
    channel.wake();
    await clock.pass(timing.wakePongTimeout + 10);
    server.ignore = false;
    await clock.pass(1_000);
    assert.equal(server.opened, 3);
    assert.equal(channel.connection.isConnected, true);
  });

  test("a connection is renewed before it expires without a break", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.lives = 120_000;
    server.say("one");
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    for (let second = 0; second < 300; second += 1) {
      server.say(`at ${second}`);
      await clock.pass(1_000);
      assert.equal(channel.connection.isConnected, true, `live at ${second} s`);
      assert.equal(channel.log.visible.length, second + 2);
    }
    assert.ok(server.opened >= 5 && server.opened <= 7, `${server.opened} sockets`);
    assert.equal(server.sockets.size, 1);
  });

  test("a past expiry does not renew in a loop", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.lives = -5_000;
    openChannel(clock, server);
    await clock.pass(60_000);
    assert.ok(server.opened <= 14, `${server.opened} sockets in a minute`);
  });

  test("an overflow starts over from the latest page", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    server.say("one");
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    server.up = false;
    server.kill();
    for (let count = 0; count < 700; count += 1) server.say(`m${count}`);
    server.up = true;
    await clock.pass(5_000);
    assert.deepEqual(seqs(channel), upTo(701, 652));
    assert.equal(channel.log.hasOlder, true);
    server.say("after");
    await clock.pass(10);
    assert.equal(seqs(channel).at(-1), 702);
  });

  test("visible pages are refreshed after a reconnect", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    for (let count = 0; count < 70; count += 1) server.say(`m${count}`);
    const { channel, events } = openChannel(clock, server);
    await clock.pass(50);
    assert.equal(events.accessChanges, 0);
    await Promise.all([channel.sync.loadOlder(), clock.pass(10)]);
    server.up = false;
    server.kill();
    server.change(70, { is_deleted: true, text: "" });
    server.change(3, { is_deleted: true, text: "" });
    server.up = true;
    await clock.pass(3_000);
    assert.equal(channel.log.get(70).is_deleted, true);
    assert.equal(channel.log.get(3).is_deleted, true);
    assert.equal(channel.log.visible.length, 70);
    assert.equal(events.accessChanges, 1, "the room is read again, too");
  });

  test("a removed user does not reconnect", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel, events } = openChannel(clock, server);
    await clock.pass(50);
    server.tell({ type: "kicked", reason: "banned" });
    server.clock.later(2, () => server.kill());
    await clock.pass(120_000);
    assert.deepEqual(events.endings, ["banned"]);
    assert.equal(server.opened, 1);
    channel.wake();
    await clock.pass(1_000);
    assert.equal(server.opened, 1);
  });

  test("pin frames are passed on, including the end of a pin", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { events } = openChannel(clock, server);
    await clock.pass(50);
    server.tell({ type: "pin", pin: { seq: 3 } });
    server.tell({ type: "pin", pin: null });
    await clock.pass(10);
    assert.deepEqual(events.pins, [{ seq: 3 }, null]);
  });

  test("unknown frames and invalid JSON are ignored", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    server.tell({ type: "confetti" });
    for (const { events } of server.sockets) events.received("<html>");
    server.say("one");
    await clock.pass(10);
    assert.deepEqual(texts(channel), ["one"]);
  });

  test("typing expires after six seconds and ends with a message", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    const types = () => server.tell({ type: "typing", user_id: "usr_b", username: "B", on: true });
    types();
    await clock.pass(5_900);
    assert.deepEqual([...channel.typing.values()], ["B"]);
    await clock.pass(200);
    assert.equal(channel.typing.size, 0);
    types();
    await clock.pass(10);
    server.say("said");
    await clock.pass(10);
    assert.equal(channel.typing.size, 0);
    for (let count = 0; count < 40; count += 1) {
      channel.notifyTyping();
      await clock.pass(100);
    }
    assert.equal(server.frames.filter(({ type }) => type === "typing").length, 2);
  });
});

describe("sender", () => {
  test("messages go over the socket in the order of writing", async () => {
    const clock = new Clock();
    const server = new Server(clock, dice(3), { late: 40 });
    const { channel, store } = openChannel(clock, server);
    await clock.pass(100);
    const written = [..."abcdefgh"];
    for (const text of written) channel.post(`id-${text}`, text, null);
    assert.equal(channel.outbox.list.length, written.length);
    await clock.pass(2_000);
    assert.deepEqual(texts(channel), written);
    assert.equal(channel.outbox.list.length, 0);
    assert.equal(store.kept.size, 0);
    assert.equal(server.posts.length, 0);
  });

  test("a message without an echo is posted with the same id after five seconds", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    server.faults.lose = 1;
    channel.post("id", "hello", null);
    await clock.pass(ECHO_TIMEOUT_MS - 100);
    assert.equal(server.posts.length, 0);
    server.faults.lose = 0;
    await clock.pass(200);
    assert.deepEqual(server.posts, ["id"]);
    assert.deepEqual(texts(channel), ["hello"]);
    assert.equal(server.messages.length, 1);
  });

  test("an own message behind a gap stays in the outbox until it is visible", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    server.faults.lose = 1;
    server.say("lost");
    server.faults.lose = 0;
    channel.post("id", "mine", null);
    await clock.pass(20);
    assert.deepEqual(texts(channel), []);
    assert.equal(channel.outbox.list.length, 1);
    await clock.pass(repairDelay.gap + 50);
    assert.deepEqual(texts(channel), ["lost", "mine"]);
    assert.equal(channel.outbox.list.length, 0);
  });

  test("messages are posted over HTTP while disconnected, until confirmed", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel, store } = openChannel(clock, server);
    await clock.pass(50);
    server.up = false;
    server.kill();
    channel.post("id", "hello", null);
    await clock.pass(60_000);
    assert.equal(store.kept.size, 1);
    assert.equal(channel.outbox.list[0].problem, "");
    server.up = true;
    await clock.pass(30_000);
    assert.deepEqual(texts(channel), ["hello"]);
    assert.equal(store.kept.size, 0);
  });

  test("a message survives a reload and is posted once", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const store = new MemoryStore();
    const { channel } = openChannel(clock, server, { store });
    await clock.pass(50);
    // The message arrives, but its answer is lost with the page.
    server.faults.lose = 0;
    channel.post("id", "hello", null);
    server.up = false;
    channel.stop();
    assert.equal(store.kept.size, 1);
    server.up = true;
    const again = openChannel(clock, server, { store });
    await clock.pass(10_000);
    assert.deepEqual(texts(again.channel), ["hello"]);
    assert.equal(server.messages.length, 1);
    assert.equal(store.kept.size, 0);
  });

  test("a refused message states its reason and does not block the next", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel, events } = openChannel(clock, server);
    await clock.pass(50);
    server.refuse = { code: "muted", title: "You are muted." };
    channel.post("id-1", "no", null);
    await clock.pass(50);
    assert.equal(channel.outbox.list[0].problem, "You are muted.");
    assert.equal(events.accessChanges, 1);
    server.refuse = null;
    channel.post("id-2", "yes", null);
    await clock.pass(50);
    assert.deepEqual(texts(channel), ["yes"]);
    channel.retry("id-1");
    await clock.pass(50);
    assert.deepEqual(texts(channel), ["yes", "no"]);
    assert.equal(channel.outbox.list.length, 0);
  });

  test("a rate-limited message is retried a limited number of times", async () => {
    const clock = new Clock();
    const server = new Server(clock);
    const { channel } = openChannel(clock, server);
    await clock.pass(50);
    server.refuse = { code: "too_fast", title: "Slow down." };
    channel.post("id", "hello", null);
    await clock.pass(1_000);
    assert.equal(channel.outbox.list[0].problem, "");
    server.refuse = null;
    await clock.pass(5_000);
    assert.deepEqual(texts(channel), ["hello"]);
    server.refuse = { code: "too_fast", title: "Slow down." };
    channel.post("id-2", "hello", null);
    await clock.pass(120_000);
    assert.equal(channel.outbox.list[0].problem, "Slow down.");
  });
});

test("messages are delivered once in order over a faulty connection", async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const clock = new Clock();
    const random = dice(seed);
    const server = new Server(clock, random, { lose: 0.25, double: 0.25, late: 900 });
    server.lives = 95_000;
    const { channel } = openChannel(clock, server, { random });
    const mine = [];
    let shown = 0;
    for (let step = 0; step < 150; step += 1) {
      const luck = random();
      if (luck < 0.45) server.say(`b${step}`);
      else if (luck < 0.75) {
        mine.push(`a${step}`);
        channel.post(`id-${step}`, `a${step}`, null);
      } else if (luck < 0.82) server.kill();
      else if (luck < 0.86) {
        server.up = !server.up;
        if (!server.up) server.kill();
      } else if (luck < 0.9 && server.last >= server.first)
        server.change(server.last, { is_deleted: true });
      await clock.pass(random() * 2_500);
      const now = seqs(channel);
      if (now.length > 0)
        assert.deepEqual(now, upTo(now.at(-1), now[0]), `seed ${seed}, step ${step}`);
      assert.ok(now.length >= shown, "nothing that was shown goes away");
      shown = now.length;
    }
    server.up = true;
    server.faults = { lose: 0, double: 0, late: 0 };
    await clock.pass(120_000);
    assert.deepEqual(seqs(channel), upTo(server.last, channel.log.from), `seed ${seed}`);
    assert.deepEqual(
      texts(channel).filter((text) => text.startsWith("a")),
      mine.filter((text) => channel.log.visible.some((each) => each.text === text)),
      `seed ${seed}: own ones in order`,
    );
    assert.equal(
      server.messages.filter(({ user_id }) => user_id === "usr_a").length,
      mine.length,
      `seed ${seed}: own ones once`,
    );
    assert.equal(channel.outbox.list.length, 0);
    channel.stop();
  }
});
