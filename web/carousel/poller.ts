// Polling with backoff: quick after news, slower while nothing changes.

const MIN_DELAY_MS = 3_000;
const MAX_DELAY_MS = 60_000;
const GROWTH = 1.5;
/** The stream tells what changes; this bounds how long a missed event is unseen. */
const STREAMING_DELAY_MS = 15_000;

export function nextDelay(delayMs: number): number {
  return Math.min(MAX_DELAY_MS, delayMs * GROWTH);
}

export class Poller {
  #isStreaming = false;
  #delayMs = MIN_DELAY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tick: () => void) {}

  start(): void {
    clearTimeout(this.#timer);
    const wait = this.#isStreaming ? STREAMING_DELAY_MS : this.#delayMs;
    this.#timer = setTimeout(() => {
      this.#delayMs = nextDelay(this.#delayMs);
      this.start();
      this.tick();
    }, wait);
  }

  setStreaming(isStreaming: boolean): void {
    this.#isStreaming = isStreaming;
    this.hurry();
  }

  /** Begins with the shortest wait again. */
  hurry(): void {
    this.#delayMs = MIN_DELAY_MS;
    this.start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
