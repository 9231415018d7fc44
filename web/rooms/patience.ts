// Calls that a busy server asks to repeat: how long the page waits, and what it says meanwhile. Knows no page and no API.
import type { Failure } from "./live";

/** A longer wait is a limit and no rush: it is told, not sat out. */
export const longestWait = 60_000;
const attempts = 40;
const leastSpread = 1_000;
const mostSpread = 20_000;

export interface Pace {
  now(): number;
  random(): number;
  later(ms: number, run: () => void): () => void;
}

/** Whether the server answered that it is busy, or asked too often, and said when to come back. */
export function isBusy({ status, retryAfterMs }: Failure): boolean {
  return (status === 429 || status === 503) && retryAfterMs !== null && retryAfterMs <= longestWait;
}

/** Never sooner than the server asks, and spread: of a hundred who are told the same second, no two come back at once. */
export function waitAfter(retryAfterMs: number, tries: number, random: number): number {
  return (
    retryAfterMs +
    random * Math.min(mostSpread, Math.max(leastSpread, retryAfterMs / 2) * 1.5 ** tries)
  );
}

/** Repeats a call for as long as the server is busy. `waits` is told until when the page waits, and `null` at the end. */
export async function patiently<T>(
  ask: () => Promise<T>,
  failureOf: (error: unknown) => Failure,
  waits: (until: number | null) => void,
  pace: Pace,
): Promise<T> {
  try {
    for (let tries = 0; ; tries += 1) {
      try {
        return await ask();
      } catch (error) {
        const failure = failureOf(error);
        if (tries >= attempts || !isBusy(failure)) throw error;
        const wait = waitAfter(failure.retryAfterMs ?? 0, tries, pace.random());
        waits(pace.now() + wait);
        await new Promise<void>((resolve) => pace.later(wait, resolve));
      }
    }
  } finally {
    waits(null);
  }
}

/** "The room is busy. Joining in 3 s…" */
export function busyWords(doing: string, until: number, now: number): string {
  const seconds = Math.max(1, Math.ceil((until - now) / 1000));
  return `The room is busy. ${doing} in ${seconds} s…`;
}
