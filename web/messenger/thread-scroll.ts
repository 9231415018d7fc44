// Scrolling of a chat: it stays at its end, counts what arrives below, and arrow keys move between messages.
import { html, nothing, type ReactiveControllerHost, type TemplateResult } from "lit";
import { count } from "../ui/format";
import { icon } from "../ui/icons";
import { findRow, isNearEnd, rowAfter, showRow, stepOf } from "../ui/scroll";

const END_MARGIN_PX = 80;

interface Latest {
  key: string;
  isOwn: boolean;
}

export class ThreadScroll {
  atEnd = true;
  /** Foreign messages that arrived below. */
  missed = 0;
  /** The message with the roving focus; empty: the latest. */
  #active = "";
  #latest = "";
  #observed: HTMLElement | undefined;
  readonly #resizes = new ResizeObserver(() => this.#stick());

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly scroller: () => HTMLElement,
  ) {}

  reset(): void {
    this.atEnd = true;
    this.missed = 0;
    this.#active = "";
    this.#latest = "";
  }

  /** Follows the latest message, after each update of the host. */
  follow(latest: Latest | undefined): void {
    if (latest && latest.key !== this.#latest) {
      if (this.#latest !== "" && !this.atEnd && !latest.isOwn) {
        this.missed += 1;
        this.host.requestUpdate();
      }
      // One's own message always scrolls into view.
      if (latest.isOwn && !this.atEnd) {
        this.atEnd = true;
        this.host.requestUpdate();
      }
      this.#latest = latest.key;
    }
    this.#observe();
    this.#stick();
  }

  readonly scrolled = (): void => {
    const { atEnd, missed } = this;
    this.atEnd = isNearEnd(this.scroller(), END_MARGIN_PX);
    if (this.atEnd) this.missed = 0;
    if (this.atEnd !== atEnd || this.missed !== missed) this.host.requestUpdate();
  };

  /** The key of the message with the roving focus. */
  activeOf(items: { key: string }[]): string {
    const isKnown = items.some(({ key }) => key === this.#active);
    return isKnown ? this.#active : (items.at(-1)?.key ?? "");
  }

  /** A button that leads to the end, unless the end is in view. */
  pill(then: () => void): TemplateResult | typeof nothing {
    const { atEnd, missed } = this;
    if (atEnd) return nothing;
    const label = missed > 0 ? `${missed} new, go to the latest` : "Go to the latest message";
    const go = () => {
      this.#toEnd();
      then();
    };
    return html`<button class="pill" type="button" aria-label=${label} @click=${go}>
      ${icon("down")} ${missed > 0 ? count(missed) : nothing}
    </button>`;
  }

  #toEnd(): void {
    this.atEnd = true;
    this.missed = 0;
    this.host.requestUpdate();
  }

  goTo(key: string): void {
    const row = findRow(this.scroller(), key);
    this.atEnd = false;
    if (row) showRow(row);
    this.host.requestUpdate();
  }

  /** Arrow keys move between messages, so that Tab does not stop at each one. */
  readonly key = (event: KeyboardEvent): void => {
    const step = stepOf(event, "ArrowUp", "ArrowDown");
    if (!step || (event.target as HTMLElement).closest("pre")) return;
    const rows = [...this.scroller().querySelectorAll<HTMLElement>(".message")];
    const row = rowAfter(rows, this.#active, step);
    if (!row) return;
    event.preventDefault();
    this.#active = row.dataset.key ?? "";
    this.atEnd = row === rows.at(-1);
    row.scrollIntoView({ block: "nearest" });
    row.querySelector<HTMLElement>(".actions .reply")?.focus();
    this.host.requestUpdate();
  };

  /** A composer that grows must not cover the latest message. */
  #observe(): void {
    const scroller = this.scroller();
    if (scroller === this.#observed) return;
    this.#resizes.disconnect();
    this.#resizes.observe(scroller);
    this.#observed = scroller;
  }

  #stick(): void {
    if (this.atEnd) this.scroller().scrollTop = this.scroller().scrollHeight;
  }
}
