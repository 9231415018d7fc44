// Retry delays: exponential backoff with jitter, and the server's retry-after.
import type { Failure, Scheduler } from "./types";

/** A longer retry-after is a rate limit to report, not to wait for. */
export const MAX_RETRY_AFTER_MS = 60_000;
const MAX_BUSY_ATTEMPTS = 40;
const MIN_JITTER_MS = 1_000;
const MAX_JITTER_MS = 20_000;
const FIRST_RETRY_MS = 400;
const MAX_BACKOFF_MS = 20_000;

/** Returns whether the server is busy or limits the rate, and named an acceptable retry-after. */
export function isBusy({ status, retryAfterMs }: Failure): boolean {
  return (
    (status === 429 || status === 503) &&
    retryAfterMs !== null &&
    retryAfterMs <= MAX_RETRY_AFTER_MS
  );
}

/** Adds jitter to a retry-after, so that clients refused in the same second spread out. */
export function retryAfterDelay(retryAfterMs: number, attempt: number, random: number): number {
  const jitter = Math.max(MIN_JITTER_MS, retryAfterMs / 2) * 1.5 ** attempt;
  return retryAfterMs + random * Math.min(MAX_JITTER_MS, jitter);
}

/** Exponential backoff with jitter. */
export function backoffDelay(attempt: number, random: () => number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_RETRY_MS * 2 ** attempt) * (0.5 + 0.5 * random());
}

/** Delay before the next attempt: backoff, and never less than the server's retry-after. */
export function retryDelay(failure: Failure | null, attempt: number, random: () => number): number {
  const after = failure?.retryAfterMs ?? null;
  const backoff = backoffDelay(attempt, random);
  return after === null ? backoff : Math.max(backoff, retryAfterDelay(after, 0, random()));
}

/** Repeats a call while the server is busy. `onWait` receives the end of each wait, and `null` at last. */
export async function retryWhileBusy<T>(
  call: () => Promise<T>,
  failureOf: (error: unknown) => Failure,
  onWait: (until: number | null) => void,
  scheduler: Scheduler,
): Promise<T> {
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        const failure = failureOf(error);
        if (attempt >= MAX_BUSY_ATTEMPTS || !isBusy(failure)) throw error;
        const wait = retryAfterDelay(failure.retryAfterMs ?? 0, attempt, scheduler.random());
        onWait(scheduler.now() + wait);
        await new Promise<void>((resolve) => scheduler.later(wait, resolve));
      }
    }
  } finally {
    onWait(null);
  }
}
