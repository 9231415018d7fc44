// Objects that elements show, and a controller that updates an element when one of them changes.
import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Observable {
  #listeners = new Set<() => void>();

  /** Calls back after each change, until the returned function is called. */
  observe(tell: () => void): () => void {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }

  protected changed(): void {
    for (const tell of [...this.#listeners]) tell();
  }
}

export class Observing implements ReactiveController {
  #sources: Observable[] = [];
  #stops: (() => void)[] = [];

  /** `sources` is read before each update, because properties change. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly sources: () => (Observable | null | undefined)[],
  ) {
    host.addController(this);
  }

  hostUpdate(): void {
    const sources = this.sources().filter((source): source is Observable => Boolean(source));
    const isSame =
      sources.length === this.#sources.length &&
      sources.every((source, index) => source === this.#sources[index]);
    if (isSame) return;
    this.hostDisconnected();
    this.#sources = sources;
    this.#stops = sources.map((source) => source.observe(() => this.host.requestUpdate()));
  }

  hostConnected(): void {
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#sources = [];
  }
}
