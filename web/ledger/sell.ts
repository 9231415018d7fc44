// Sells something without a product: seals an offer as a product would, and opens its pay page.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { CreatedOrder, ForSale } from "../api/ledger";
import { base, controls } from "../ui/base";
import { call, explain } from "../ui/call";
import "../ui/dialog";
import { writeHash } from "../ui/hash";
import "../ui/notice";
import { isWeb } from "../ui/web";
import { books } from "./paths";

@customElement("ledger-sell")
export class Sell extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      form {
        display: grid;
        gap: var(--s3);
      }
      .actions {
        display: flex;
        justify-content: flex-end;
      }
    `,
  ];

  @property({ attribute: false }) forSale: ForSale[] = [];
  @property({ type: Boolean }) open = false;
  @state() private busy = false;
  @state() private problem = "";

  override render() {
    return html`<cf-dialog heading="Sell something" .open=${this.open} @dismiss=${this.#close}>${this.open ? this.#form() : nothing}</cf-dialog>`;
  }

  #form(): TemplateResult {
    return html`<form @submit=${this.#offer}>
      <label class="field">
        What
        <select class="input" name="item" required>
          ${this.forSale.map(({ item, price }) => html`<option value=${item}>${item} · ${priced(price)}</option>`)}
        </select>
      </label>
      <label class="field">
        Who pays
        <input class="input" name="payer" required maxlength="200" autocomplete="off" spellcheck="false" dir="auto" value="usr_dana" pattern="[^\\/]*\\S[^\\/]*" />
        <small>The payer's id at the product. Any value works.</small>
      </label>
      <label class="field">
        Title on the checkout
        <input class="input" name="title" maxlength="200" autocomplete="off" dir="auto" placeholder="Product name" />
      </label>
      <label class="field">
        Their number
        <input class="input" name="phone" type="tel" inputmode="tel" autocomplete="off" placeholder="+1 650 555 0100" />
        <small>Only for providers that identify payers by phone.</small>
      </label>
      ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
      <div class="actions"><button class="button main" ?disabled=${this.busy}>${this.busy ? "Creating" : "Create offer and open checkout"}</button></div>
    </form>`;
  }

  async #offer(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    this.problem = "";
    const given = [...new FormData(event.target as HTMLFormElement)].filter(
      ([, value]) => value !== "",
    );
    try {
      const { order_id, url } = await call<CreatedOrder>(
        "POST",
        books(["offers"]),
        Object.fromEntries(given),
      );
      if (url && isWeb(url)) location.assign(url);
      else {
        this.#close();
        writeHash({ order: order_id });
      }
    } catch (error) {
      this.problem = explain(error);
    }
    this.busy = false;
  }

  #close(): void {
    this.problem = "";
    this.dispatchEvent(new Event("dismiss"));
  }
}

/** Formats `19.00 USD +1` for people. */
function priced(price: string): string {
  const [, sum, credits] = /^(.*?)(?:\s*\+(\d+))?$/.exec(price) ?? [];
  return credits ? `${sum}, with ${credits} ${credits === "1" ? "credit" : "credits"}` : price;
}
