// The reactions that open beside a message: where they open, the keyboard, and closing.
import { findRow, stepOf } from "../ui/scroll";

/** Space that the open picker needs above its button. */
const MIN_SPACE_ABOVE_PX = 72;

export interface PickerHost {
  readonly renderRoot: HTMLElement | DocumentFragment;
  readonly updateComplete: Promise<boolean>;
  readonly scroller: HTMLElement;
  requestUpdate(): void;
}

export class ReactionPicker {
  /** The message whose picker is open; empty: none. */
  key = "";
  isBelow = false;

  constructor(private readonly host: PickerHost) {}

  async toggle(event: Event, key: string): Promise<void> {
    if (this.key === key) {
      this.#set("");
      return;
    }
    const { top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    this.isBelow = top - this.host.scroller.getBoundingClientRect().top < MIN_SPACE_ABOVE_PX;
    this.#set(key);
    await this.host.updateComplete;
    this.#buttons()[0]?.focus();
  }

  /** Closes the picker and returns the focus to its button. */
  close(): void {
    if (!this.key) return;
    const row = findRow(this.host.scroller, this.key);
    this.#set("");
    row?.querySelector<HTMLElement>(".smile")?.focus();
  }

  onKey(event: KeyboardEvent): void {
    const step = stepOf(event, "ArrowLeft", "ArrowRight");
    if (step) {
      event.preventDefault();
      const buttons = this.#buttons();
      const at = buttons.findIndex((button) => button.matches(":focus"));
      buttons[(at + step + buttons.length) % buttons.length]?.focus();
    }
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.close();
  }

  onPressElsewhere(event: Event): void {
    if (!this.key) return;
    const isInside = (node: EventTarget) =>
      node instanceof Element && (node.matches(".emojis") || node.matches(".smile"));
    if (!event.composedPath().some(isInside)) this.#set("");
  }

  #buttons(): HTMLElement[] {
    return [...this.host.renderRoot.querySelectorAll<HTMLElement>(".emojis button")];
  }

  #set(key: string): void {
    this.key = key;
    this.host.requestUpdate();
  }
}
