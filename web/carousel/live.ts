// When to fetch again: at once after news on `local`, else by polling with backoff.
import type { Snapshot } from "../api/state";
import { setClock } from "../ui/clock";
import { Stream } from "../ui/stream";
import { Poller } from "./poller";

/** The page's own requests run these functions, so their invocations are no news. */
const OWN_FUNCTIONS = ["carousels", "carousel-stats", "carousel-events"];
const REFETCH_DELAY_MS = 250;

export type Liveness = "live" | "polling" | "offline";

/** `local` answers on loopback only, and it alone has an event stream. */
export function isLocal(host = location.hostname): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(host);
}

export class Live {
  readonly #stream = isLocal() ? new Stream("/api/stream", ["state"]) : null;
  readonly #poller: Poller;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #snapshot = "";
  #answer = "";

  /** `refresh` fetches; `changed` renders another liveness. */
  constructor(
    private readonly refresh: () => void,
    changed: () => void,
  ) {
    this.#poller = new Poller(() => this.#tick());
    this.#stream?.on<Snapshot>("state", (snapshot) => this.#take(snapshot));
    this.#stream?.on("connection", () => {
      this.#poller.setStreaming(this.#stream?.connection === "live");
      changed();
    });
    this.#stream?.on("resumed", () => this.now());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.now();
    });
    addEventListener("online", () => {
      changed();
      this.now();
    });
    addEventListener("offline", changed);
    this.#poller.start();
  }

  get liveness(): Liveness {
    if (!navigator.onLine) return "offline";
    return this.#stream?.connection === "live" ? "live" : "polling";
  }

  /** Fetches now, and polls quickly again: something was done here or has changed. */
  now(): void {
    this.#poller.hurry();
    this.refresh();
  }

  /** Compares an answer with the one before: news shortens the wait, the same lengthens it. */
  seen(answer: unknown): void {
    const text = JSON.stringify(answer);
    if (this.#answer !== "" && text !== this.#answer) this.#poller.hurry();
    this.#answer = text;
  }

  #tick(): void {
    if (!document.hidden && navigator.onLine) this.refresh();
  }

  #take(snapshot: Snapshot): void {
    setClock(snapshot.now);
    const ours = snapshot.functions.filter(
      ({ service, name }) => service === "carousel" && !OWN_FUNCTIONS.includes(name),
    );
    const seen = JSON.stringify(
      ours.map(({ name, invocations, in_flight }) => [name, invocations, in_flight]),
    );
    if (seen === this.#snapshot) return;
    this.#snapshot = seen;
    // A timer that is running stays, so that a stream of news cannot put the fetch off for good.
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#tick();
    }, REFETCH_DELAY_MS);
  }
}
