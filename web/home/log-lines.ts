// The log tail and its filter.
import type { Level, LogLine } from "../api/state";
import { call, explain } from "../ui/call";
import type { Stream } from "../ui/stream";

const MAX_LINES = 1000;
const severity: Record<Level, number> = { DEBUG: 0, INFO: 1, WARN: 2, ERROR: 3 };

export interface LogFilter {
  function: string;
  level: Level;
  text: string;
}

export class LogLines {
  lines: LogLine[] | undefined;
  problem = "";
  /** Lines that arrived while paused; only their count is shown. */
  waiting: LogLine[] = [];
  paused = false;
  #lastSeq = 0;
  #missed = false;

  constructor(
    stream: Stream,
    private readonly changed: () => void,
  ) {
    stream.on<LogLine>("log", (line) => this.#add(line));
    stream.on("resumed", () => {
      if (this.paused) this.#missed = true;
      else void this.load();
    });
    void this.load();
  }

  async load(): Promise<void> {
    try {
      const lines = await call<LogLine[]>("GET", "/api/logs?limit=200");
      this.problem = "";
      // A restarted local numbers its lines from one again, so its answer replaces the known lines.
      this.#lastSeq = 0;
      this.lines = [];
      for (const line of lines) this.#take(line);
    } catch (error) {
      this.problem = explain(error);
    }
    this.changed();
  }

  pause(paused: boolean): void {
    this.paused = paused;
    if (!paused) {
      this.lines = [...(this.lines ?? []), ...this.waiting].slice(-MAX_LINES);
      this.waiting = [];
      if (this.#missed) void this.load();
      this.#missed = false;
    }
    this.changed();
  }

  clear(): void {
    this.lines = [];
    this.changed();
  }

  wanted({ function: owner, level, text }: LogFilter): LogLine[] {
    const needle = text.trim().toLowerCase();
    return (this.lines ?? []).filter(
      (line) =>
        (owner === "" || line.function === owner) &&
        severity[line.level] >= severity[level] &&
        (needle === "" ||
          `${line.text} ${line.correlation_id} ${line.request_id} ${JSON.stringify(line.fields)}`
            .toLowerCase()
            .includes(needle)),
    );
  }

  #add(line: LogLine): void {
    this.#take(line);
    this.changed();
  }

  /** Drops duplicates: a line can arrive by the stream and by a fetch. */
  #take(line: LogLine): void {
    if (line.seq <= this.#lastSeq) return;
    this.#lastSeq = line.seq;
    if (this.paused) this.waiting = [...this.waiting, line].slice(-MAX_LINES);
    else this.lines = [...(this.lines ?? []), line].slice(-MAX_LINES);
  }
}
