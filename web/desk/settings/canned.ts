// Canned replies, which agents insert by a slash and a shortcut.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/dialog";
import "../../ui/empty";
import { icon } from "../../ui/icons";
import "../../ui/notice";
import "../../ui/skeleton";
import { type Column, table, tableStyle } from "../../ui/table";
import "../confirm";
import type { Question } from "../confirm";
import type { Canned, CannedInput } from "../contract";
import type { Desk } from "../desk";
import { selectField, textField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import { partStyle } from "./part.style";

const codesOfShortcut = ["bad_shortcut", "shortcut_taken", "shortcut_fixed"];

@customElement("desk-canned")
export class CannedReplies extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    tableStyle,
    pageStyle,
    partStyle,
    css`
      .text {
        display: -webkit-box;
        overflow: hidden;
        overflow-wrap: anywhere;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @state() private edited: Canned | null = null;
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;
  @state() private question: Question | null = null;

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk")) this.desk.workspace.want("canned");
  }

  override render() {
    const isAdmin = this.desk.may("writeSettings");
    const isNew = this.edited?.version === 0;
    return html`<div class="page-head">
        <h1>Canned replies</h1>
        ${isAdmin ? html`<button class="button main" type="button" @click=${() => this.#edit({ shortcut: "", text: "", team: null, version: 0 })}>${icon("add")} New reply</button>` : nothing}
      </div>
      <section class="panel">${this.#list(isAdmin)}</section>
      <cf-dialog heading=${isNew ? "New canned reply" : `/${this.edited?.shortcut}`} ?open=${this.edited !== null} @dismiss=${this.#close}>${this.edited ? this.#form(this.edited, isNew) : nothing}</cf-dialog>
      <desk-confirm .question=${this.question} @dismiss=${() => (this.question = null)}></desk-confirm>`;
  }

  #list(isAdmin: boolean): TemplateResult {
    const { workspace } = this.desk;
    const problem = workspace.problems.get("canned");
    if (problem)
      return html`<cf-notice action="Try again" @retry=${() => workspace.load("canned")}>${problem}</cf-notice>`;
    if (!workspace.isLoaded("canned")) return html`<cf-skeleton lines="4"></cf-skeleton>`;
    if (workspace.canned.length === 0)
      return html`<cf-empty heading="No canned replies yet">What your team writes again and again is one slash away.</cf-empty>`;
    return table("Canned replies", this.#columns(isAdmin), workspace.canned, (one) => one.shortcut);
  }

  #columns(isAdmin: boolean): Column<Canned>[] {
    const { workspace } = this.desk;
    const columns: Column<Canned>[] = [
      { label: "Shortcut", cell: ({ shortcut }) => html`<span class="mono">/${shortcut}</span>` },
      {
        label: "Text",
        wide: true,
        cell: ({ text }) => html`<span class="text" dir="auto">${text}</span>`,
      },
      { label: "Team", minor: true, cell: ({ team }) => (team ? workspace.team(team) : "All") },
    ];
    const actions: Column<Canned> = {
      label: "Actions",
      actions: true,
      cell: (
        one,
      ) => html`<button class="button small" type="button" aria-label="Change /${one.shortcut}" @click=${() => this.#edit(one)}>Change</button>
        <button class="button small danger" type="button" aria-label="Delete /${one.shortcut}" @click=${() => this.#askDelete(one)}>Delete</button>`,
    };
    return isAdmin ? [...columns, actions] : columns;
  }

  #form(edited: Canned, isNew: boolean): TemplateResult {
    const { problem } = this;
    const isShortcutWrong = codesOfShortcut.includes(problem?.code ?? "");
    const words = problem?.isStale
      ? "A colleague has changed it meanwhile. Close this and look again."
      : problem?.message;
    const { teams } = this.desk.workspace;
    return html`<form @submit=${this.#save}>
      ${isNew ? textField({ label: "Shortcut", name: "shortcut", value: edited.shortcut, maxLength: 33, isRequired: true, hint: "Letters a to z, digits and hyphens. It cannot be changed later.", error: isShortcutWrong ? words : undefined, input: (shortcut) => this.#set({ shortcut }) }) : nothing}
      ${textField({ label: "Text", name: "text", rows: 6, value: edited.text, isRequired: true, hint: "{{visitor.name}}, {{visitor.email}}, {{agent.name}} and {{workspace.name}} are filled in.", error: isShortcutWrong ? undefined : words, input: (text) => this.#set({ text }) })}
      ${teams.length > 0 ? selectField({ label: "For", name: "team", value: edited.team ?? "", options: [["", "All teams"], ...teams.map(({ id, name }) => [id, name] as const)], change: (team) => this.#set({ team: team || null }) }) : nothing}
      <div class="actions"><button class="button main" ?disabled=${this.isBusy}>Save</button></div>
    </form>`;
  }

  #edit(canned: Canned): void {
    this.edited = canned;
    this.problem = null;
  }

  #set(change: Partial<Canned>): void {
    if (this.edited) this.edited = { ...this.edited, ...change };
  }

  #close(): void {
    if (this.problem?.isStale) void this.desk.workspace.load("canned");
    this.edited = null;
  }

  async #save(event: Event): Promise<void> {
    event.preventDefault();
    const { edited, isBusy } = this;
    if (!edited || isBusy) return;
    const { api, workspace } = this.desk;
    const isNew = edited.version === 0;
    this.isBusy = true;
    this.problem = null;
    try {
      const { version, ...fields } = edited;
      const saved = isNew
        ? await api.post<Canned>("/canned", fields satisfies CannedInput)
        : await api.put<Canned>(pathOf("canned", edited.shortcut), {
            version,
            ...fields,
          } satisfies CannedInput);
      workspace.put("canned", saved);
      this.#close();
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }

  #askDelete({ shortcut }: Canned): void {
    this.question = {
      heading: `Delete /${shortcut}?`,
      text: "Messages that were sent with it stay.",
      action: "Delete",
      isDanger: true,
      run: async () => {
        await this.desk.api.remove(pathOf("canned", shortcut));
        this.desk.workspace.remove("canned", shortcut);
      },
    };
  }
}
