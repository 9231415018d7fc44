// A clock that tests move by hand, and random numbers that are the same in each run.

/** Pseudo-random numbers, the same in each run. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export class Clock {
  now = Date.parse("2026-01-05T10:00:00Z");
  #timers = new Set<{ at: number; run: () => void }>();

  later(ms, run) {
    const timer = { at: this.now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Advances the clock; promises settle between the timers. */
  async pass(ms) {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.now = Math.max(this.now, next.at);
      next.run();
      await settle();
    }
    this.now = end;
  }
}

export async function settle() {
  for (let round = 0; round < 12; round += 1) await Promise.resolve();
}
