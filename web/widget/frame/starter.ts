// Begins a conversation. What was wanted is stored, so that it survives a reload and is begun once.
import { retryDelay } from "../../live/backoff";
import { Outbox } from "../../live/outbox";
import { isTransient, toProblem } from "./api";
import type { Quote, VisitorHead } from "./contract";
import { later } from "./environment";
import type { Session } from "./session";
import type { Storage } from "./storage";

export type Starter = ReturnType<typeof createStarter>;

export interface Wish {
  prechat?: Record<string, string>;
  wantsPerson?: boolean;
}

const START = "start";

/** 32 letters and digits. `crypto.randomUUID` is missing on sites without HTTPS. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function createStarter(
  session: Session,
  storage: Storage,
  /** What a bot's rules ask for: the visitor's language and the path of the page. */
  context: () => object,
  started: (head: VisitorHead, wantsPerson: boolean) => void,
  /** The start was refused for good. */
  refused: (code: string) => void,
  changed: () => void,
) {
  const outbox = new Outbox<Quote>(storage.outbox, Date.now());
  let isRunning = false;
  let isStopped = false;
  let attempt = 0;
  let cancel = () => {};

  /** What is wanted; `client_conv_id` is the idempotency key. */
  const wish = () => (isStopped ? null : storage.read<Wish & { client_conv_id: string }>(START));

  /** Stops without forgetting what was wanted. */
  function halt(): void {
    isStopped = true;
    cancel();
  }

  /** Tries at once, without waiting for the backoff. */
  async function run(): Promise<void> {
    if (isRunning || !wish()) return;
    cancel();
    isRunning = true;
    changed();
    const { next } = outbox;
    try {
      // The session may know a conversation, which is gone on with instead.
      await session.ready();
      const wanted = wish();
      if (!wanted) return;
      const { client_conv_id, prechat, wantsPerson = false } = wanted;
      const message = next && { client_msg_id: next.client_msg_id, text: next.text };
      const body = { client_conv_id, prechat, message, ...context() };
      const head = await session.json<VisitorHead>("POST", "/conversations", body);
      if (isStopped) return;
      storage.write(START, null);
      started(head, wantsPerson);
    } catch (error) {
      const failure = toProblem(error);
      if (isTransient(failure)) {
        cancel = later(retryDelay(failure, ++attempt, Math.random), run);
        return;
      }
      storage.write(START, null);
      if (next) outbox.change(next.client_msg_id, { problem: failure.code });
      refused(failure.code);
    } finally {
      isRunning = false;
      changed();
    }
  }

  void run();
  return {
    outbox,
    halt,
    run,
    /** An attempt is under way. */
    isRunning: () => isRunning,
    /** An attempt has failed, and another one follows. */
    isDelayed: () => attempt > 0,
    begin(change: Wish): void {
      storage.write(START, { client_conv_id: newId(), ...wish(), ...change });
      void run();
    },
    stop(): void {
      halt();
      storage.write(START, null);
    },
  };
}
