// State of one room: access, channel, presence, payment and read cursor. Knows no view.
import { now } from "../ui/clock";
import { busyUntil, rooms, session, toProblem } from "./api";
import { type Blocked, blockedPeople, isBlocked } from "./blocks";
import { type EndReason, RoomChannel } from "./channel";
import type { ClosedRoom, Page, Pin, Room, RoomUpdate } from "./contract";
import { roomEnvironment } from "./environment";
import { RoomPayment } from "./room-payment";
import { RoomPresence } from "./room-presence";
import { RoomReader } from "./room-reader";
import { readStored } from "./storage";
import { refusalText } from "./words";

export interface ModelHandlers {
  /** Something visible has changed. */
  changed(): void;
  /** Another room is entered, and everything open belongs to the previous one. */
  entering(): void;
  opened(): void;
  ended(): void;
  isPeopleListVisible(): boolean;
  /** The view is scrolled to the latest message. */
  isAtEnd(): boolean;
}

export class RoomModel {
  code = "";
  userId = "";
  problem = "";
  ended: EndReason | null = null;
  /** Grows with each change of the channel. */
  version = 0;
  /** The first unread message; 0: none. */
  newFrom = 0;
  blocked: Blocked[] = blockedPeople();
  /** The screen reader's announcement. */
  announcement = "";
  channel: RoomChannel | null = null;
  /** When the room's online count was fetched. */
  fetchedAt = -Infinity;
  #room: Room | ClosedRoom | null = null;
  /** Grows with each room that is entered, so that answers for the previous one are dropped. */
  #visit = 0;
  #online = -1;
  /** Counts updates that are newer than a running fetch. */
  #updates = 0;

  readonly payment = new RoomPayment({
    code: () => this.code,
    userId: () => this.userId,
    room: () => this.open,
    pin: () => this.pin,
    isMember: () => this.isMember,
    messages: () => this.channel?.log.visible ?? null,
    refetchRoom: () => this.refetch(),
    changed: () => this.#changed(),
  });
  readonly presence = new RoomPresence({
    code: () => this.code,
    userId: () => this.userId,
    isListVisible: () => this.handlers.isPeopleListVisible(),
    fetched: (online, own) => {
      if (own) this.#setMuted(own.is_muted);
      if (!this.channel) return;
      this.channel.setOnline(online);
      this.#online = online;
    },
    changed: () => this.#changed(),
  });
  readonly reader = new RoomReader({
    code: () => this.code,
    userId: () => this.userId,
    channel: () => this.channel,
    isHost: () => this.isHost,
    isAtEnd: () => this.handlers.isAtEnd(),
    isBlocked: ({ user_id, username }) => isBlocked(this.blocked, user_id, username),
    announce: (text) => this.#announce(text),
  });

  constructor(private readonly handlers: ModelHandlers) {}

  get room(): Room | ClosedRoom | null {
    return this.#room;
  }

  /** Replaces the room with the answer of a call that changed it. */
  set room(room: Room | ClosedRoom | null) {
    this.#room = room;
    this.fetchedAt = now();
    this.payment.followPin();
    this.payment.check();
    void this.payment.fetchEntranceFee();
    this.#changed();
  }

  /** The room, unless only its existence is known. */
  get open(): Room | null {
    return this.#room && "host" in this.#room ? this.#room : null;
  }

  /** The pin, unless it has expired or its author is blocked. */
  get pin(): Pin | null {
    const pin = this.open?.pin;
    if (!pin || Date.parse(pin.until) <= now()) return null;
    return isBlocked(this.blocked, "", pin.username) ? null : pin;
  }

  get isHost(): boolean {
    return this.open?.you.role === "host";
  }

  get isMember(): boolean {
    const role = this.#room?.you.role;
    return role === "host" || role === "member";
  }

  get mayPost(): boolean {
    const room = this.open;
    if (!room || !this.isMember || room.you.is_muted) return false;
    return !room.is_read_only || room.you.role === "host";
  }

  // Entering and leaving

  async enter(code: string, created: Room | null): Promise<void> {
    this.code = code;
    const visit = ++this.#visit;
    this.close();
    this.#room = null;
    this.problem = "";
    this.ended = null;
    this.newFrom = 0;
    this.handlers.entering();
    this.presence.clear();
    this.payment.enter();
    // The latest page is fetched in parallel with the room, since most rooms are readable.
    let first: Promise<Page> | null = null;
    try {
      this.userId = (await session()).user_id;
      if (!created) {
        first = rooms.page(this.code, {});
        first.catch(() => {});
      }
      const room = created ?? (await rooms.get(this.code));
      if (visit !== this.#visit) return;
      this.userId = (await session()).user_id;
      this.room = room;
      if (mayRead(room)) this.#openChannel(first);
    } catch (error) {
      if (visit !== this.#visit) return;
      const { status, code } = toProblem(error);
      if (status === 404) this.ended = "missing";
      else if (code === "banned") this.ended = "banned";
      else this.problem = refusalText(toProblem(error));
      this.#changed();
    }
  }

  #openChannel(first: Promise<Page> | null): void {
    const stored = readStored<number>(`seen.${this.code}`) ?? 0;
    const readSeq = Math.max(stored, this.room?.you.read_seq ?? 0);
    const channel = new RoomChannel(roomEnvironment(this.code, this.userId, first), this.userId, {
      changed: () => channel === this.channel && this.#channelChanged(channel),
      roomChanged: (room) => this.#update(room),
      pinChanged: (pin) => this.#setPin(pin),
      muteChanged: (isMuted) => this.#setMuted(isMuted),
      accessChanged: () => void this.refetch(),
      ended: (reason) => (reason === "missing" ? void this.#lost() : this.end(reason)),
    });
    this.channel = channel;
    this.reader.reset();
    channel.readSeq = readSeq;
    channel.start();
    if (readSeq > 0 && (this.open?.last_seq ?? 0) > readSeq) this.newFrom = readSeq + 1;
    void this.presence.fetch();
    this.handlers.opened();
  }

  close(): void {
    this.channel?.stop();
    this.channel = null;
    this.presence.stop();
    this.reader.stop();
    this.announcement = "";
    this.payment.stop();
  }

  end(reason: EndReason): void {
    this.payment.stop();
    this.ended = reason;
    this.handlers.ended();
    this.#changed();
  }

  /** The room is gone, or no longer readable. */
  async #lost(): Promise<void> {
    const visit = this.#visit;
    try {
      const room = await rooms.get(this.code);
      if (visit !== this.#visit) return;
      this.close();
      const isReadable = mayRead(room);
      this.room = isReadable ? null : room;
      // An automatic retry could loop forever.
      if (isReadable) this.problem = "The connection to this room was refused.";
      this.#changed();
    } catch (error) {
      if (visit !== this.#visit) return;
      const { status, message } = toProblem(error);
      if (status === 404) return this.end("missing");
      this.close();
      this.problem = message;
      this.room = null;
    }
  }

  // Updates

  #channelChanged(channel: RoomChannel): void {
    this.version += 1;
    const author = channel.log.visible.at(-1)?.user_id ?? this.userId;
    const isNewAuthor = author !== this.userId && !this.presence.has(author);
    if (channel.online !== this.#online || isNewAuthor) {
      this.#online = channel.online;
      this.presence.schedule();
    }
    this.reader.announceNew();
    this.reader.markRead();
    this.payment.check();
    void this.payment.fetchEntranceFee();
    this.#changed();
  }

  #update(update: RoomUpdate): void {
    if (!this.room) return;
    this.#updates += 1;
    // A broadcast omits the back room's code, because only members may know it.
    const code = update.back_room?.code ?? this.open?.back_room?.code ?? null;
    this.room = { ...update, back_room: update.back_room && { code }, you: this.room.you };
  }

  #setPin(pin: Pin | null): void {
    this.#updates += 1;
    if (this.open) this.room = { ...this.open, pin };
    if (this.pin) this.#announce(`Pinned: ${this.pin.username}: ${this.pin.text}`);
  }

  #setMuted(is_muted: boolean): void {
    const room = this.open;
    if (!room || room.you.is_muted === is_muted) return;
    this.#updates += 1;
    this.room = { ...room, you: { ...room.you, is_muted } };
    this.#announce(is_muted ? "The host has muted you." : "You can post again.");
  }

  async refetch(): Promise<void> {
    const updates = this.#updates;
    try {
      const room = await rooms.get(this.code);
      if (room.code !== this.code) return;
      if ((await session()).user_id !== this.userId) return void this.reenter();
      // Broadcasts during the request are newer than its answer.
      if (updates !== this.#updates) return void this.refetch();
      this.room = room;
      if (!mayRead(room)) this.close();
    } catch {
      // The known state stays until the next fetch succeeds.
    }
  }

  hidden(): void {
    this.channel?.flushReadSeq();
    // Messages from now on are unread.
    if (this.channel?.log.ready && this.handlers.isAtEnd())
      this.newFrom = this.channel.log.complete + 1;
  }

  visible(): void {
    this.channel?.wake();
    if (this.problem) void this.reenter();
    this.payment.followPin();
    this.payment.wake();
    this.reader.markRead();
    this.#changed();
  }

  /** Enters the room again, as after a refusal or a new session. */
  reenter(): Promise<void> {
    return this.enter(this.code, null);
  }

  async joined(room: Room): Promise<void> {
    this.#updates += 1;
    this.room = room;
    // An expired session means that a new user has joined.
    if ((await session()).user_id !== this.userId) return this.reenter();
    // The open socket was authorized for a reader; a new one may post.
    if (this.channel) this.channel.renew();
    else this.#openChannel(null);
    this.peopleChanged();
  }

  saved(room: Room): void {
    this.#updates += 1;
    this.room = room;
  }

  setBlocked(blocked: Blocked[]): void {
    this.blocked = blocked;
    this.#changed();
  }

  peopleChanged(): void {
    this.blocked = blockedPeople();
    void this.presence.fetch(true);
  }

  tick(): void {
    // Waits count down, and an online count becomes stale.
    const isConnected = this.channel?.connection.isConnected;
    if (busyUntil() !== null || !isConnected) this.#changed();
    // Departures are not broadcast, so the list is polled.
    if (isConnected) this.presence.tick();
  }

  #announce(text: string): void {
    this.announcement = text;
    this.#changed();
  }

  #changed(): void {
    this.handlers.changed();
  }
}

export function mayRead({ you }: ClosedRoom | Room): boolean {
  return you.role !== "stranger";
}
