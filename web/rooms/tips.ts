// The tips that a host has received in a room.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { now } from "../ui/clock";
import "../ui/empty";
import { date } from "../ui/format";
import "../ui/notice";
import "../ui/skeleton";
import { rooms, toProblem } from "./api";
import type { Tips } from "./contract";
import { fullTime, messageAge, priceOf, refusalText } from "./words";

const DAY_MS = 86_400_000;

@customElement("room-tips")
export class RoomTips extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      .total {
        display: grid;
        gap: var(--s1);
        padding-block: var(--s2) var(--s4);
        border-block-end: 1px solid var(--line);
        color: var(--ink-soft);
        text-align: center;
      }
      .total b {
        color: var(--ink);
        font-size: 2.25rem;
        font-weight: 680;
        font-variant-numeric: tabular-nums;
        letter-spacing: -0.03em;
        line-height: 1.1;
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 var(--s3);
        padding-block: var(--s2);
      }
      li b {
        font-weight: 550;
        overflow-wrap: anywhere;
      }
      small {
        grid-column: 1;
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      .price {
        grid-row: 1 / span 2;
        grid-column: 2;
        align-self: center;
        font-variant-numeric: tabular-nums;
      }
      .returned b,
      .returned .price {
        color: var(--ink-soft);
        font-weight: 400;
      }
      .returned .price {
        text-decoration: line-through;
      }
    `,
  ];

  @property() code = "";
  @state() private tips: Tips | null = null;
  @state() private problem = "";

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  override render() {
    if (this.problem)
      return html`<cf-notice action="Try again" @retry=${this.#load}>${this.problem}</cf-notice>`;
    if (!this.tips) return html`<cf-skeleton lines="4"></cf-skeleton>`;
    const { totals, tips } = this.tips;
    if (tips.length === 0)
      return html`<cf-empty heading="No tips yet">Tips appear in the room, and add up here.</cf-empty>`;
    return html`<p class="total"><b>${totals.length > 0 ? totals.map(priceOf).join(" · ") : "Nothing"}</b>in all</p>
      <ul aria-label="Tips">
        ${tips.map(({ username, price, at, is_returned }) => {
          const time = Date.parse(at);
          return html`<li class=${is_returned ? "returned" : ""}>
            <b><bdi>${username ?? "Someone"}</bdi></b>
            <span class="price">${priceOf(price)}</span>
            <small><time datetime=${at} title=${fullTime(time)}>${now() - time < DAY_MS ? messageAge(time, now()) : date(time)}</time>${is_returned ? " · paid back" : nothing}</small>
          </li>`;
        })}
      </ul>`;
  }

  #load = async (): Promise<void> => {
    this.problem = "";
    try {
      this.tips = await rooms.tips(this.code);
    } catch (error) {
      this.problem = refusalText(toProblem(error));
    }
  };
}
