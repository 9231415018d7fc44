// One account: its balance at a product and the rows behind it.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Account } from "../api/ledger";
import { base, controls } from "../ui/base";
import { call, explain } from "../ui/call";
import "../ui/dialog";
import "../ui/empty";
import { count, plural } from "../ui/format";
import { writeHash } from "../ui/hash";
import "../ui/notice";
import "../ui/skeleton";
import { tableStyle } from "../ui/table";
import { drawerStyle } from "./drawer.style";
import { books } from "./paths";
import { rows, type Unit } from "./rows";

const credits: Unit = {
  total: count,
  change: (amount) => (amount > 0 ? `+${count(amount)}` : count(amount)),
};

@customElement("account-drawer")
export class AccountDrawer extends LitElement {
  static override styles = [base, controls, tableStyle, drawerStyle];

  /** `studio/usr_1`; empty: closed. */
  @property() account = "";
  @property({ type: Number }) turn = 0;
  @state() private found: Account | undefined;
  @state() private problem = "";

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("account")) {
      this.found = undefined;
      this.problem = "";
    }
    if (this.account && (changed.has("account") || changed.has("turn"))) void this.#load();
  }

  /** A payer's id can contain slashes, a product's cannot. */
  get #parts(): [product: string, payer: string] {
    const slash = this.account.indexOf("/");
    return [this.account.slice(0, slash), this.account.slice(slash + 1)];
  }

  async #load(): Promise<void> {
    const { account } = this;
    try {
      const found = await call<Account>("GET", books(["accounts", ...this.#parts]));
      if (account !== this.account) return;
      this.found = found;
      this.problem = "";
    } catch (error) {
      if (account === this.account) this.problem = explain(error);
    }
  }

  override render() {
    return html`<cf-dialog kind="drawer" .open=${this.account !== ""} heading=${this.account ? this.#parts[1] : ""} @dismiss=${() => writeHash({ account: null }, "replace")}>
      ${this.account === "" ? nothing : this.#content()}
    </cf-dialog>`;
  }

  #content(): TemplateResult {
    const [product, payer] = this.#parts;
    if (this.problem)
      return html`<cf-notice action="Try again" @retry=${() => this.#load()}>${this.problem}</cf-notice>`;
    if (!this.found) return html`<cf-skeleton lines="6"></cf-skeleton>`;
    const { balance, rows: all } = this.found;
    return html`<div class="body">
      <div class="part">
        <div class="head">
          <strong class=${balance < 0 ? "bad" : ""}>${plural(balance, "credit")}</strong>
          <span class="soft">at ${product}</span>
        </div>
        ${balance < 0 ? html`<cf-notice tone="warn">Negative balance: used credits were refunded afterwards. The next grant covers the debt first.</cf-notice>` : nothing}
      </div>
      <section class="part" aria-labelledby="rows">
        <h3 id="rows">Credits</h3>
        ${
          all.length === 0 && balance === 0
            ? html`<cf-empty heading="No credits"><span dir="auto">${payer}</span> has never bought credits at ${product}. Check the id and the product.</cf-empty>`
            : rows("The person's credits, oldest first", all, balance, credits, true)
        }
      </section>
    </div>`;
  }
}
