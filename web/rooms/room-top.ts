// Strips above the messages: the pin, the back room's entrance, and a pending payment.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { now, onTick } from "../ui/clock";
import { icon } from "../ui/icons";
import type { Money, Pin } from "./contract";
import { isOutbid, type Payment } from "./payment";
import { countdown, priceOf } from "./words";

export interface Entrance {
  mayEnter: boolean;
  price: Money | null;
}

@customElement("room-top")
export class RoomTop extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
        font-size: var(--t2);
      }
      .strip {
        display: flex;
        align-items: center;
        min-block-size: 2.75rem;
        border-block-end: 1px solid var(--line);
        background: var(--paper);
      }
      .strip > button:first-child {
        display: flex;
        flex: 1;
        align-items: center;
        gap: var(--s3);
        min-inline-size: 0;
        min-block-size: 2.75rem;
        padding: 0 var(--s4);
        border: 0;
        background: none;
        text-align: start;
        cursor: pointer;
      }
      .strip > button:first-child:focus-visible {
        outline-offset: -3px;
      }
      .words {
        flex: 1;
        min-inline-size: 0;
      }
      b {
        font-weight: 600;
      }
      .figures {
        font-weight: 600;
      }
      .pin {
        background: light-dark(oklch(0.96 0.03 var(--hue)), oklch(0.27 0.035 var(--hue)));
      }
      .pin > button:first-child {
        padding-block: 0.4rem;
        line-height: 1.35;
      }
      .pin .words > span:not(.only-read) {
        display: block;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .pin svg,
      .pin b,
      .entrance svg:first-child {
        color: light-dark(oklch(0.45 0.1 var(--hue)), oklch(0.82 0.08 var(--hue)));
      }
      .pin .side {
        flex: none;
        display: grid;
        justify-items: end;
        padding-inline-end: var(--s4);
        line-height: 1.35;
      }
      .pin .price {
        color: var(--ink-soft);
        font-variant-numeric: tabular-nums;
      }
      .entrance .go {
        display: inline-flex;
        flex: none;
        align-items: center;
        gap: var(--s1);
        min-block-size: 1.75rem;
        padding-inline: 0.75rem 0.5rem;
        border-radius: 0.875rem;
        background: light-dark(oklch(0.93 0.04 var(--hue)), oklch(0.33 0.045 var(--hue)));
        color: light-dark(oklch(0.4 0.1 var(--hue)), oklch(0.88 0.06 var(--hue)));
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }
      .entrance .go svg {
        font-size: var(--t1);
      }
      .waiting {
        gap: var(--s3);
        padding-inline: var(--s4) var(--s1);
      }
      .waiting > svg {
        color: var(--ink-soft);
      }
      .waiting .words {
        padding-block: var(--s2);
      }
      .waiting a {
        white-space: nowrap;
      }
      .waiting .button {
        flex: none;
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ attribute: false }) pin: Pin | null = null;
  @property({ attribute: false }) entrance: Entrance | null = null;
  @property({ attribute: false }) payment: Payment | null = null;
  #stopClock = () => {};

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopClock = onTick(() => this.pin && this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopClock();
  }

  override render() {
    const { pin, entrance, payment } = this;
    return html`${pin && Date.parse(pin.until) > now() ? this.#pinned(pin) : nothing} ${entrance && payment?.what !== "back_room" ? this.#door(entrance) : nothing}
      <div role="status">${payment ? this.#waiting(payment) : nothing}</div>`;
  }

  #pinned({ username, text, until, price }: Pin): TemplateResult {
    return html`<div class="strip pin">
      <button type="button" title="Go to the pinned message" @click=${() => this.#emit("look")}>
        ${icon("pin")}<span class="words" dir="auto"><span class="only-read">Pinned: </span><span><b><bdi>${username}</bdi></b></span> <span dir="auto">${text}</span></span>
      </button>
      <span class="side">
        <span class="figures" title="How long it stays pinned"><span class="only-read">For </span>${countdown(Date.parse(until), now())}</span>
        <span class="price" title="What was paid for it"><span class="only-read">Paid </span>${priceOf(price)}</span>
      </span>
    </div>`;
  }

  #door({ mayEnter, price }: Entrance): TemplateResult {
    return html`<div class="strip entrance">
      <button type="button" aria-haspopup=${mayEnter ? nothing : "dialog"} @click=${() => this.#emit("door")}>
        ${icon("ajar")}<span class="words"><b>Back room</b></span><span class="go">${mayEnter ? "Enter" : price ? priceOf(price) : nothing}${icon("forward")}</span>
      </button>
    </div>`;
  }

  #waiting(payment: Payment): TemplateResult {
    return html`<div class="strip waiting">
      ${icon("clock")}
      <span class="words">
        ${isOutbid(payment, this.pin) ? "You were outbid. If you pay for this pin, you get a refund." : `Waiting for your payment of ${priceOf(payment.price)}.`}
        <a href=${payment.payUrl} target="_blank" rel="noopener">Open checkout</a>
      </span>
      <button class="button bare icon-only" type="button" aria-label="Stop waiting" title="Stop waiting" @click=${() => this.#emit("forget")}>${icon("close")}</button>
    </div>`;
  }

  #emit(what: "look" | "door" | "forget"): void {
    this.dispatchEvent(new Event(what));
  }
}
