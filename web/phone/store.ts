// State of the phone: people, messages and pending sends.
import type { Channel, Content, Message, Outgoing, Person } from "../api/phone";
import type { Snapshot } from "../api/state";
import { CallError, call, explain } from "../ui/call";
import { now, setClock } from "../ui/clock";
import { Stream } from "../ui/stream";
import { isFinal, merge } from "./merge";

/** A message that local has not accepted yet. */
export interface Pending {
  key: string;
  after: number;
  at: number;
  out: Exclude<Outgoing, { type: "reaction" }>;
  content: Content;
  problem: string;
}

export interface Chat {
  messages: Message[] | undefined;
  pending: Pending[];
  typing: boolean;
  problem: string;
  /** The key of a message while it was pending, so that it stays the same bubble. */
  keys: Map<string, string>;
}

const TYPING_TTL_MS = 25_000;

export class PhoneStore {
  readonly stream = new Stream("/api/phone/stream", ["message", "typing"]);
  people: Person[] | undefined;
  problem = "";
  #chats = new Map<string, Chat>();
  #typing = new Map<string, ReturnType<typeof setTimeout>>();
  #sending = new Set<string>();
  /**
   * Own messages that the stream delivered during a send: one of them may be the one being sent.
   */
  #parked = new Map<string, Message[]>();
  #keys = 0;

  constructor(private readonly changed: () => void) {
    this.stream.on<{ person: string; message: Message }>("message", ({ person, message }) =>
      this.#arrived(person, message),
    );
    this.stream.on<{ person: string }>("typing", ({ person }) => this.#showTyping(person));
    this.stream.on("connection", changed);
    this.stream.on("resumed", () => void this.#resume());
    void this.loadPeople();
    void this.#readClock();
  }

  chat(person: string): Chat {
    let chat = this.#chats.get(person);
    if (!chat) {
      chat = { messages: undefined, pending: [], typing: false, problem: "", keys: new Map() };
      this.#chats.set(person, chat);
    }
    return chat;
  }

  async loadPeople(): Promise<void> {
    try {
      this.people = await call<Person[]>("GET", "/api/phone/people");
      this.problem = "";
    } catch (error) {
      this.problem = explain(error);
    }
    this.changed();
  }

  /**
   * Fetches unknown messages: all at first, later from the oldest message that can still change.
   */
  async loadMessages(id: string): Promise<void> {
    const chat = this.chat(id);
    const known = chat.messages ?? [];
    const open = known.find((message) => !isFinal(message));
    const after = open ? open.seq - 1 : (known.at(-1)?.seq ?? 0);
    try {
      const messages = await call<Message[]>("GET", `${path(id)}/messages?after=${after}`);
      chat.messages = messages.reduce(merge, chat.messages ?? []);
      chat.problem = "";
    } catch (error) {
      chat.problem = explain(error);
    }
    this.changed();
  }

  async addPerson(name: string, channel: Channel, hideNumber: boolean): Promise<Person> {
    const person = await call<Person>("POST", "/api/phone/people", {
      name,
      channel,
      hide_number: hideNumber,
    });
    if (!this.people?.some(({ id }) => id === person.id))
      this.people = [...(this.people ?? []), person];
    this.changed();
    return person;
  }

  async read(id: string): Promise<void> {
    const person = this.#person(id);
    if (!person || person.unread === 0) return;
    person.unread = 0;
    this.changed();
    try {
      await call("POST", `${path(id)}/read`);
    } catch {
      // Fetched again with the next message or the next visit to this chat.
      person.unread = 1;
    }
  }

  send(id: string, out: Pending["out"], content: Content): void {
    const chat = this.chat(id);
    const after = Math.max(chat.messages?.at(-1)?.seq ?? 0, chat.pending.at(-1)?.after ?? 0);
    chat.pending = [
      ...chat.pending,
      { key: `out-${++this.#keys}`, after, at: now(), out, content, problem: "" },
    ];
    this.changed();
    void this.#flush(id);
  }

  retry(id: string, key: string): void {
    const chat = this.chat(id);
    chat.pending = chat.pending.map((each) => (each.key === key ? { ...each, problem: "" } : each));
    this.changed();
    void this.#flush(id);
  }

  discard(id: string, key: string): void {
    const chat = this.chat(id);
    chat.pending = chat.pending.filter((each) => each.key !== key);
    this.changed();
  }

  async react(id: string, message: Message, emoji: string): Promise<void> {
    const before = message.reaction;
    this.#put(id, { ...message, reaction: emoji || null });
    try {
      await call("POST", `${path(id)}/messages`, {
        type: "reaction",
        message_id: message.id,
        emoji,
      } satisfies Outgoing);
    } catch (error) {
      this.#put(id, { ...message, reaction: before });
      throw error;
    }
  }

  /** Sends one at a time, in order. Unreachable: waits until local is back. */
  async #flush(id: string): Promise<void> {
    if (this.#sending.has(id)) return;
    this.#sending.add(id);
    const chat = this.chat(id);
    for (;;) {
      const next = chat.pending.find(({ problem }) => problem === "");
      if (!next) break;
      try {
        const { id: messageId, seq } = await call<{ id: string; seq: number }>(
          "POST",
          `${path(id)}/messages`,
          next.out,
        );
        chat.keys.set(messageId, next.key);
        chat.pending = chat.pending.filter(({ key }) => key !== next.key);
        const context = "reply_to" in next.out ? next.out.reply_to : null;
        this.#put(
          id,
          {
            id: messageId,
            seq,
            at: next.at,
            from: "person",
            status: "sending",
            error: null,
            context_id: context,
            reaction: null,
            content: next.content,
          },
          true,
        );
      } catch (error) {
        if (error instanceof CallError && error.unreachable) break;
        chat.pending = chat.pending.map((each) =>
          each.key === next.key ? { ...each, problem: explain(error) } : each,
        );
      }
      this.#unpark(id);
    }
    this.#sending.delete(id);
    this.#unpark(id);
    this.changed();
  }

  #unpark(id: string): void {
    const parked = this.#parked.get(id) ?? [];
    this.#parked.delete(id);
    for (const message of parked) this.#put(id, message);
  }

  #arrived(id: string, message: Message): void {
    const person = this.#person(id);
    if (!person) return void this.loadPeople();
    const known =
      this.chat(id).messages?.some((each) => each.id === message.id) ??
      message.seq <= (person.last?.seq ?? 0);
    if (message.from === "person" && !known && this.#sending.has(id)) {
      this.#parked.set(id, [...(this.#parked.get(id) ?? []), message]);
      return;
    }
    if (message.from === "bot" && !known) {
      person.unread += 1;
      this.#hideTyping(id);
    }
    this.#put(id, message);
  }

  /** `guess`: an optimistic update that never overwrites one from the stream. */
  #put(id: string, message: Message, guess = false): void {
    const chat = this.chat(id);
    const known = chat.messages?.some((each) => each.id === message.id);
    if (chat.messages && !(guess && known)) chat.messages = merge(chat.messages, message);
    const person = this.#person(id);
    if (person && message.seq >= (person.last?.seq ?? 0) && !(guess && known))
      person.last = message;
    this.changed();
  }

  #person(id: string): Person | undefined {
    return this.people?.find((person) => person.id === id);
  }

  #showTyping(id: string): void {
    clearTimeout(this.#typing.get(id));
    this.#typing.set(
      id,
      setTimeout(() => this.#hideTyping(id), TYPING_TTL_MS),
    );
    this.chat(id).typing = true;
    this.changed();
  }

  #hideTyping(id: string): void {
    clearTimeout(this.#typing.get(id));
    this.chat(id).typing = false;
    this.changed();
  }

  async #resume(): Promise<void> {
    await Promise.all([this.loadPeople(), this.#readClock()]);
    for (const [id, chat] of this.#chats) {
      if (chat.messages) await this.loadMessages(id);
      this.#hideTyping(id);
      void this.#flush(id);
    }
  }

  async #readClock(): Promise<void> {
    try {
      setClock((await call<Snapshot>("GET", "/api/state")).now);
      this.changed();
    } catch {
      // Only day names depend on it, and the laptop's clock is nearly always right.
    }
  }
}

function path(person: string): string {
  return `/api/phone/people/${encodeURIComponent(person)}`;
}
