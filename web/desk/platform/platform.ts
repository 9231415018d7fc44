// Workspaces of the platform, for its operators.
import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import "../../ui/status";
import type { Tone } from "../../ui/status";
import { type Column, table, tableStyle } from "../../ui/table";
import "../../ui/time";
import type { Page, Plan, TenantRow, TenantStatus } from "../contract";
import type { Desk } from "../desk";
import { selectField } from "../field";
import { formStyle } from "../form.style";
import { pageStyle } from "../page.style";
import { Paged } from "../paged";
import { pagedFooter } from "../paged-footer";
import { linkTo, type Place } from "../places";
import { isolationWords, planWords, tenantStatusWords } from "../words";
import "./tenant-page";

const tones: Record<TenantStatus, Tone> = {
  trial: "quiet",
  active: "good",
  suspended: "bad",
  deleting: "warn",
};

@customElement("desk-platform")
export class Platform extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    tableStyle,
    pageStyle,
    css`
      .filters {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 11rem), 1fr));
        gap: var(--s3);
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) place!: Place;
  @state() private status: TenantStatus | "" = "";
  @state() private plan: Plan | "" = "";
  readonly #tenants = new Paged<TenantRow>(this, (after) =>
    this.desk.api.get<Page<TenantRow>>("/tenants", {
      limit: 50,
      after,
      status: this.status || undefined,
      plan: this.plan || undefined,
    }),
  );

  get #isOperator(): boolean {
    return Boolean(this.desk.session.info?.user.platform_role);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk") && this.#isOperator) void this.#tenants.restart();
  }

  override render() {
    if (!this.#isOperator)
      return html`<cf-empty heading="For operators of the platform">Your account is not one of theirs.</cf-empty>`;
    const id = this.place.tenant;
    return id
      ? html`<tenant-page .desk=${this.desk} tenant=${id}></tenant-page>`
      : html`<div class="column"><div class="page-head"><h1>Workspaces</h1></div>${this.#list()}</div>`;
  }

  #list(): TemplateResult {
    const list = this.#tenants;
    const statuses = Object.entries(tenantStatusWords) as [TenantStatus, string][];
    const plans = Object.entries(planWords) as [Plan, string][];
    return html`<div class="filters">
        ${selectField({ label: "State", name: "status", value: this.status, options: [["", "Any"], ...statuses], change: (status) => this.#filter({ status }) })}
        ${selectField({ label: "Plan", name: "plan", value: this.plan, options: [["", "Any"], ...plans], change: (plan) => this.#filter({ plan }) })}
      </div>
      ${list.isReady && list.items.length === 0 ? html`<cf-empty heading="None">No workspace fits.</cf-empty>` : ""}
      ${list.items.length > 0 ? table("Workspaces", columns, list.items, ({ id }) => id) : ""}
      ${pagedFooter(list)}`;
  }

  #filter({ status, plan }: { status?: TenantStatus | ""; plan?: Plan | "" }): void {
    this.status = status ?? this.status;
    this.plan = plan ?? this.plan;
    void this.#tenants.restart();
  }
}

const columns: Column<TenantRow>[] = [
  {
    label: "Workspace",
    cell: ({ id, slug }) => html`<a href=${linkTo("platform", { tenant: id })}>${slug}</a>`,
  },
  {
    label: "State",
    cell: ({ status }) =>
      html`<cf-status tone=${tones[status]}>${tenantStatusWords[status]}</cf-status>`,
  },
  { label: "Plan", cell: ({ plan }) => planWords[plan] },
  { label: "Isolation", minor: true, cell: ({ isolation }) => isolationWords[isolation] },
  {
    label: "Created",
    cell: ({ created_at }) => html`<cf-time at=${Date.parse(created_at)}></cf-time>`,
  },
];
