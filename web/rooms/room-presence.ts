// The people of a room: fetched on changes and at intervals, only while the list is visible.
import { rooms, toProblem } from "./api";
import type { Blocked } from "./blocks";
import type { Person } from "./contract";

const MIN_FETCH_INTERVAL_MS = 3_000;
const MAX_FETCH_INTERVAL_MS = 20_000;

export interface PresenceContext {
  code(): string;
  userId(): string;
  isListVisible(): boolean;
  /** Receives the count and the user's own entry of a fresh list. */
  fetched(online: number, own: Person | undefined): void;
  changed(): void;
}

export class RoomPresence {
  people: Person[] | null = null;
  banned: Blocked[] = [];
  problem = "";
  #fetchedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly context: PresenceContext) {}

  clear(): void {
    this.people = null;
    this.banned = [];
    this.context.changed();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  has(userId: string): boolean {
    return this.people?.some(({ user_id }) => user_id === userId) ?? true;
  }

  /** Fetches when the list is older than its longest interval. */
  tick(): void {
    if (Date.now() - this.#fetchedAt > MAX_FETCH_INTERVAL_MS) void this.fetch();
  }

  /** Fetches soon, at most once in the shortest interval. */
  schedule(): void {
    const wait = Math.max(0, this.#fetchedAt + MIN_FETCH_INTERVAL_MS - Date.now());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.fetch(), wait);
  }

  async fetch(isForced = false): Promise<void> {
    if (!isForced && !this.context.isListVisible()) return;
    const code = this.context.code();
    this.#fetchedAt = Date.now();
    try {
      const { online, people, banned } = await rooms.people(code);
      if (code !== this.context.code()) return;
      this.people = people;
      this.banned = banned ?? [];
      this.problem = "";
      this.context.fetched(
        online,
        people.find(({ user_id }) => user_id === this.context.userId()),
      );
    } catch (error) {
      this.problem = toProblem(error).message;
    }
    this.context.changed();
  }
}
