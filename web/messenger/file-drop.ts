// Files that are dragged over a chat and dropped on it.
import { html, nothing, type ReactiveControllerHost, type TemplateResult } from "lit";

export class FileDrop {
  #isOver = false;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly take: (files: File[]) => void,
  ) {}

  readonly over = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.#show(true);
  };

  readonly leave = (): void => this.#show(false);

  readonly drop = (event: DragEvent): void => {
    event.preventDefault();
    this.#show(false);
    this.take([...(event.dataTransfer?.files ?? [])]);
  };

  hint(text: string): TemplateResult | typeof nothing {
    return this.#isOver ? html`<p class="drop">${text}</p>` : nothing;
  }

  #show(isOver: boolean): void {
    this.#isOver = isOver;
    this.host.requestUpdate();
  }
}
