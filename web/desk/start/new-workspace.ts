// Makes a workspace for a person who has none, or who wants another one.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/notice";
import type { NewTenant, Tenant } from "../contract";
import type { Desk } from "../desk";
import { textField } from "../field";
import { formStyle } from "../form.style";
import { pageStyle } from "../page.style";
import { goTo, linkTo } from "../places";
import { type Problem, toProblem } from "../problem";

@customElement("new-workspace")
export class NewWorkspace extends LitElement {
  static override styles = [base, controls, formStyle, pageStyle, css`:host { padding: 0; }`];

  @property({ attribute: false }) desk!: Desk;
  @state() private name = "";
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;

  override render() {
    const { problem } = this;
    const isNameWrong = problem?.code === "bad_name";
    return html`<form class="column narrow" @submit=${this.#create}>
      <div class="page-head"><h1>Create a workspace</h1></div>
      <p class="lead">A workspace has its own bots, conversations and people. It begins with 14 days on trial.</p>
      <div class="panel">
        ${textField({ label: "Company or team", name: "name", value: this.name, maxLength: 80, autocomplete: "organization", isRequired: true, error: isNameWrong ? problem?.message : undefined, input: (value) => (this.name = value) })}
        ${problem && !isNameWrong ? html`<cf-notice>${problem.message}</cf-notice>` : nothing}
        <div class="actions">
          ${this.desk.me.tenantId ? html`<a class="button bare" href=${linkTo("inbox")}>Cancel</a>` : nothing}
          <button class="button main" ?disabled=${this.isBusy}>${this.isBusy ? "Creating" : "Create workspace"}</button>
        </div>
      </div>
    </form>`;
  }

  async #create(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    const { api, session } = this.desk;
    this.isBusy = true;
    this.problem = null;
    try {
      const body = { name: this.name.trim() } satisfies NewTenant;
      const tenant = await api.create<Tenant>("/tenants", body);
      await session.switchTenant(tenant.id);
      goTo("start");
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }
}
