// The read cursor of a room, its unread count, and the announcements for screen readers.
import { plural } from "../ui/format";
import type { RoomChannel } from "./channel";
import type { Message } from "./contract";
import { store } from "./storage";
import { tipText } from "./words";

/** Messages kept while scrolled to the end; older ones are fetched again on scrolling up. */
const MAX_VISIBLE_MESSAGES = 500;
const ANNOUNCE_INTERVAL_MS = 1_500;
const MAX_READ_ALOUD = 2;

export interface ReaderContext {
  code(): string;
  userId(): string;
  channel(): RoomChannel | null;
  isHost(): boolean;
  /** The view is scrolled to the latest message. */
  isAtEnd(): boolean;
  isBlocked(message: Message): boolean;
  announce(text: string): void;
}

export class RoomReader {
  /** Messages that arrived while the page was hidden. */
  unread = 0;
  #announcedUpTo = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly context: ReaderContext) {}

  reset(): void {
    this.stop();
    this.#announcedUpTo = 0;
    this.unread = 0;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Marks messages as read when the page is visible and scrolled to the end. */
  markRead(): void {
    const channel = this.context.channel();
    if (!channel?.log.ready) return;
    const isAtEnd = this.context.isAtEnd();
    if (isAtEnd) channel.log.keepLatest(MAX_VISIBLE_MESSAGES);
    if (document.hidden) {
      const isUnread = ({ seq, user_id }: Message) =>
        seq > channel.readSeq && user_id !== this.context.userId();
      this.unread = channel.log.visible.filter(isUnread).length;
    }
    if (document.hidden || !isAtEnd) return;
    this.unread = 0;
    if (channel.log.complete <= channel.readSeq) return;
    channel.readSeq = channel.log.complete;
    store(`seen.${this.context.code()}`, channel.readSeq);
  }

  /** Announces new messages in batches, without history. */
  announceNew(): void {
    const channel = this.context.channel();
    if (!channel?.log.ready) return;
    const { log } = channel;
    if (this.#announcedUpTo === 0) this.#announcedUpTo = Math.max(1, log.complete + 1);
    if (this.#timer || log.complete < this.#announcedUpTo) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const fresh = log.visible.filter((message) => this.#isNews(message));
      this.#announcedUpTo = log.complete + 1;
      if (fresh.length > 0) this.context.announce(this.#text(fresh));
    }, ANNOUNCE_INTERVAL_MS);
  }

  #isNews(message: Message): boolean {
    const { seq, user_id, is_deleted } = message;
    if (seq < this.#announcedUpTo || is_deleted) return false;
    return user_id !== this.context.userId() && !this.context.isBlocked(message);
  }

  #text(fresh: Message[]): string {
    if (fresh.length > MAX_READ_ALOUD) return plural(fresh.length, "new message");
    const isHost = this.context.isHost();
    return fresh
      .map(({ username, text, tip }) =>
        tip ? tipText(username, tip, isHost) : `${username}: ${text}`,
      )
      .join(". ");
  }
}
