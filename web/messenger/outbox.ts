// Messages of one chat that local has not accepted yet.
import { CallError, explain } from "../ui/call";
import { now } from "../ui/clock";

export interface Pending<Draft> {
  key: string;
  /** Number of the message that it follows. */
  after: number;
  at: number;
  draft: Draft;
  problem: string;
}

let keys = 0;

export class Outbox<Draft, Sent> {
  list: Pending<Draft>[] = [];
  #isSending = false;

  constructor(
    private readonly send: (draft: Draft) => Promise<Sent>,
    private readonly handlers: {
      /** Returns the number of the message, which later ones follow. */
      accepted(sent: Sent, pending: Pending<Draft>): number;
      /** After each attempt. */
      settled(): void;
      changed(): void;
    },
  ) {}

  get isSending(): boolean {
    return this.#isSending;
  }

  add(draft: Draft, latest: number): void {
    const after = Math.max(latest, this.list.at(-1)?.after ?? 0);
    this.list = [...this.list, { key: `out-${++keys}`, after, at: now(), draft, problem: "" }];
    this.handlers.changed();
    void this.flush();
  }

  retry(key: string): void {
    this.#fail(key, "");
    this.handlers.changed();
    void this.flush();
  }

  discard(key: string): void {
    this.list = this.list.filter((each) => each.key !== key);
    this.handlers.changed();
  }

  /** Sends one at a time, in order. Unreachable: waits until local is back. */
  async flush(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    for (;;) {
      const next = this.list.find(({ problem }) => problem === "");
      if (!next) break;
      try {
        const sent = await this.send(next.draft);
        this.list = this.list.filter(({ key }) => key !== next.key);
        this.#moveAfter(this.handlers.accepted(sent, next));
      } catch (error) {
        if (error instanceof CallError && error.unreachable) break;
        this.#fail(next.key, explain(error));
      }
      this.handlers.settled();
    }
    this.#isSending = false;
    this.handlers.settled();
    this.handlers.changed();
  }

  #moveAfter(number: number): void {
    this.list = this.list.map((each) =>
      each.problem === "" ? { ...each, after: Math.max(each.after, number) } : each,
    );
  }

  #fail(key: string, problem: string): void {
    this.list = this.list.map((each) => (each.key === key ? { ...each, problem } : each));
  }
}
