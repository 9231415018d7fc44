// Named timers that end with their owner.
import type { Scheduler } from "./types";

/** Shared by the parts of one channel: stopped by its owner, or ended by the server. */
export class Lifetime {
  isStopped = false;
  isEnded = false;

  get isOver(): boolean {
    return this.isStopped || this.isEnded;
  }
}

export class Timers {
  #cancels = new Map<string, () => void>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly lifetime: Lifetime,
  ) {}

  has(name: string): boolean {
    return this.#cancels.has(name);
  }

  /** Starts a timer, replacing one of the same name. */
  start(name: string, ms: number, run: () => void): void {
    this.cancel(name);
    if (this.lifetime.isOver) return;
    this.#cancels.set(
      name,
      this.scheduler.later(ms, () => {
        this.#cancels.delete(name);
        run();
      }),
    );
  }

  cancel(name: string): void {
    this.#cancels.get(name)?.();
    this.#cancels.delete(name);
  }

  cancelAll(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}
