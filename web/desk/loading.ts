// Something that an element loads once, with its states.
import {
  html,
  type ReactiveController,
  type ReactiveControllerHost,
  type TemplateResult,
} from "lit";
import "../ui/notice";
import "../ui/skeleton";
import { type Problem, toProblem } from "./problem";

export class Loading<T> implements ReactiveController {
  data: T | null = null;
  problem: Problem | null = null;
  #run = 0;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly ask: () => Promise<T>,
  ) {
    host.addController(this);
  }

  hostConnected(): void {}

  readonly load = async (): Promise<void> => {
    const run = ++this.#run;
    this.problem = null;
    try {
      const data = await this.ask();
      if (run === this.#run) this.data = data;
    } catch (error) {
      if (run === this.#run) this.problem = toProblem(error);
    }
    this.host.requestUpdate();
  };

  set(data: T): void {
    this.data = data;
    this.host.requestUpdate();
  }

  /** Renders the data, or why it is not there. */
  render(content: (data: T) => unknown, lines = 4): unknown {
    if (this.data !== null) return content(this.data);
    return this.problem
      ? this.notice(this.problem)
      : html`<cf-skeleton lines=${lines}></cf-skeleton>`;
  }

  notice({ status, message }: Problem): TemplateResult {
    return status === 403
      ? html`<cf-notice tone="warn">${message} Ask an admin of your workspace.</cf-notice>`
      : html`<cf-notice action="Try again" @retry=${this.load}>${message}</cf-notice>`;
  }
}
