// The plan, and how much of it is used.
import { html, LitElement, type PropertyValues } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import type { Limits } from "../contract";
import type { Desk } from "../desk";
import { Loading } from "../loading";
import { pageStyle } from "../page.style";
import { pathOf } from "../request";
import { limitList, limitListStyle } from "./limit-list";
import { partStyle } from "./part.style";

@customElement("desk-limits")
export class PlanLimits extends LitElement {
  static override styles = [base, controls, pageStyle, partStyle, limitListStyle];

  @property({ attribute: false }) desk!: Desk;
  readonly #limits = new Loading(this, () =>
    this.desk.api.get<Limits>(pathOf("tenants", this.desk.me.tenantId, "limits")),
  );

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk")) void this.#limits.load();
  }

  override render() {
    return html`<div class="page-head"><h1>Plan and limits</h1></div>
      ${this.#limits.render((limits) => limitList(limits), 8)}`;
  }
}
