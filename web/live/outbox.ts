// Messages that the server has not confirmed. They survive a reload, and every retry has the same idempotency key.
import type { ChannelMessage, OutboxStore, PendingMessage, QuotedMessage } from "./types";

/** Shorter than the server's deduplication window: a later retry could post twice. */
const MAX_AUTOMATIC_RETRY_AGE_MS = 20 * 3_600_000;

export class Outbox<Q extends QuotedMessage> {
  #list: PendingMessage<Q>[];

  constructor(
    private readonly store: OutboxStore<Q>,
    now: number,
  ) {
    const stored = store.all().sort((a, b) => a.at - b.at);
    // Old messages are sent only when the user asks for it.
    this.#list = stored.map((each) =>
      now - each.at > MAX_AUTOMATIC_RETRY_AGE_MS
        ? { ...each, problem: each.problem || "This message is older and may not have been sent." }
        : each,
    );
  }

  /** In the order of writing. */
  get list(): readonly PendingMessage<Q>[] {
    return this.#list;
  }

  get next(): PendingMessage<Q> | undefined {
    return this.#list.find(({ problem, seq }) => problem === "" && seq === null);
  }

  get(clientMsgId: string): PendingMessage<Q> | undefined {
    return this.#list.find(({ client_msg_id }) => client_msg_id === clientMsgId);
  }

  add(pending: PendingMessage<Q>): void {
    this.#list = [...this.#list, pending];
    this.store.put(pending);
  }

  change(clientMsgId: string, change: Partial<PendingMessage<Q>>): void {
    this.#list = this.#list.map((each) =>
      each.client_msg_id === clientMsgId ? { ...each, ...change } : each,
    );
    const changed = this.get(clientMsgId);
    if (changed) this.store.put(changed);
  }

  remove(clientMsgId: string): void {
    if (!this.get(clientMsgId)) return;
    this.#list = this.#list.filter(({ client_msg_id }) => client_msg_id !== clientMsgId);
    this.store.remove(clientMsgId);
  }

  /** Confirms a pending message. Returns false for one that is unknown or confirmed already. */
  confirm({ client_msg_id, seq }: ChannelMessage): boolean {
    const pending = this.get(client_msg_id);
    if (!pending || pending.seq !== null) return false;
    this.#list = this.#list.map((each) =>
      each === pending ? { ...each, problem: "", seq } : each,
    );
    this.store.remove(client_msg_id);
    return true;
  }

  /** Drops confirmed messages that the log shows by now. */
  dropConfirmed(upTo: number): void {
    const isShown = ({ seq }: PendingMessage<Q>) => seq !== null && seq <= upTo;
    if (this.#list.some(isShown)) this.#list = this.#list.filter((each) => !isShown(each));
  }
}
