// One workspace as an operator sees it: state, setup, limits and audit. Operators read, and suspend or resume.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/dialog";
import "../../ui/empty";
import "../../ui/notice";
import "../../ui/status";
import { table, tableStyle } from "../../ui/table";
import "../../ui/time";
import { toast } from "../../ui/toast";
import { Api } from "../api";
import type { AuditEntry, Limits, Page, Suspension, Tenant } from "../contract";
import type { Desk } from "../desk";
import { textField } from "../field";
import { formStyle } from "../form.style";
import { Loading } from "../loading";
import { pageStyle } from "../page.style";
import { Paged } from "../paged";
import { pagedFooter } from "../paged-footer";
import { linkTo } from "../places";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import { auditColumns } from "../settings/audit-columns";
import { limitList, limitListStyle } from "../settings/limit-list";
import { exactly, isolationWords, planWords, tenantStatusWords } from "../words";

const strangers = { person: (id: string) => id, team: (id: string) => id };

@customElement("tenant-page")
export class TenantPage extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    tableStyle,
    pageStyle,
    limitListStyle,
    css`
      :host {
        padding: 0;
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2) var(--s5);
        font-size: var(--t2);
      }
      dt {
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      dd {
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property() tenant = "";
  @state() private isAsking = false;
  @state() private reason = "";
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;
  readonly #tenant = new Loading(this, async () => {
    const tenant = await this.#api.get<Tenant>(pathOf("tenants", this.tenant));
    // The banner names the workspace.
    this.desk.session.actAs({ id: tenant.id, name: tenant.name });
    return tenant;
  });
  readonly #limits = new Loading(this, () =>
    this.#api.get<Limits>(pathOf("tenants", this.tenant, "limits")),
  );
  readonly #audit = new Paged<AuditEntry>(this, (after) =>
    this.#api.get<Page<AuditEntry>>("/audit", { limit: 25, after }),
  );

  /** Calls in the workspace that the operator looks at. */
  get #api(): Api {
    return new Api(this.desk.session, this.tenant);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.desk.session.actAs(null);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("tenant")) return;
    this.desk.session.actAs({ id: this.tenant, name: "a workspace" });
    this.#tenant.data = null;
    this.#limits.data = null;
    void this.#tenant.load();
    void this.#limits.load();
    void this.#audit.restart();
  }

  override render() {
    return html`<div class="column">
      <a class="crumb" href=${linkTo("platform")}>All workspaces</a>
      ${this.#tenant.problem?.status === 404 ? html`<cf-empty heading="There is no such workspace">It may have been erased.</cf-empty>` : this.#tenant.render((tenant) => this.#page(tenant), 5)}
    </div>`;
  }

  #page(tenant: Tenant): TemplateResult {
    const isSuspended = tenant.holds.platform !== undefined;
    return html`<div class="page-head">
        <h1 dir="auto">${tenant.name}</h1>
        <button class="button ${isSuspended ? "" : "danger"}" type="button" @click=${() => (this.isAsking = true)}>${isSuspended ? "Resume" : "Suspend"}</button>
      </div>
      <section class="panel">
        <dl>
          <div><dt>State</dt><dd><cf-status tone=${tenant.status === "suspended" ? "bad" : "good"}>${tenantStatusWords[tenant.status]}</cf-status></dd></div>
          <div><dt>Plan</dt><dd>${planWords[tenant.plan]}</dd></div>
          <div><dt>Isolation</dt><dd>${isolationWords[tenant.isolation]}</dd></div>
          ${tenant.trial_ends_at ? html`<div><dt>Trial ends</dt><dd>${exactly(tenant.trial_ends_at)}</dd></div>` : nothing}
          ${tenant.provisioning ? html`<div><dt>Setup</dt><dd>${tenant.provisioning.state === "ready" ? "Ready" : html`Step ${tenant.provisioning.step} of ${tenant.provisioning.of}, ${tenant.provisioning.state}`}${tenant.provisioning.state === "failed" ? html`: <span class="mono">${tenant.provisioning.code}</span>` : nothing}</dd></div>` : nothing}
          <div><dt>Id</dt><dd class="mono">${tenant.id}</dd></div>
        </dl>
        ${tenant.holds.platform ? html`<cf-notice tone="warn">Suspended ${exactly(tenant.holds.platform.since)}. ${tenant.holds.platform.note ?? ""}</cf-notice>` : nothing}
      </section>
      ${this.#limits.render((limits) => limitList(limits))}
      <section class="panel">
        <h2>Audit</h2>
        ${this.#audit.items.length > 0 ? table("Audit", auditColumns(strangers), this.#audit.items, (entry) => `${entry.at}${entry.correlation_id}${entry.target}`) : nothing}
        ${this.#audit.isReady && this.#audit.items.length === 0 ? html`<cf-empty heading="Nothing yet"></cf-empty>` : nothing}
        ${pagedFooter(this.#audit)}
      </section>
      <cf-dialog heading=${isSuspended ? "Resume the workspace?" : "Suspend the workspace?"} ?open=${this.isAsking} @dismiss=${this.#close}>${this.isAsking ? this.#form(tenant, isSuspended) : nothing}</cf-dialog>`;
  }

  #form(tenant: Tenant, isSuspended: boolean): TemplateResult {
    const words = isSuspended
      ? "Its people can work again, and its chats come back."
      : "Its people and programs are refused, and its chats say that the team is away. Nothing is lost.";
    return html`<form @submit=${(event: Event) => this.#change(event, tenant, isSuspended)}>
      <p>${words}</p>
      ${textField({ label: "Reason", name: "reason", rows: 3, value: this.reason, maxLength: 500, isRequired: !isSuspended, hint: "It is written to the audit.", error: this.problem?.message, input: (value) => (this.reason = value) })}
      <div class="actions">
        <button class="button" type="button" @click=${this.#close}>Cancel</button>
        <button class="button ${isSuspended ? "main" : "danger"}" ?disabled=${this.isBusy}>${isSuspended ? "Resume" : "Suspend"}</button>
      </div>
    </form>`;
  }

  #close = (): void => {
    this.isAsking = false;
    this.reason = "";
    this.problem = null;
  };

  async #change(event: Event, { id }: Tenant, isSuspended: boolean): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = null;
    try {
      const path = pathOf("tenants", id, isSuspended ? "resume" : "suspend");
      const tenant = await this.#api.post<Tenant>(path, {
        reason: this.reason.trim(),
      } satisfies Suspension);
      // The setup is not part of this answer.
      const { provisioning } = this.#tenant.data ?? {};
      this.#tenant.set(provisioning ? { ...tenant, provisioning } : tenant);
      toast(isSuspended ? "Resumed" : "Suspended");
      this.#close();
      void this.#audit.restart();
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }
}
