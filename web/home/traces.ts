// Recent correlation ids and the entries of one trace, updated from the stream.
import type { Entry, Trace } from "../api/state";
import { pathOf } from "../ui/action";
import { CallError, call, explain } from "../ui/call";
import type { Stream } from "../ui/stream";

const MAX_TRACES = 50;

export class Traces {
  list: Trace[] | undefined;
  entries: Entry[] | undefined;
  problem = "";
  #shown = "";
  #refresh: ReturnType<typeof setTimeout> | undefined;

  constructor(
    stream: Stream,
    private readonly changed: () => void,
  ) {
    stream.on<Entry>("entry", (entry) => this.#add(entry));
    stream.on("resumed", () => void this.load());
    void this.load();
  }

  async load(): Promise<void> {
    await Promise.all([this.#loadList(), this.#shown ? this.#loadEntries(this.#shown) : undefined]);
  }

  show(id: string): void {
    if (id === this.#shown) return;
    this.#shown = id;
    this.entries = undefined;
    if (id) void this.#loadEntries(id);
  }

  async #loadList(): Promise<void> {
    await this.#guarded(async () => {
      this.list = await call<Trace[]>("GET", `/api/traces?limit=${MAX_TRACES}`);
    });
  }

  async #loadEntries(id: string): Promise<void> {
    await this.#guarded(async () => {
      const entries = await call<Entry[]>("GET", pathOf("traces", id)).catch(forgotten);
      if (id === this.#shown) this.entries = entries;
    });
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.problem = "";
    } catch (error) {
      this.problem = explain(error);
    }
    this.changed();
  }

  #add(entry: Entry): void {
    const known = this.list?.find(({ correlation_id: id }) => id === entry.correlation_id);
    if (known) {
      known.entries += 1;
      known.errors += entry.ok ? 0 : 1;
      known.last_at = Math.max(known.last_at, entry.at);
    } else {
      // Only the server knows a trace's title. A burst of new traces leads to one request.
      clearTimeout(this.#refresh);
      this.#refresh = setTimeout(() => void this.#loadList(), 150);
    }
    if (
      entry.correlation_id === this.#shown &&
      this.entries &&
      !this.entries.some(({ seq }) => seq === entry.seq)
    ) {
      this.entries = [...this.entries, entry].sort((a, b) => a.seq - b.seq);
    }
    this.changed();
  }
}

/** A link can be older than the traces that local keeps. */
function forgotten(error: unknown): Entry[] {
  if (error instanceof CallError && error.status === 404) return [];
  throw error;
}
