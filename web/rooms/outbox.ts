// What was said and is not in the room yet. It stays over a reload, and goes out under the same id however often it is sent.
import type { Message, Quote } from "./contract";

export interface Pending {
  client_msg_id: string;
  text: string;
  reply_to: Quote | null;
  at: number;
  /** Empty while it is on its way; else why it did not go. */
  problem: string;
  /** Where it stands in the room, once that is known. */
  seq: number | null;
}

/** Where unsent messages are kept. */
export interface Shelf {
  all(): Pending[];
  put(pending: Pending): void;
  remove(clientMsgId: string): void;
}

/** Sooner than the server forgets what was said under an id: what is said again after that may be there twice. */
const oldAfter = 20 * 3_600_000;

export class Outbox {
  #list: Pending[];

  constructor(
    private readonly shelf: Shelf,
    now: number,
  ) {
    const kept = shelf.all().sort((a, b) => a.at - b.at);
    // What was written yesterday is not said today without being asked.
    this.#list = kept.map((each) =>
      now - each.at > oldAfter
        ? {
            ...each,
            problem: each.problem || "This message is older and may not have been sent.",
          }
        : each,
    );
  }

  /** In the order in which they were written. */
  get list(): readonly Pending[] {
    return this.#list;
  }

  get next(): Pending | undefined {
    return this.#list.find(({ problem, seq }) => problem === "" && seq === null);
  }

  get(clientMsgId: string): Pending | undefined {
    return this.#list.find(({ client_msg_id }) => client_msg_id === clientMsgId);
  }

  add(pending: Pending): void {
    this.#list = [...this.#list, pending];
    this.shelf.put(pending);
  }

  change(clientMsgId: string, change: Partial<Pending>): void {
    this.#list = this.#list.map((each) =>
      each.client_msg_id === clientMsgId ? { ...each, ...change } : each,
    );
    const changed = this.get(clientMsgId);
    if (changed) this.shelf.put(changed);
  }

  remove(clientMsgId: string): void {
    if (!this.get(clientMsgId)) return;
    this.#list = this.#list.filter(({ client_msg_id }) => client_msg_id !== clientMsgId);
    this.shelf.remove(clientMsgId);
  }

  /** Messages of one's own have come back: they are on their way no more. True for each that was waited for. */
  came({ client_msg_id, seq }: Message): boolean {
    const pending = this.get(client_msg_id);
    if (!pending || pending.seq !== null) return false;
    this.#list = this.#list.map((each) =>
      each === pending ? { ...each, problem: "", seq } : each,
    );
    this.shelf.remove(client_msg_id);
    return true;
  }

  /** What is shown in the room is shown here no more. */
  forgetUpTo(seq: number): void {
    if (this.#list.some((each) => each.seq !== null && each.seq <= seq))
      this.#list = this.#list.filter((each) => each.seq === null || each.seq > seq);
  }
}
