// Teams, to which conversations are assigned.
import { html, LitElement, nothing, type TemplateResult } from "lit";
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
import type { Team, TeamInput } from "../contract";
import type { Desk } from "../desk";
import { textField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import { partStyle } from "./part.style";

@customElement("desk-teams")
export class Teams extends LitElement {
  static override styles = [base, controls, formStyle, tableStyle, pageStyle, partStyle];

  @property({ attribute: false }) desk!: Desk;
  /** The team that is renamed; an empty one is new. */
  @state() private edited: Partial<Team> | null = null;
  @state() private name = "";
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;
  @state() private question: Question | null = null;

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override render() {
    const isAdmin = this.desk.may("writeMembers");
    return html`<div class="page-head">
        <h1>Teams</h1>
        ${isAdmin ? html`<button class="button main" type="button" @click=${() => this.#edit({})}>${icon("add")} New team</button>` : nothing}
      </div>
      <p class="lead">A conversation can belong to a team until a person takes it. Bots hand over to teams.</p>
      <section class="panel">${this.#list(isAdmin)}</section>
      <cf-dialog heading=${this.edited?.id ? "Rename the team" : "New team"} ?open=${this.edited !== null} @dismiss=${this.#close}>${this.edited ? this.#form() : nothing}</cf-dialog>
      <desk-confirm .question=${this.question} @dismiss=${() => (this.question = null)}></desk-confirm>`;
  }

  #list(isAdmin: boolean): TemplateResult {
    const { workspace } = this.desk;
    const problem = workspace.problems.get("teams");
    if (problem)
      return html`<cf-notice action="Try again" @retry=${() => workspace.load("teams")}>${problem}</cf-notice>`;
    if (!workspace.isLoaded("teams")) return html`<cf-skeleton lines="3"></cf-skeleton>`;
    if (workspace.teams.length === 0)
      return html`<cf-empty heading="No teams">Small companies need none.</cf-empty>`;
    return table("Teams", this.#columns(isAdmin), workspace.teams, ({ id }) => id);
  }

  #columns(isAdmin: boolean): Column<Team>[] {
    const { members } = this.desk.workspace;
    const columns: Column<Team>[] = [
      { label: "Name", cell: ({ name }) => html`<bdi>${name}</bdi>` },
      {
        label: "Members",
        figures: true,
        cell: ({ id }) => members.filter(({ teams }) => teams.includes(id)).length,
      },
    ];
    const actions: Column<Team> = {
      label: "Actions",
      actions: true,
      cell: (
        team,
      ) => html`<button class="button small" type="button" aria-label="Rename ${team.name}" @click=${() => this.#edit(team)}>Rename</button>
        <button class="button small danger" type="button" aria-label="Delete ${team.name}" @click=${() => this.#askDelete(team)}>Delete</button>`,
    };
    return isAdmin ? [...columns, actions] : columns;
  }

  #form(): TemplateResult {
    const { problem } = this;
    const words = problem?.isStale
      ? "A colleague has renamed it meanwhile. Close this and look again."
      : problem?.message;
    return html`<form @submit=${this.#save}>
      ${textField({ label: "Name", name: "name", value: this.name, maxLength: 60, isRequired: true, error: words, input: (value) => (this.name = value) })}
      <div class="actions"><button class="button main" ?disabled=${this.isBusy}>Save</button></div>
    </form>`;
  }

  #edit(team: Partial<Team>): void {
    this.edited = team;
    this.name = team.name ?? "";
    this.problem = null;
  }

  #close(): void {
    if (this.problem?.isStale) void this.desk.workspace.load("teams");
    this.edited = null;
  }

  async #save(event: Event): Promise<void> {
    event.preventDefault();
    const { edited, isBusy } = this;
    if (!edited || isBusy) return;
    const { api, workspace } = this.desk;
    const name = this.name.trim();
    this.isBusy = true;
    this.problem = null;
    try {
      const team = edited.id
        ? await api.put<Team>(pathOf("teams", edited.id), { name, version: edited.version })
        : await api.create<Team>("/teams", { name } satisfies TeamInput);
      workspace.put("teams", team);
      this.#close();
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }

  #askDelete({ id, name }: Team): void {
    this.question = {
      heading: `Delete ${name}?`,
      text: "Its conversations stay, without a team.",
      action: "Delete",
      isDanger: true,
      run: async () => {
        await this.desk.api.remove(pathOf("teams", id));
        this.desk.workspace.remove("teams", id);
      },
    };
  }
}
