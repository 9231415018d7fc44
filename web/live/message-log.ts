// Messages by number: each once, in order, and without gaps in the visible range.
import type { ChannelMessage, ChannelPage } from "./types";

export class MessageLog<M extends ChannelMessage> {
  /** Whether the first page has loaded. */
  ready = false;
  /** The first visible number. */
  from = 1;
  /** The cursor: nothing is missing between `from` and here. */
  complete = 0;
  /** The latest number that the server has announced. */
  last = 0;
  /** The oldest number that the server keeps. */
  first = 1;
  #known = new Map<number, M>();
  /** Numbers after `after` up to `last` were received, though some have no visible message. */
  #covered: { after: number; last: number }[] = [];
  #visible: M[] | null = null;

  /** The visible messages. The array is the same one until something changes. */
  get visible(): M[] {
    if (!this.#visible) {
      this.#visible = [];
      for (let seq = this.from; seq <= this.complete; seq += 1) {
        const message = this.#known.get(seq);
        if (message) this.#visible.push(message);
      }
    }
    return this.#visible;
  }

  /** Whether announced messages are missing. */
  get isBehind(): boolean {
    return this.ready && this.complete < this.last;
  }

  get hasOlder(): boolean {
    return this.ready && this.from > this.first;
  }

  get(seq: number): M | undefined {
    return this.#known.get(seq);
  }

  /** Takes messages in any order, with duplicates. */
  take(messages: M[], last = 0): void {
    for (const message of messages) {
      // Messages before the visible range are fetched on scrolling there.
      if (this.ready && message.seq < this.from) continue;
      this.#put(message);
      this.last = Math.max(this.last, message.seq);
    }
    this.announce(last);
  }

  /** Takes messages that are all which the user may see after `after`, up to `last`. */
  takeRange(messages: M[], after: number, last: number): void {
    this.take(messages);
    if (last > this.complete) this.#covered.push({ after, last });
    this.announce(last);
  }

  /** Notes the latest number on the server. */
  announce(last: number): void {
    this.last = Math.max(this.last, last);
    this.#advance();
  }

  /** Starts over from the latest page and forgets everything before it. */
  reset({ messages, through, last_seq, first_seq }: ChannelPage<M>): void {
    const start = messages[0]?.seq ?? last_seq + 1;
    for (const seq of [...this.#known.keys()]) if (seq < start) this.#known.delete(seq);
    this.ready = true;
    this.from = start;
    this.first = Math.min(first_seq, start);
    this.complete = start - 1;
    this.#fill(messages, start, through);
    this.announce(last_seq);
  }

  /** Adds the page before the visible range. */
  prepend({ messages, first_seq }: ChannelPage<M>): void {
    const start = messages[0]?.seq;
    this.first = start === undefined ? this.from : Math.min(first_seq, start);
    if (start === undefined || start >= this.from) return;
    for (const message of messages) this.#put(message);
    this.from = start;
    this.#visible = null;
  }

  /** Adds the page after `after`, which was the cursor when the page was requested. */
  append(after: number, { messages, through, last_seq, first_seq }: ChannelPage<M>): void {
    if (after >= this.from - 1 && after <= this.complete)
      this.#fill(messages, Math.max(after + 1, first_seq), through);
    this.announce(last_seq);
  }

  /** Forgets all but the latest `count` messages; older ones are fetched on scrolling there. */
  keepLatest(count: number): void {
    const from = this.complete - count + 1;
    if (!this.ready || from <= this.from) return;
    for (const seq of [...this.#known.keys()]) if (seq < from) this.#known.delete(seq);
    this.from = from;
    this.#visible = null;
  }

  /** A page is complete between its first and last message: numbers missing there have expired or are hidden. */
  #fill(messages: M[], start: number, through = 0): void {
    for (const message of messages) this.#put(message);
    this.complete = Math.max(this.complete, messages.at(-1)?.seq ?? 0, start - 1, through);
    this.#advance();
  }

  #put(message: M): void {
    const known = this.#known.get(message.seq);
    if (known && known.rev >= message.rev) return;
    this.#known.set(message.seq, message);
    this.#visible = null;
  }

  #advance(): void {
    if (!this.ready) return;
    const before = this.complete;
    for (;;) {
      const covered = this.#covered.find(
        ({ after, last }) => after <= this.complete && last > this.complete,
      );
      if (covered) this.complete = covered.last;
      else if (this.#known.has(this.complete + 1)) this.complete += 1;
      else break;
    }
    this.#covered = this.#covered.filter(({ last }) => last > this.complete);
    if (this.complete !== before) this.#visible = null;
    this.last = Math.max(this.last, this.complete);
  }
}
