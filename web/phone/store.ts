// State of the phone: people, messages and pending sends.
import type { Channel, Content, Message, Outgoing, Person } from "../api/phone";
import type { Snapshot } from "../api/state";
import { Outbox, type Pending } from "../messenger/outbox";
import { call, explain } from "../ui/call";
import { setClock } from "../ui/clock";
import { Stream } from "../ui/stream";
import { isFinal, merge } from "./merge";

/** A message of the person: what is sent, and what is shown until then. */
export interface Draft {
  out: Exclude<Outgoing, { type: "reaction" }>;
  content: Content;
}

type Accepted = { id: string; seq: number };

export interface Chat {
  messages: Message[] | undefined;
  outbox: Outbox<Draft, Accepted>;
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
  /**
   * Own messages that the stream delivered during a send: one of them may be the one being sent.
   */
  #parked = new Map<string, Message[]>();

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
      const outbox = this.#outbox(person);
      chat = { messages: undefined, outbox, typing: false, problem: "", keys: new Map() };
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

  send(id: string, out: Draft["out"], content: Content): void {
    const { messages, outbox } = this.chat(id);
    outbox.add({ out, content }, messages?.at(-1)?.seq ?? 0);
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

  #outbox(id: string): Outbox<Draft, Accepted> {
    return new Outbox<Draft, Accepted>(({ out }) => call("POST", `${path(id)}/messages`, out), {
      accepted: (sent, pending) => this.#accepted(id, sent, pending),
      settled: () => this.#unpark(id),
      changed: this.changed,
    });
  }

  #accepted(
    id: string,
    { id: messageId, seq }: Accepted,
    { key, at, draft }: Pending<Draft>,
  ): number {
    this.chat(id).keys.set(messageId, key);
    const message: Message = {
      id: messageId,
      seq,
      at,
      from: "person",
      status: "sending",
      error: null,
      context_id: "reply_to" in draft.out ? draft.out.reply_to : null,
      reaction: null,
      content: draft.content,
    };
    this.#put(id, message, true);
    return seq;
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
    if (message.from === "person" && !known && this.chat(id).outbox.isSending) {
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
      void chat.outbox.flush();
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
