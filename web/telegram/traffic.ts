// What Telegram saw: calls of the bot, violations, the webhook, and faults that wait for their calls.
import type { Call, Fault, Violation, Webhook } from "../api/telegram";
import { call, explain } from "../ui/call";
import type { Stream } from "../ui/stream";

const MAX_CALLS = 5_000;
/** Updates and calls come in bursts, and one fetch covers them. */
const REFRESH_DELAY_MS = 300;
/** After this time a tap without an answer is a violation. */
const ANSWER_MS = 15_000;

export class Traffic {
  /** The oldest first. */
  calls: Call[] | undefined;
  violations: Violation[] = [];
  webhook: Webhook | undefined;
  faults: Fault[] = [];
  problem = "";
  #refresh: ReturnType<typeof setTimeout> | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(
    stream: Stream,
    private readonly changed: () => void,
  ) {
    stream.on<Call>("call", (seen) => {
      this.#add([seen]);
      if (this.faults.length > 0) this.#refreshSoon();
      changed();
    });
    stream.on("update", () => {
      this.#refreshSoon();
      clearTimeout(this.#late);
      this.#late = setTimeout(() => this.#refreshSoon(), ANSWER_MS);
    });
    stream.on("violation", () => this.#refreshSoon());
    stream.on("chats", () => void this.load());
    stream.on("missed", () => void this.load());
    stream.on("resumed", () => void this.load());
    void this.load();
  }

  /** Fetches everything, because a reset deletes calls. */
  async load(): Promise<void> {
    const before = this.calls ?? [];
    try {
      const calls = await call<Call[]>("GET", "/api/telegram/calls");
      const arrived = (this.calls ?? []).filter((each) => !before.includes(each));
      this.calls = calls;
      this.#add(arrived);
      await this.#loadState();
    } catch (error) {
      this.problem = explain(error);
    }
    this.changed();
  }

  async setFaults(faults: Fault[]): Promise<void> {
    const set = await call<{ calls: Fault[] }>("PUT", "/api/telegram/faults", { calls: faults });
    this.faults = set.calls;
    this.changed();
  }

  #add(calls: Call[]): void {
    const known = this.calls ?? [];
    const added = calls.filter(({ id }) => !known.some((each) => each.id === id));
    if (added.length > 0)
      this.calls = [...known, ...added].sort((a, b) => a.id - b.id).slice(-MAX_CALLS);
  }

  #refreshSoon(): void {
    this.#refresh ??= setTimeout(async () => {
      this.#refresh = undefined;
      try {
        await this.#loadState();
      } catch (error) {
        this.problem = explain(error);
      }
      this.changed();
    }, REFRESH_DELAY_MS);
  }

  async #loadState(): Promise<void> {
    const [violations, webhook, faults] = await Promise.all([
      call<Violation[]>("GET", "/api/telegram/violations"),
      call<Webhook>("GET", "/api/telegram/webhook"),
      call<{ calls: Fault[] }>("GET", "/api/telegram/faults"),
    ]);
    this.violations = violations;
    this.webhook = webhook;
    this.faults = faults.calls;
    this.problem = "";
  }
}
