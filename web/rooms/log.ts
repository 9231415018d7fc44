// The messages of one room by their number: each once, in order, and without gaps in what is shown. Knows no network and no page.
import type { Message, Page } from "./contract";

export class Log {
  /** A first page is there. */
  ready = false;
  /** The first message that is shown. */
  from = 1;
  /** From `from` to here nothing is missing. */
  complete = 0;
  /** The last message that the server has told of. */
  last = 0;
  /** The first message that the server still keeps. */
  first = 1;
  #known = new Map<number, Message>();
  #shown: Message[] | null = null;

  /** What is shown. The same array as before when nothing has changed. */
  get shown(): Message[] {
    if (!this.#shown) {
      this.#shown = [];
      for (let seq = this.from; seq <= this.complete; seq += 1) {
        const message = this.#known.get(seq);
        if (message) this.#shown.push(message);
      }
    }
    return this.#shown;
  }

  get isBehind(): boolean {
    return this.ready && this.complete < this.last;
  }

  get hasOlder(): boolean {
    return this.ready && this.from > this.first;
  }

  get(seq: number): Message | undefined {
    return this.#known.get(seq);
  }

  /** Messages from the socket, in any order and any number of copies. */
  take(messages: Message[], last = 0): void {
    for (const message of messages) {
      // What is older than the page is fetched when somebody scrolls there.
      if (this.ready && message.seq < this.from) continue;
      this.#put(message);
      this.last = Math.max(this.last, message.seq);
    }
    this.told(last);
  }

  told(last: number): void {
    this.last = Math.max(this.last, last);
    this.#advance();
  }

  /** The latest page: the first one, or after too much was missed. What was before it is forgotten. */
  latest({ messages, last_seq, first_seq }: Page): void {
    const start = messages[0]?.seq ?? last_seq + 1;
    for (const seq of [...this.#known.keys()]) if (seq < start) this.#known.delete(seq);
    this.ready = true;
    this.from = start;
    this.first = Math.min(first_seq, start);
    this.complete = start - 1;
    this.#fill(messages, start);
    this.told(last_seq);
  }

  /** The page before the first one that is shown. */
  older({ messages, first_seq }: Page): void {
    const start = messages[0]?.seq;
    this.first = start === undefined ? this.from : Math.min(first_seq, start);
    if (start === undefined || start >= this.from) return;
    for (const message of messages) this.#put(message);
    this.from = start;
    this.#shown = null;
  }

  /** The page after `after`, up to which everything was there when it was asked for. */
  newer(after: number, { messages, last_seq, first_seq }: Page): void {
    if (after >= this.from - 1 && after <= this.complete)
      this.#fill(messages, Math.max(after + 1, first_seq));
    this.told(last_seq);
  }

  /** What is older than the latest so many is forgotten, and fetched again when somebody scrolls there. */
  keepLatest(most: number): void {
    const from = this.complete - most + 1;
    if (!this.ready || from <= this.from) return;
    for (const seq of [...this.#known.keys()]) if (seq < from) this.#known.delete(seq);
    this.from = from;
    this.#shown = null;
  }

  /** A page that is shown already, for what has changed in it. */
  again({ messages, last_seq }: Page): void {
    this.take(messages, last_seq);
  }

  /** A page tells of everything between its first and its last message: what is missing in between is gone for good. */
  #fill(messages: Message[], start: number): void {
    for (const message of messages) this.#put(message);
    this.complete = Math.max(this.complete, messages.at(-1)?.seq ?? 0, start - 1);
    this.#advance();
  }

  #put(message: Message): void {
    const known = this.#known.get(message.seq);
    if (known && known.rev >= message.rev) return;
    this.#known.set(message.seq, message);
    this.#shown = null;
  }

  #advance(): void {
    if (!this.ready) return;
    const before = this.complete;
    while (this.#known.has(this.complete + 1)) this.complete += 1;
    if (this.complete !== before) this.#shown = null;
    this.last = Math.max(this.last, this.complete);
  }
}
