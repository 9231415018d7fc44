// State of the simulated Telegram's clients: people, chats and messages.
import type { Snapshot } from "../api/state";
import type { Chat, Message, NewMessage, Person, Sign, User } from "../api/telegram";
import type { Attachment } from "../messenger/attachment";
import { Outbox } from "../messenger/outbox";
import { call, explain } from "../ui/call";
import { setClock } from "../ui/clock";
import { Stream } from "../ui/stream";
import { type Draft, type Item, inOrder, pendingItem, sentItem } from "./item";
import { Taps } from "./taps";

const ACTION_MS = 5_000;
const DRAFT_MS = 30_000;
/** Chats whose latest message the list shows from the start. */
const MAX_PREVIEWS = 50;
const PREVIEW_CONCURRENCY = 4;

export interface ChatState {
  messages: Message[] | undefined;
  outbox: Outbox<Draft, Message>;
  sign: Sign | null;
  unread: number;
  problem: string;
  /** The key of a message while it was pending, so that it stays the same bubble. */
  keys: Map<number, string>;
  /** Messages that the stream delivered while others were fetched or sent. */
  parked: Message[];
  /** Numbers of the latest fetch that was started, and of the one that ended. */
  asked: number;
  loaded: number;
}

export class TelegramStore {
  readonly stream = new Stream("/api/telegram/stream", [
    "message",
    "sign",
    "callback",
    "call",
    "violation",
    "update",
    "chats",
    "commands",
    "missed",
  ]);
  readonly taps: Taps;
  people: Person[] = [];
  chats: Chat[] | undefined;
  bot: User | undefined;
  problem = "";
  #states = new Map<number, ChatState>();
  #signs = new Map<number, ReturnType<typeof setTimeout>>();
  #open = 0;
  #turn = 0;

  constructor(private readonly changed: () => void) {
    const { stream } = this;
    this.taps = new Taps(stream, changed);
    stream.on<{ chat: number; message: Message }>("message", ({ chat, message }) =>
      this.#arrived(chat, message),
    );
    stream.on<{ chat: number; sign: Sign; ms: number }>("sign", ({ chat, sign, ms }) =>
      this.#showSign(chat, sign, ms),
    );
    stream.on("chats", () => void this.load());
    stream.on("connection", changed);
    stream.on("missed", () => void this.#resume());
    stream.on("resumed", () => void this.#resume());
    void this.#start();
  }

  state(chat: number): ChatState {
    let state = this.#states.get(chat);
    if (!state) {
      state = {
        messages: undefined,
        outbox: this.#outbox(chat),
        sign: null,
        unread: 0,
        problem: "",
        keys: new Map(),
        parked: [],
        asked: 0,
        loaded: 0,
      };
      this.#states.set(chat, state);
    }
    return state;
  }

  items(chat: number): Item[] {
    const { messages = [], outbox, keys } = this.state(chat);
    const sent = messages.map((message) =>
      sentItem(message, keys.get(message.message_id) ?? String(message.message_id)),
    );
    return inOrder([...sent, ...outbox.list.map(pendingItem)]);
  }

  person(id: number): Person | undefined {
    return this.people.find((person) => person.id === id);
  }

  /** Fetches people and chats, and forgets chats that a reset has deleted. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const [bot, people, chats] = await Promise.all([
        call<User>("GET", "/api/telegram/bot"),
        call<Person[]>("GET", "/api/telegram/people"),
        call<Chat[]>("GET", "/api/telegram/chats"),
      ]);
      // A later fetch knows more.
      if (turn !== this.#turn) return;
      this.bot = bot;
      this.people = people;
      this.chats = chats;
      this.problem = "";
      for (const { id, sign } of chats)
        if (sign) this.#showSign(id, sign, "draft" in sign ? DRAFT_MS : ACTION_MS);
      for (const id of this.#states.keys())
        if (!chats.some((chat) => chat.id === id)) this.#states.delete(id);
    } catch (error) {
      this.problem = explain(error);
    }
    this.changed();
  }

  async loadMessages(id: number): Promise<void> {
    const state = this.state(id);
    const turn = ++state.asked;
    let { messages } = state;
    let problem = "";
    try {
      messages = await call<Message[]>("GET", `${path(id)}/messages`);
    } catch (error) {
      problem = explain(error);
    }
    if (turn !== state.asked) return;
    Object.assign(state, { messages, problem, loaded: turn });
    this.#unpark(id);
    this.changed();
  }

  /** Opens a chat; 0 stands for none. */
  open(id: number): void {
    this.#open = id;
    if (id === 0) return;
    this.state(id).unread = 0;
    if (this.state(id).asked === 0) void this.loadMessages(id);
  }

  async addPerson(profile: Partial<Person>): Promise<Person> {
    const person = await call<Person>("POST", "/api/telegram/people", profile);
    await this.load();
    return person;
  }

  async addGroup(title: string, members: number[], supergroup: boolean): Promise<Chat> {
    const group = { title, members, supergroup };
    const chat = await call<Chat>("POST", "/api/telegram/groups", group);
    await this.load();
    return chat;
  }

  /** Blocks or unblocks the bot in a private chat, or adds it to a group or removes it. */
  async setMembership(chat: Chat, by: number, status: Chat["bot"]): Promise<void> {
    await call("PUT", `${path(chat.id)}/bot`, { by, status });
    await this.load();
  }

  async deactivate(person: number): Promise<void> {
    await call("POST", `/api/telegram/people/${person}/deactivate`);
    await this.load();
  }

  async migrate(group: number): Promise<Chat> {
    const chat = await call<Chat>("POST", `/api/telegram/groups/${group}/migrate`);
    await this.load();
    return chat;
  }

  sendText(chat: number, author: User, text: string, replyTo: Message | null = null): void {
    this.#send(chat, author, { text }, null, replyTo);
  }

  /** Sends files, the first one with the caption. Several photos form an album. */
  sendFiles(
    chat: number,
    author: User,
    files: Attachment[],
    caption: string,
    replyTo: Message | null,
  ): void {
    const isAlbum = files.length > 1 && files.every(({ isPhoto }) => isPhoto);
    const group = isAlbum ? { media_group_id: String(Date.now()) } : {};
    for (const [index, file] of files.entries()) {
      const content = file.isPhoto
        ? { photo: file.data, raw: group }
        : { document: file.data, file_name: file.name };
      const text = index === 0 ? { text: caption } : {};
      this.#send(chat, author, { ...content, ...text }, file, index === 0 ? replyTo : null);
    }
  }

  async #start(): Promise<void> {
    await Promise.all([this.load(), this.#readClock()]);
    const rest = (this.chats ?? []).slice(-MAX_PREVIEWS).map(({ id }) => id);
    const work = async () => {
      for (let id = rest.pop(); id !== undefined; id = rest.pop())
        if (this.state(id).asked === 0) await this.loadMessages(id);
    };
    await Promise.all(Array.from({ length: PREVIEW_CONCURRENCY }, work));
  }

  #send(
    chat: number,
    author: User,
    content: Omit<NewMessage, "from">,
    file: Attachment | null,
    replyTo: Message | null,
  ): void {
    const reply = replyTo ? { reply_to: replyTo.message_id } : {};
    const out: NewMessage = { from: author.id, ...content, ...reply };
    const { outbox, messages } = this.state(chat);
    outbox.add({ chat, out, author, file, replyTo }, messages?.at(-1)?.message_id ?? 0);
  }

  #outbox(chat: number): Outbox<Draft, Message> {
    return new Outbox<Draft, Message>(({ out }) => call("POST", `${path(chat)}/messages`, out), {
      accepted: (message, { key }) => {
        this.state(chat).keys.set(message.message_id, key);
        this.#put(chat, { ...message, is_from_bot: false });
        return message.message_id;
      },
      settled: () => this.#unpark(chat),
      changed: this.changed,
    });
  }

  #arrived(id: number, message: Message): void {
    const state = this.state(id);
    const isKnown = state.messages?.some(({ message_id }) => message_id === message.message_id);
    const isNew = !isKnown && !message.is_deleted && message.edit_date === undefined;
    if (message.is_from_bot && isNew) {
      if (id !== this.#open) state.unread += 1;
      this.#hideSign(id);
    }
    // A fetch may be older than the stream, and an own message may be the one being sent.
    const isOwn = !message.is_from_bot && isNew && state.outbox.isSending;
    if (isOwn || state.asked > state.loaded) state.parked = [...state.parked, message];
    else this.#put(id, message);
  }

  #unpark(id: number): void {
    const { parked } = this.state(id);
    this.state(id).parked = [];
    for (const message of parked) this.#put(id, message);
  }

  #put(id: number, message: Message): void {
    const state = this.state(id);
    const others = state.messages?.filter(({ message_id }) => message_id !== message.message_id);
    if (others) {
      const messages = message.is_deleted ? others : [...others, message];
      state.messages = messages.sort((a, b) => a.message_id - b.message_id);
    }
    // The first message of a person starts the private chat.
    const chat = this.chats?.find((each) => each.id === id);
    if (this.chats && !chat) void this.load();
    else if (chat?.type === "private" && chat.bot === "left" && !message.is_from_bot)
      chat.bot = "member";
    this.changed();
  }

  #showSign(id: number, sign: Sign, ms: number): void {
    clearTimeout(this.#signs.get(id));
    this.#signs.set(
      id,
      setTimeout(() => this.#hideSign(id), ms),
    );
    this.state(id).sign = sign;
    this.changed();
  }

  #hideSign(id: number): void {
    clearTimeout(this.#signs.get(id));
    this.state(id).sign = null;
    this.changed();
  }

  /** Fetches again what the stream may have missed. */
  async #resume(): Promise<void> {
    await Promise.all([this.load(), this.#readClock()]);
    for (const [id, state] of this.#states) {
      if (state.asked > 0) await this.loadMessages(id);
      void state.outbox.flush();
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

function path(chat: number): string {
  return `/api/telegram/chats/${chat}`;
}

export function draftKey(chat: number): string {
  return `telegram.${chat}`;
}
