// The socket of a channel: tickets, reconnects with backoff, renewal before expiry, and heartbeats.
import { isBusy, retryDelay } from "./backoff";
import { type Lifetime, Timers } from "./timers";
import type { ChannelEnvironment, Failure, Socket, Welcome } from "./types";

export const timing = {
  pingInterval: 30_000,
  pongTimeout: 10_000,
  wakePongTimeout: 4_000,
  welcomeTimeout: 12_000,
  delayedAfter: 1_000,
  renewBefore: 60_000,
  stableAfter: 5_000,
} as const;

type Environment = Pick<
  ChannelEnvironment<never, never>,
  "now" | "setClock" | "random" | "later" | "ticket" | "socket" | "failure"
>;

export interface ConnectionHandlers<W extends Welcome> {
  /** Returns the first frame of a connection; null while it cannot be built yet. */
  hello(): object | null;
  /** Returns a heartbeat frame. */
  ping(): object;
  /** Returns true when a failed connect must not be retried. */
  isFatal(failure: Failure): boolean;
  welcomed(frame: W, isReconnect: boolean): void;
  received(frame: { type: string }): void;
  disconnected(): void;
  changed(): void;
}

interface Link {
  socket: Socket | null;
  isOpen: boolean;
  saidHello: boolean;
  timers: Timers;
}

export class Connection<W extends Welcome> {
  /** A socket is open and welcomed. */
  isConnected = false;
  wasConnected = false;
  /** Disconnected for long enough to show it. */
  isDelayed = false;
  /** When the next attempt starts, if the server is busy. */
  reconnectAt: number | null = null;
  #current: Link | null = null;
  #next: Link | null = null;
  #attempt = 0;
  #timers: Timers;

  constructor(
    private readonly env: Environment,
    private readonly lifetime: Lifetime,
    private readonly handlers: ConnectionHandlers<W>,
  ) {
    this.#timers = new Timers(env, lifetime);
  }

  /** Opens a connection. The current one stays in use until the new one is welcomed. */
  connect(): void {
    if (this.lifetime.isOver || this.#next) return;
    this.#timers.cancel("connect");
    this.reconnectAt = null;
    const timers = new Timers(this.env, this.lifetime);
    const link: Link = { socket: null, isOpen: false, saidHello: false, timers };
    this.#next = link;
    timers.start("welcome", timing.welcomeTimeout, () => this.#failed(link, null));
    this.env.ticket().then(
      ({ url }) => this.#open(link, url),
      (error: unknown) => this.#failed(link, this.env.failure(error)),
    );
  }

  #open(link: Link, url: string): void {
    if (this.#next !== link) return;
    try {
      link.socket = this.env.socket(url, {
        opened: () => {
          link.isOpen = true;
          this.sayHello();
        },
        received: (text) => this.#received(link, text),
        closed: () => this.#closed(link),
      });
    } catch {
      this.#failed(link, null);
    }
  }

  /** Sends the hello frame once the socket is open and the frame can be built. */
  sayHello(): void {
    const link = this.#next;
    if (!link?.isOpen || link.saidHello) return;
    const frame = this.handlers.hello();
    if (!frame) return;
    link.saidHello = true;
    this.#send(link, frame);
  }

  send(frame: object): void {
    this.#send(this.#current, frame);
  }

  ping(timeout: number): void {
    const link = this.#current;
    if (!link) return;
    this.#send(link, this.handlers.ping());
    if (!link.timers.has("pong")) link.timers.start("pong", timeout, () => this.#closed(link));
  }

  /** Checks an open connection, or reconnects without waiting for the backoff. */
  wake(): void {
    if (this.#current) this.ping(timing.wakePongTimeout);
    else if (!this.#next) {
      this.#attempt = 0;
      this.connect();
    }
  }

  /** Closes everything for good. */
  close(): void {
    this.#timers.cancelAll();
    const links = [this.#current, this.#next];
    this.#current = this.#next = null;
    for (const link of links) this.#drop(link);
    this.isConnected = false;
    this.isDelayed = false;
  }

  /** Marks the connection as delayed, unless it is welcomed soon. */
  watchDelay(): void {
    this.#timers.start("delay", timing.delayedAfter, () => {
      this.isDelayed = true;
      this.handlers.changed();
    });
  }

  #received(link: Link, text: string): void {
    if (link !== this.#current && link !== this.#next) return;
    link.timers.cancel("pong");
    let frame: { type: string };
    try {
      frame = JSON.parse(text) as { type: string };
    } catch {
      return;
    }
    if (frame.type === "welcome") this.#welcomed(link, frame as W);
    else this.handlers.received(frame);
  }

  #welcomed(link: Link, frame: W): void {
    if (link !== this.#next) return;
    this.env.setClock(Date.parse(frame.now));
    const isReconnect = this.wasConnected && !this.isConnected;
    link.timers.cancel("welcome");
    this.#drop(this.#current);
    this.#current = link;
    this.#next = null;
    this.isConnected = true;
    this.wasConnected = true;
    this.isDelayed = false;
    this.#timers.cancel("delay");
    link.timers.start("stable", timing.stableAfter, () => {
      this.#attempt = 0;
    });
    link.timers.start("ping", timing.pingInterval, () => this.#heartbeat(link));
    const left = Date.parse(frame.until) - this.env.now() - timing.renewBefore;
    // A past or invalid expiry would renew in a loop.
    if (Number.isFinite(left)) {
      const delay = Math.max(left, timing.stableAfter) * (1 - 0.05 * this.env.random());
      link.timers.start("renew", delay, () => this.connect());
    }
    this.handlers.welcomed(frame, isReconnect);
  }

  #heartbeat(link: Link): void {
    this.ping(timing.pongTimeout);
    link.timers.start("ping", timing.pingInterval, () => this.#heartbeat(link));
  }

  #closed(link: Link): void {
    if (link === this.#next) {
      this.#failed(link, null);
      return;
    }
    if (link !== this.#current) return;
    this.#drop(link);
    this.#current = null;
    this.isConnected = false;
    this.watchDelay();
    this.handlers.disconnected();
    if (!this.#next) this.#retry(null);
    this.handlers.changed();
  }

  #failed(link: Link, failure: Failure | null): void {
    if (link !== this.#next) return;
    this.#drop(link);
    this.#next = null;
    if (failure && this.handlers.isFatal(failure)) return;
    this.#retry(failure);
  }

  #retry(failure: Failure | null): void {
    const wait = retryDelay(failure, this.#attempt++, this.env.random);
    this.reconnectAt = failure && isBusy(failure) ? this.env.now() + wait : null;
    this.#timers.start("connect", wait, () => this.connect());
    if (this.reconnectAt !== null) this.handlers.changed();
  }

  #send(link: Link | null, frame: object): void {
    try {
      link?.socket?.send(JSON.stringify(frame));
    } catch {
      // A closing socket reports its end by itself.
    }
  }

  #drop(link: Link | null): void {
    link?.timers.cancelAll();
    link?.socket?.close();
  }
}
