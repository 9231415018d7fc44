// A list that is loaded page by page.
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Page } from "./contract";
import { type Problem, toProblem } from "./problem";

export class Paged<Item> implements ReactiveController {
  items: Item[] = [];
  isReady = false;
  isLoading = false;
  problem: Problem | null = null;
  #next: string | null = null;
  #run = 0;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly ask: (after: string | undefined) => Promise<Page<Item>>,
  ) {
    host.addController(this);
  }

  hostConnected(): void {}

  get hasMore(): boolean {
    return this.isReady && this.#next !== null;
  }

  /** Loads the first page; what was shown stays until it is there. */
  readonly restart = (): Promise<void> => this.#load(undefined, true);

  /** Goes on where the last page ended, or after a failure. */
  readonly more = (): Promise<void> => this.#load(this.#next ?? undefined, !this.isReady);

  async #load(after: string | undefined, isFirst: boolean): Promise<void> {
    const run = ++this.#run;
    this.isLoading = true;
    this.problem = null;
    this.host.requestUpdate();
    try {
      const page = await this.ask(after);
      if (run !== this.#run) return;
      this.items = isFirst ? page.items : [...this.items, ...page.items];
      this.#next = page.next;
      this.isReady = true;
    } catch (error) {
      if (run !== this.#run) return;
      this.problem = toProblem(error);
    }
    this.isLoading = false;
    this.host.requestUpdate();
  }
}
