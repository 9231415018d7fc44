// State of the control room: the latest snapshot, its event stream, and whether it is fresh.
import type { Snapshot } from "../api/state";
import { call, explain } from "../ui/call";
import { setClock } from "../ui/clock";
import { Stream } from "../ui/stream";

export class ControlRoomStore {
  readonly stream = new Stream("/api/stream", ["state", "entry", "log"]);
  snapshot: Snapshot | undefined;
  error = "";

  constructor(private readonly changed: () => void) {
    this.stream.on<Snapshot>("state", (snapshot) => this.#take(snapshot));
    this.stream.on("connection", changed);
    this.stream.on("resumed", () => void this.load());
    void this.load();
  }

  async load(): Promise<void> {
    try {
      this.#take(await call<Snapshot>("GET", "/api/state"));
    } catch (error) {
      this.error = explain(error);
      this.changed();
    }
  }

  #take(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.error = "";
    setClock(snapshot.now);
    this.changed();
  }
}
