// Choosing something to pay for, and the link to its checkout. No purchase happens here.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { sheetOrDialog } from "../ui/dialog";
import { plural } from "../ui/format";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import { rooms, toProblem } from "./api";
import type { Money, Offers, Pin, Room, ToPay } from "./contract";
import { paySheetStyle } from "./pay-sheet.style";
import type { Payment } from "./payment";
import { priceOf, refusalText } from "./words";

export type PurchaseRequest =
  | { what: "pin"; seq: number; username: string; text: string }
  | { what: "tip"; seq: number }
  | { what: "back_room"; seq: number };

interface Choice {
  words: string;
  price: Money;
  take: () => Promise<ToPay>;
}

@customElement("pay-sheet")
export class PaySheet extends LitElement {
  static override styles = [base, controls, paySheetStyle];

  @property({ attribute: false }) wanted: PurchaseRequest | null = null;
  @property({ attribute: false }) room!: Room;
  /** The current pin. */
  @property({ attribute: false }) pin: Pin | null = null;
  @state() private offers: Offers | null = null;
  @state() private toPay: ToPay | null = null;
  @state() private isAsking = false;
  @state() private problem = "";
  @query(".pay") private link!: HTMLElement | null;
  @query(".choice") private first!: HTMLElement | null;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("wanted")) {
      Object.assign(this, { offers: null, toPay: null, problem: "", isAsking: false });
      if (this.wanted) void this.#begin();
    } else if (
      changed.has("pin") &&
      this.wanted?.what === "pin" &&
      changed.get("pin")?.until !== this.pin?.until
    ) {
      const isOver = this.toPay && this.pin && this.pin.price.minor >= this.toPay.price.minor;
      if (isOver)
        Object.assign(this, {
          toPay: null,
          problem: refusalText({ status: 409, code: "outbid", message: "", retryAfterMs: null }),
        });
      void this.#load();
    }
  }

  override render() {
    const { wanted } = this;
    return html`<cf-dialog kind=${sheetOrDialog()} heading=${wanted ? this.#heading(wanted) : ""} .open=${wanted !== null} @dismiss=${this.#dismiss}>
      ${
        wanted
          ? html`<div class="all">
            <div class="about">${this.#about(wanted)}</div>
            ${this.problem ? html`<cf-notice action=${this.#choices(wanted).length > 0 ? "" : "Try again"} @retry=${this.#begin}>${this.problem}</cf-notice>` : nothing}
            ${this.toPay ? this.#chosen(this.toPay, wanted) : this.#choosing(wanted)}
          </div>`
          : nothing
      }
    </cf-dialog>`;
  }

  #heading({ what }: PurchaseRequest): string {
    if (what === "pin") return "Pin for everyone";
    return what === "tip" ? `Tip ${this.room.host.username}` : "Back room";
  }

  #about(wanted: PurchaseRequest): TemplateResult {
    switch (wanted.what) {
      case "pin":
        return html`<p class="said" dir="auto"><b><bdi>${wanted.username}</bdi></b> ${wanted.text}</p>
          <p>Shown to everyone at the top of the room.${this.pin ? html` It outbids the pin of <b><bdi>${this.pin.username}</bdi></b>, ${priceOf(this.pin.price)}.` : nothing}</p>`;
      case "tip":
        return html`<p>A thank-you for <b><bdi>${this.room.host.username}</bdi></b>, who created this room. Everyone here sees it.</p>`;
      case "back_room":
        return html`<p>The back room is only for people who paid its entrance fee. You pay once, and keep your name.</p>`;
    }
  }

  #choices(wanted: PurchaseRequest): Choice[] {
    const { code } = this.room;
    if (wanted.what === "pin")
      return (this.offers?.pins ?? []).map(({ tier, minutes, price }) => ({
        words: `${minutes} minutes`,
        price,
        take: () => rooms.pin(code, wanted.seq, tier),
      }));
    if (wanted.what === "tip")
      return (this.offers?.tips ?? []).map(({ amount, price }) => ({
        words: "",
        price,
        take: () => rooms.tip(code, amount),
      }));
    return [];
  }

  #choosing(wanted: PurchaseRequest): TemplateResult | typeof nothing {
    const choices = this.#choices(wanted);
    if (choices.length > 0) {
      return html`<ul class="${wanted.what === "pin" ? "tiers" : "amounts"} ${this.isAsking ? "asking" : ""}" aria-busy=${this.isAsking} aria-label=${wanted.what === "pin" ? "How long" : "How much"}>
        ${choices.map(
          ({ words, price, take }) => html`<li>
            <button class="choice" type="button" @click=${() => this.#take(take)}>
              ${words ? html`<span class="words">${words}</span>` : nothing}<span class="price">${priceOf(price)}</span>${words ? icon("forward") : nothing}
            </button>
          </li>`,
        )}
      </ul>`;
    }
    if (this.problem) return nothing;
    if (!this.offers) return html`<cf-skeleton lines="4"></cf-skeleton>`;
    return html`<p>${this.#nothingToChoose(wanted)}</p>`;
  }

  #nothingToChoose({ what }: PurchaseRequest): string {
    if (what === "pin" && this.pin) return "The highest pin is taken. Try again when it expires.";
    return what === "pin"
      ? "Pins are not available right now."
      : "Tips are not available right now.";
  }

  /** A real link: phones and in-app browsers block tabs that a script opens. */
  #chosen({ pay_url, price, minutes }: ToPay, { what }: PurchaseRequest): TemplateResult {
    const gets = {
      pin: `${plural(minutes ?? 0, "minute")} at the top`,
      tip: `for ${this.room.host.username}`,
      back_room: "once, for as long as the room is open",
    }[what];
    return html`<p class="chosen"><b>${priceOf(price)}</b><span dir="auto">${gets}</span></p>
      <div class="ways">
        <a class="button main pay" href=${pay_url} target="_blank" rel="noopener" @click=${this.#pays}>${what === "tip" ? icon("tip") : nothing} Pay ${priceOf(price)}<span class="only-read"> in a new tab</span></a>
        ${what === "back_room" ? nothing : html`<button class="button bare" type="button" @click=${this.#chooseAgain}>Choose another</button>`}
      </div>
      <p class="small">${what === "pin" ? "If someone outbids you first, you get a refund." : "You pay on a separate page, and return here."}</p>`;
  }

  #begin = (): void => {
    this.problem = "";
    if (this.wanted?.what === "back_room") void this.#take(() => rooms.backRoom(this.room.code));
    else void this.#load();
  };

  async #load(): Promise<void> {
    const { wanted } = this;
    try {
      const offers = await rooms.offers(this.room.code);
      if (wanted === this.wanted) this.offers = offers;
    } catch (error) {
      if (wanted === this.wanted) this.problem = refusalText(toProblem(error));
    }
  }

  async #take(take: () => Promise<ToPay | { code: string }>): Promise<void> {
    const { wanted } = this;
    if (this.isAsking) return;
    this.isAsking = true;
    this.problem = "";
    try {
      const taken = await take();
      if (wanted !== this.wanted) return;
      if ("code" in taken) {
        this.#dismiss();
        this.dispatchEvent(new CustomEvent<string>("enter", { detail: taken.code }));
      } else this.toPay = taken;
      await this.updateComplete;
      this.link?.focus();
    } catch (error) {
      if (wanted !== this.wanted) return;
      const problem = toProblem(error);
      this.problem = refusalText(problem);
      if (problem.code === "outbid") await this.#load();
    } finally {
      if (wanted === this.wanted) this.isAsking = false;
    }
  }

  async #chooseAgain(): Promise<void> {
    this.toPay = null;
    await this.updateComplete;
    this.first?.focus();
  }

  /** Records the payment; the link itself opens the tab. */
  #pays(): void {
    const { wanted, toPay } = this;
    if (!wanted || !toPay) return;
    const { order_id, pay_url, price, expires_at } = toPay;
    const payment: Payment = {
      what: wanted.what,
      orderId: order_id,
      payUrl: pay_url,
      price,
      seq: wanted.seq,
      until: Date.parse(expires_at),
    };
    // Removing the link before its tab opens would cancel the navigation.
    setTimeout(() => {
      this.dispatchEvent(new CustomEvent<Payment>("paying", { detail: payment }));
      this.#dismiss();
    });
  }

  #dismiss(): void {
    this.dispatchEvent(new Event("dismiss"));
  }
}
