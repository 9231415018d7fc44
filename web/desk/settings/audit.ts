// The audit: who did what in the workspace.
import { html, LitElement, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import { table, tableStyle } from "../../ui/table";
import type { AuditEntry, Page } from "../contract";
import type { Desk } from "../desk";
import { selectField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { Paged } from "../paged";
import { pagedFooter } from "../paged-footer";
import { auditColumns } from "./audit-columns";
import { partStyle } from "./part.style";

@customElement("desk-audit")
export class Audit extends LitElement {
  static override styles = [base, controls, formStyle, tableStyle, pageStyle, partStyle];

  @property({ attribute: false }) desk!: Desk;
  @state() private actor = "";
  readonly #entries = new Paged<AuditEntry>(this, (after) =>
    this.desk.api.get<Page<AuditEntry>>("/audit", {
      limit: 50,
      after,
      actor: this.actor || undefined,
    }),
  );

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk")) void this.#entries.restart();
  }

  override render() {
    const { workspace } = this.desk;
    const list = this.#entries;
    const people = workspace.members.map(
      ({ user_id, name }) => [user_id, name ?? "A closed account"] as const,
    );
    return html`<div class="page-head"><h1>Audit</h1></div>
      <section class="panel">
        ${selectField({ label: "By", name: "actor", value: this.actor, options: [["", "Everyone"], ...people], change: (actor) => this.#filter(actor) })}
        ${list.isReady && list.items.length === 0 ? html`<cf-empty heading="Nothing yet">Changes of settings, members, bots and keys are listed here.</cf-empty>` : list.items.length > 0 ? table("Audit", auditColumns(workspace), list.items, (entry) => `${entry.at}${entry.correlation_id}${entry.target}`) : ""}
        ${pagedFooter(list)}
      </section>`;
  }

  #filter(actor: string): void {
    this.actor = actor;
    void this.#entries.restart();
  }
}
