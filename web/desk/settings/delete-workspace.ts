// Deletes the workspace after its address name was typed, or takes the deletion back.
import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/dialog";
import "../../ui/notice";
import { toast } from "../../ui/toast";
import type { Tenant } from "../contract";
import type { Desk } from "../desk";
import { textField } from "../field";
import { formStyle } from "../form.style";
import { pageStyle } from "../page.style";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import { partStyle } from "./part.style";

@customElement("delete-workspace")
export class DeleteWorkspace extends LitElement {
  static override styles = [base, controls, formStyle, pageStyle, partStyle];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) tenant!: Tenant;
  @state() private isAsking = false;
  @state() private confirm = "";
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;

  override render() {
    const isDeleting = this.tenant.status === "deleting";
    return html`<section class="panel">
        <h2>${isDeleting ? "Keep the workspace" : "Delete the workspace"}</h2>
        <p class="lead">${isDeleting ? "Until it is erased, you can take the deletion back." : "Its bots disappear from your sites. Everything is erased after 30 days, until when you can take it back."}</p>
        <div class="actions">
          ${isDeleting ? html`<button class="button" type="button" ?disabled=${this.isBusy} @click=${this.#restore}>Take the deletion back</button>` : html`<button class="button danger" type="button" @click=${() => (this.isAsking = true)}>Delete</button>`}
        </div>
        ${this.problem && !this.isAsking ? html`<cf-notice>${this.problem.message}</cf-notice>` : nothing}
      </section>
      <cf-dialog heading="Delete this workspace?" ?open=${this.isAsking} @dismiss=${this.#close}>${this.isAsking ? this.#form() : nothing}</cf-dialog>`;
  }

  #form() {
    const { slug } = this.tenant;
    return html`<form @submit=${this.#delete}>
      ${textField({ label: `Type ${slug} to confirm`, name: "confirm", value: this.confirm, error: this.problem?.message, input: (value) => (this.confirm = value) })}
      <div class="actions">
        <button class="button" type="button" @click=${this.#close}>Cancel</button>
        <button class="button danger" ?disabled=${this.isBusy || this.confirm !== slug}>Delete the workspace</button>
      </div>
    </form>`;
  }

  #close = (): void => {
    this.isAsking = false;
    this.confirm = "";
    this.problem = null;
  };

  async #delete(event: Event): Promise<void> {
    event.preventDefault();
    const { tenant, confirm } = this;
    await this.#do(() => this.desk.api.remove<Tenant>(pathOf("tenants", tenant.id), { confirm }));
    if (!this.problem) this.#close();
  }

  async #restore(): Promise<void> {
    const path = pathOf("tenants", this.tenant.id, "restore");
    await this.#do(() => this.desk.api.post<Tenant>(path));
    if (!this.problem) toast("The workspace stays");
  }

  async #do(work: () => Promise<Tenant>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = null;
    try {
      this.dispatchEvent(new CustomEvent("changed", { detail: await work() }));
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }
}
