// A server-sent event stream that reconnects and reports its state.

export type Connection = "connecting" | "live" | "reconnecting";

export class Stream extends EventTarget {
  connection: Connection = "connecting";
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    private readonly types: string[],
  ) {
    super();
    addEventListener("online", () => this.#connect());
    this.#connect();
  }

  /** Calls back for each event of a type with its decoded data. */
  on<T>(type: string, tell: (data: T) => void): () => void {
    const listener = (event: Event) => tell((event as CustomEvent<T>).detail);
    this.addEventListener(type, listener);
    return () => this.removeEventListener(type, listener);
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    const source = new EventSource(this.url);
    this.#source = source;
    source.addEventListener("open", () => this.#become("live"));
    source.addEventListener("error", () => {
      this.#become(this.connection === "connecting" ? "connecting" : "reconnecting");
      // The browser gives up for good after an answer that is not a stream, as a restarting server
      // sends.
      if (source.readyState === EventSource.CLOSED)
        this.#retry = setTimeout(() => this.#connect(), 1000);
    });
    for (const type of this.types) {
      source.addEventListener(type, (event) => {
        this.dispatchEvent(
          new CustomEvent(type, { detail: JSON.parse((event as MessageEvent<string>).data) }),
        );
      });
    }
  }

  /** `connection` fires on each change; `resumed` when events may have been missed. */
  #become(next: Connection): void {
    const before = this.connection;
    if (next === before) return;
    this.connection = next;
    this.dispatchEvent(new CustomEvent("connection", { detail: next }));
    if (next === "live" && before === "reconnecting")
      this.dispatchEvent(new CustomEvent("resumed"));
  }
}
