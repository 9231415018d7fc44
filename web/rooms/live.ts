// One room, live: a socket that comes back by itself, what it tells put in order, and what is said sent until it is there.
// The rules are those of docs/rooms.md. Knows no page: clock, socket and API come in, so that all of it can be tested.
import type { Frame, Leaving, Message, Page, Pin, RoomNews, Ticket } from "./contract";
import { Log } from "./log";
import { Outbox, type Pending, type Shelf } from "./outbox";
import { isBusy, waitAfter } from "./patience";

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketEvents {
  opened(): void;
  told(text: string): void;
  closed(): void;
}

/** What went wrong with a call, as far as it decides what to do next. */
export interface Failure {
  /** 0: nobody answered. */
  status: number;
  code: string;
  message: string;
  retryAfterMs: number | null;
}

export interface World {
  now(): number;
  /** What time it is where the rooms are. */
  isNow(at: number): void;
  random(): number;
  /** Runs something later; the answer calls it off. */
  later(ms: number, run: () => void): () => void;
  ticket(): Promise<Ticket>;
  socket(url: string, events: SocketEvents): Socket;
  page(query: { before?: number; after?: number }): Promise<Page>;
  post(
    message: Pick<Pending, "client_msg_id" | "text"> & { reply_to: number | null },
  ): Promise<Message>;
  failure(error: unknown): Failure;
  shelf: Shelf;
}

/** What the page is told apart from what it reads. */
export interface Ears {
  changed(): void;
  room(room: RoomNews): void;
  pin(pin: Pin | null): void;
  muted(isMuted: boolean): void;
  /** What we know of the room, or may do in it, may be no more so: it is to be read again. */
  standing(): void;
  over(why: Ending): void;
}

export type Ending = Leaving | "missing";

export const pace = {
  ping: 30_000,
  pong: 10_000,
  wakePong: 4_000,
  welcome: 12_000,
  echo: 5_000,
  gap: 400,
  lost: 2_000,
  late: 1_000,
  renewBefore: 60_000,
  typingEvery: 3_000,
  typingLasts: 6_000,
  firstRetry: 400,
  longestRetry: 20_000,
  steady: 5_000,
} as const;

const tooFastTries = 5;
const stuckAfter = 3;
const pageSize = 50;
const pagesAgain = 10;

interface Link {
  socket: Socket | null;
  opened: boolean;
  saidHello: boolean;
  /** Timers that end with the link. */
  cancels: Map<string, () => void>;
}

export class Live {
  readonly log = new Log();
  readonly outbox: Outbox;
  online = 0;
  /** When `online` was told. */
  onlineAt = -Infinity;
  /** A socket is there and has been welcomed. */
  isLive = false;
  wasLive = false;
  /** It has not been live for a while, so that it is worth saying. */
  isLate = false;
  /** The first page could not be had: what to say, while it is tried again. */
  problem = "";
  /** The server is busy: when the connection, and what is to be said, are tried again. */
  connectsAt: number | null = null;
  sendsAt: number | null = null;
  isLoadingOlder = false;
  olderProblem = "";
  over: Ending | null = null;
  /** The last message that was seen. */
  seen = 0;
  #toldSeen = 0;
  readonly typing = new Map<string, string>();

  #current: Link | null = null;
  #next: Link | null = null;
  #stopped = false;
  #tries = 0;
  #timers = new Map<string, () => void>();
  #sending: string | null = null;
  #sendTries = 0;
  #healing = false;
  #healTries = 0;
  #loading = false;
  #refreshes = 0;
  #typedAt = -Infinity;
  #older: Promise<void> | null = null;

  constructor(
    private readonly world: World,
    private readonly me: string,
    private readonly ears: Ears,
  ) {
    this.outbox = new Outbox(world.shelf, world.now());
  }

  start(): void {
    this.#lateSoon();
    void this.#load();
    this.#connect();
  }

  stop(): void {
    this.lookAway();
    this.#stopped = true;
    this.#hangUp();
  }

  /** What was seen up to now is told, as there may be no other time for it. */
  lookAway(): void {
    if (this.isLive && this.seen > this.#toldSeen) this.#ping(pace.pong);
  }

  /** What is to be said has not gone out for a while, and is tried on and on. */
  get isStuck(): boolean {
    return this.#sendTries >= stuckAfter;
  }

  // What the page asks for

  say(clientMsgId: string, text: string, reply_to: Pending["reply_to"]): void {
    this.outbox.add({
      client_msg_id: clientMsgId,
      text,
      reply_to,
      at: this.world.now(),
      problem: "",
      seq: null,
    });
    this.ears.changed();
    this.#flush();
  }

  retry(clientMsgId: string): void {
    this.outbox.change(clientMsgId, { problem: "", at: this.world.now() });
    this.#sendTries = 0;
    this.ears.changed();
    this.#flush();
  }

  discard(clientMsgId: string): void {
    this.outbox.remove(clientMsgId);
    this.ears.changed();
  }

  typed(): void {
    const now = this.world.now();
    if (!this.isLive || now - this.#typedAt < pace.typingEvery) return;
    this.#typedAt = now;
    this.#send(this.#current, { type: "typing", on: true });
  }

  /** A message that a call answered with. */
  put(message: Message): void {
    this.log.take([message]);
    this.#arrived([message]);
  }

  /** The page before the first message that is shown. */
  older(): Promise<void> {
    if (!this.log.hasOlder) return Promise.resolve();
    this.#older ??= this.#loadOlder().finally(() => (this.#older = null));
    return this.#older;
  }

  async #loadOlder(): Promise<void> {
    this.isLoadingOlder = true;
    this.ears.changed();
    try {
      const before = this.log.from;
      const page = await this.world.page({ before });
      if (before === this.log.from) this.log.older(page);
      this.olderProblem = "";
    } catch (error) {
      this.olderProblem = this.world.failure(error).message;
    }
    this.isLoadingOlder = false;
    this.#tell();
  }

  /** The first page again, at once. */
  reload(): void {
    this.#cancel("load");
    void this.#load();
  }

  /** The device is back: from sleep, from another page, from a dead spot. */
  wake(): void {
    if (this.#stopped || this.over) return;
    if (this.#current) this.#ping(pace.wakePong);
    else if (!this.#next) {
      this.#tries = 0;
      this.#connect();
    }
    this.#sendTries = 0;
    this.#cancel("flush");
    this.#flush();
    if (!this.log.ready) this.reload();
  }

  /** The device says that it is offline: sooner known than by silence. */
  doubt(): void {
    this.#ping(pace.wakePong);
  }

  /** A fresh socket, because what we may do has changed. What is said meanwhile comes over the old one. */
  renew(): void {
    if (!this.#next) this.#connect();
  }

  // The socket

  #connect(): void {
    if (this.#stopped || this.over || this.#next) return;
    this.#cancel("connect");
    this.connectsAt = null;
    const link: Link = { socket: null, opened: false, saidHello: false, cancels: new Map() };
    this.#next = link;
    this.#during(link, "welcome", pace.welcome, () => this.#failed(link, null));
    this.world.ticket().then(
      ({ url }) => {
        if (this.#next !== link) return;
        try {
          link.socket = this.world.socket(url, {
            opened: () => {
              link.opened = true;
              this.#hello();
            },
            told: (text) => this.#told(link, text),
            closed: () => this.#closed(link),
          });
        } catch {
          this.#failed(link, null);
        }
      },
      (error: unknown) => this.#failed(link, this.world.failure(error)),
    );
  }

  /** What we have is said as soon as both the socket and the first page are there. */
  #hello(): void {
    const link = this.#next;
    if (!link?.opened || link.saidHello || !this.log.ready) return;
    link.saidHello = true;
    this.#send(link, { type: "hello", last_seq: this.log.complete > 0 ? this.log.complete : null });
  }

  #welcomed(
    link: Link,
    { now, until, online, last_seq }: Extract<Frame, { type: "welcome" }>,
  ): void {
    if (link !== this.#next) return;
    this.world.isNow(Date.parse(now));
    const back = this.wasLive && !this.isLive;
    this.#cancelIn(link, "welcome");
    this.#drop(this.#current);
    this.#current = link;
    this.#next = null;
    this.isLive = true;
    this.wasLive = true;
    this.isLate = false;
    this.#cancel("late");
    this.countOnline(online);
    this.#during(link, "steady", pace.steady, () => (this.#tries = 0));
    this.#during(link, "ping", pace.ping, () => this.#pingOn(link));
    const left = Date.parse(until) - this.world.now() - pace.renewBefore;
    // A time that has passed or cannot be read would renew without end.
    if (Number.isFinite(left))
      this.#during(
        link,
        "renew",
        Math.max(left, pace.steady) * (1 - 0.05 * this.world.random()),
        () => this.#connect(),
      );
    // In a room that was silent for long the numbers that we have may be none.
    if (last_seq < this.log.complete) void this.#startOver();
    this.log.told(last_seq);
    this.#heal(pace.lost);
    this.#cancel("flush");
    this.#flush();
    if (back) {
      void this.#again();
      this.ears.standing();
    }
    this.#tell();
  }

  #closed(link: Link): void {
    if (link === this.#next) this.#failed(link, null);
    if (link !== this.#current) return;
    this.#drop(link);
    this.#current = null;
    this.isLive = false;
    this.typing.clear();
    this.#lateSoon();
    // What waited for its echo on this socket goes out over another connection.
    this.#cancel("echo");
    this.#sending = null;
    this.#flush();
    if (!this.#next) this.#retry(null);
    this.#tell();
  }

  #failed(link: Link, failure: Failure | null): void {
    if (link !== this.#next) return;
    this.#drop(link);
    this.#next = null;
    if (failure?.code === "banned") this.#end("banned");
    else if (failure?.status === 404) this.#end("missing");
    else this.#retry(failure);
  }

  #retry(failure: Failure | null): void {
    const wait = this.#wait(failure, this.#tries++);
    this.connectsAt = failure && isBusy(failure) ? this.world.now() + wait : null;
    this.#later("connect", wait, () => this.#connect());
    if (this.connectsAt !== null) this.ears.changed();
  }

  /** As long as the server asks for, if it does; never the same for two of us. */
  #wait(failure: Failure | null, tries: number): number {
    const after = failure?.retryAfterMs ?? null;
    return after === null
      ? this.#backOff(tries)
      : Math.max(this.#backOff(tries), waitAfter(after, 0, this.world.random()));
  }

  /** Grows twofold, and never the same for two of us. */
  #backOff(tries: number): number {
    return (
      Math.min(pace.longestRetry, pace.firstRetry * 2 ** tries) * (0.5 + 0.5 * this.world.random())
    );
  }

  #pingOn(link: Link): void {
    this.#ping(pace.pong);
    this.#during(link, "ping", pace.ping, () => this.#pingOn(link));
  }

  #ping(patience: number): void {
    const link = this.#current;
    if (!link) return;
    this.#toldSeen = this.seen;
    this.#send(link, { type: "ping", read_seq: this.seen });
    if (!link.cancels.has("pong")) this.#during(link, "pong", patience, () => this.#closed(link));
  }

  #send(link: Link | null, frame: object): void {
    try {
      link?.socket?.send(JSON.stringify(frame));
    } catch {
      // A socket that is closing says so by itself.
    }
  }

  #drop(link: Link | null): void {
    if (!link) return;
    for (const cancel of link.cancels.values()) cancel();
    link.cancels.clear();
    link.socket?.close();
  }

  #end(why: Ending): void {
    this.over = why;
    this.#hangUp();
    this.ears.over(why);
    this.ears.changed();
  }

  #hangUp(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    const links = [this.#current, this.#next];
    this.#current = this.#next = null;
    for (const link of links) this.#drop(link);
    this.isLive = false;
    this.isLate = false;
    this.typing.clear();
  }

  #lateSoon(): void {
    this.#later("late", pace.late, () => {
      this.isLate = true;
      this.ears.changed();
    });
  }

  // What the socket tells

  /** Takes a count of the people who are here, as of now. */
  countOnline(online: number): void {
    this.online = online;
    this.onlineAt = this.world.now();
  }

  #told(link: Link, text: string): void {
    if (link !== this.#current && link !== this.#next) return;
    this.#cancelIn(link, "pong");
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    switch (frame.type) {
      case "welcome":
        this.#welcomed(link, frame);
        break;
      case "messages":
      case "backfill":
        for (const { user_id } of frame.messages) this.#stopsTyping(user_id);
        this.log.take(frame.messages, frame.last_seq);
        this.#arrived(frame.messages);
        break;
      case "backfill_overflow":
        this.log.told(frame.last_seq);
        void this.#startOver();
        break;
      case "changed":
        this.log.take([frame.message]);
        this.#arrived([frame.message]);
        break;
      case "typing":
        this.#types(frame);
        break;
      case "pong":
        this.countOnline(frame.online);
        this.log.told(frame.last_seq);
        this.#heal(pace.lost);
        this.#tell();
        break;
      case "online":
        this.countOnline(frame.online);
        this.#tell();
        break;
      case "room":
        this.ears.room(frame.room);
        break;
      case "pin":
        this.ears.pin(frame.pin);
        break;
      case "muted":
        this.ears.muted(frame.is_muted);
        break;
      case "refused":
        this.#refused(frame);
        break;
      case "kicked":
        this.#end(frame.reason);
        break;
    }
  }

  #arrived(messages: Message[]): void {
    for (const message of messages) {
      if (message.user_id === this.me && this.outbox.came(message))
        this.#sent(message.client_msg_id);
    }
    this.#heal(pace.gap);
    this.#tell();
  }

  #types({ user_id, username, on }: Extract<Frame, { type: "typing" }>): void {
    if (user_id === this.me) return;
    this.#stopsTyping(user_id);
    if (on) {
      this.typing.set(user_id, username);
      this.#later(`typing ${user_id}`, pace.typingLasts, () => {
        this.typing.delete(user_id);
        this.ears.changed();
      });
    }
    this.ears.changed();
  }

  #stopsTyping(userId: string): void {
    this.#cancel(`typing ${userId}`);
    this.typing.delete(userId);
  }

  #refused({ code, title, client_msg_id }: Extract<Frame, { type: "refused" }>): void {
    if (["muted", "not_a_member", "read_only"].includes(code)) this.ears.standing();
    const pending = client_msg_id ? this.outbox.get(client_msg_id) : undefined;
    if (!client_msg_id || !pending || pending.seq !== null) return;
    this.#cancel("echo");
    if (this.#sending === client_msg_id) this.#sending = null;
    if ((code === "try_again" || code === "too_fast") && this.#sendTries < tooFastTries)
      this.#flushLater(null);
    else this.#refuse(client_msg_id, title);
  }

  // Reading

  async #load(): Promise<void> {
    if (this.#loading || this.log.ready || this.#stopped) return;
    this.#loading = true;
    try {
      const page = await this.world.page({});
      if (!this.#stopped && !this.log.ready) {
        this.log.latest(page);
        this.problem = "";
        this.#hello();
        this.#arrived(page.messages);
      }
    } catch (error) {
      const failure = this.world.failure(error);
      this.problem = failure.message;
      this.#later("load", this.#wait(failure, ++this.#healTries + 2), () => void this.#load());
      this.ears.changed();
    }
    this.#loading = false;
  }

  /** What has not come after a while is asked for. */
  #heal(wait: number): void {
    if (!this.log.isBehind) {
      this.#cancel("heal");
      return;
    }
    if (this.#healing || this.#timers.has("heal")) return;
    this.#later("heal", wait, () => void this.#fetch());
  }

  async #fetch(): Promise<void> {
    this.#healing = true;
    let arrived: Message[] = [];
    let again: number | null = null;
    try {
      const after = this.log.complete;
      const page = await this.world.page({ after });
      this.log.newer(after, page);
      arrived = page.messages;
      const came = this.log.complete > after;
      this.#healTries = came ? 0 : this.#healTries + 1;
      if (this.log.isBehind) again = came ? 0 : this.#backOff(this.#healTries + 1);
    } catch (error) {
      again = this.#wait(this.world.failure(error), ++this.#healTries + 1);
    }
    this.#healing = false;
    if (this.#stopped || this.over) return;
    if (again !== null) this.#later("heal", again, () => void this.#fetch());
    this.#arrived(arrived);
  }

  /** Too much was missed: the latest page, and nothing of what was before. */
  async #startOver(): Promise<void> {
    this.#cancel("heal");
    this.#healing = true;
    let again = false;
    let messages: Message[] = [];
    try {
      const page = await this.world.page({});
      messages = page.messages;
      this.log.latest(page);
    } catch {
      again = true;
    }
    this.#healing = false;
    if (this.#stopped || this.over) return;
    if (again)
      this.#later("start over", this.#backOff(++this.#healTries), () => void this.#startOver());
    this.#arrived(messages);
  }

  /** What is shown may have changed while nobody told us. The latest comes first: it is what is mostly looked at. */
  async #again(): Promise<void> {
    const run = ++this.#refreshes;
    let before: number | undefined;
    for (let count = 0; count < pagesAgain; count += 1) {
      try {
        const page = await this.world.page(before === undefined ? {} : { before });
        if (run !== this.#refreshes || this.#stopped || this.over) return;
        const start = page.messages[0]?.seq;
        // A page that begins after all that is known is the socket's to fill in.
        this.log.again(page);
        this.#arrived(page.messages);
        if (start === undefined || start <= this.log.from || page.messages.length < pageSize)
          return;
        before = start;
      } catch {
        if (run === this.#refreshes)
          this.#later("again", this.#backOff(count + 2), () => void this.#again());
        return;
      }
    }
  }

  // Saying

  /** One at a time, so that what is written first is there first. */
  #flush(): void {
    if (this.#sending || this.#stopped || this.over || this.#timers.has("flush")) return;
    const pending = this.outbox.next;
    if (!pending) return;
    this.sendsAt = null;
    this.#sending = pending.client_msg_id;
    if (this.isLive) {
      this.#send(this.#current, {
        type: "message",
        client_msg_id: pending.client_msg_id,
        text: pending.text,
        reply_to: pending.reply_to?.seq ?? null,
      });
      this.#later("echo", pace.echo, () => void this.#post(pending));
    } else void this.#post(pending);
  }

  #flushLater(failure: Failure | null): void {
    this.#sendTries += 1;
    const wait = this.#wait(failure, this.#sendTries + 1);
    this.sendsAt = failure && isBusy(failure) ? this.world.now() + wait : null;
    this.ears.changed();
    this.#later("flush", wait, () => this.#flush());
  }

  async #post(pending: Pending): Promise<void> {
    const id = pending.client_msg_id;
    try {
      const message = await this.world.post({
        client_msg_id: id,
        text: pending.text,
        reply_to: pending.reply_to?.seq ?? null,
      });
      // Whoever has gone on to another room finds it said when they are back.
      this.outbox.came(message);
      if (this.#stopped) return;
      this.log.take([message]);
      this.#sent(id);
      this.#heal(pace.gap);
      this.#tell();
    } catch (error) {
      const failure = this.world.failure(error);
      const { status, code, message } = failure;
      if (this.#stopped || this.#sending !== id) return;
      this.#sending = null;
      const passes = status === 0 || status === 429 || status >= 500;
      if (passes) return this.#flushLater(failure);
      if (status === 403) this.ears.standing();
      if (code === "banned") return this.#end("banned");
      this.#refuse(id, message);
    }
  }

  #sent(clientMsgId: string): void {
    this.#sendTries = 0;
    if (this.#sending === clientMsgId) {
      this.#sending = null;
      this.#cancel("echo");
    }
    this.#flush();
  }

  #refuse(clientMsgId: string, problem: string): void {
    this.#sendTries = 0;
    this.outbox.change(clientMsgId, { problem });
    this.ears.changed();
    this.#flush();
  }

  // Timers

  #tell(): void {
    this.outbox.forgetUpTo(this.log.ready ? this.log.complete : 0);
    this.ears.changed();
  }

  #later(name: string, ms: number, run: () => void): void {
    this.#cancel(name);
    if (this.#stopped || this.over) return;
    this.#timers.set(
      name,
      this.world.later(ms, () => {
        this.#timers.delete(name);
        run();
      }),
    );
  }

  #cancel(name: string): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }

  #during(link: Link, name: string, ms: number, run: () => void): void {
    this.#cancelIn(link, name);
    link.cancels.set(
      name,
      this.world.later(ms, () => {
        link.cancels.delete(name);
        run();
      }),
    );
  }

  #cancelIn(link: Link, name: string): void {
    link.cancels.get(name)?.();
    link.cancels.delete(name);
  }
}
