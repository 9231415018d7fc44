// Invites a person, and changes a member's role and teams.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/dialog";
import "../../ui/notice";
import type { Invitation, Member, MemberChange, NewInvitation, Role } from "../contract";
import type { Desk } from "../desk";
import { checkField, textField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import { assignableRoles } from "../permissions";
import { linkTo } from "../places";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import { roleHints, roleWords } from "../words";

@customElement("member-dialogs")
export class MemberDialogs extends LitElement {
  static override styles = [base, controls, formStyle];

  @property({ attribute: false }) desk!: Desk;
  @property({ type: Boolean }) inviting = false;
  @property({ attribute: false }) edited: Member | null = null;
  @state() private email = "";
  @state() private chosen: Role = "agent";
  @state() private teams: string[] = [];
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("inviting") && !changed.has("edited")) return;
    this.problem = null;
    this.email = "";
    this.chosen = this.edited?.role ?? "agent";
    this.teams = this.edited?.teams ?? [];
  }

  override render() {
    const { edited } = this;
    return html`<cf-dialog heading="Invite a colleague" ?open=${this.inviting} @dismiss=${this.#close}>${this.inviting ? this.#inviteForm() : nothing}</cf-dialog>
      <cf-dialog heading=${edited?.name ?? ""} ?open=${edited !== null} @dismiss=${this.#close}>${edited ? this.#memberForm(edited) : nothing}</cf-dialog>`;
  }

  #inviteForm(): TemplateResult {
    const isEmailWrong = this.problem?.code === "bad_email";
    return html`<form @submit=${this.#invite}>
      ${textField({ label: "Email", name: "email", type: "email", value: this.email, isRequired: true, error: isEmailWrong ? this.problem?.message : undefined, input: (value) => (this.email = value) })}
      ${this.#roles(null)} ${this.#teamChoice()} ${isEmailWrong ? nothing : this.#notice()}
      <div class="actions"><button class="button main" ?disabled=${this.isBusy}>${this.isBusy ? "Inviting" : "Invite"}</button></div>
    </form>`;
  }

  #memberForm(member: Member): TemplateResult {
    return html`<form @submit=${(event: Event) => this.#save(event, member)}>
      ${this.#roles(member.role)} ${this.#teamChoice()} ${this.#notice()}
      <div class="actions"><button class="button main" ?disabled=${this.isBusy}>Save</button></div>
    </form>`;
  }

  #roles(current: Role | null): TemplateResult {
    return html`<fieldset>
      <legend>Role</legend>
      ${assignableRoles(this.desk.me.role, current).map(
        (role) => html`<label class="check">
          <input type="radio" name="role" .checked=${role === this.chosen} @change=${() => (this.chosen = role)} />
          <span>${roleWords[role]}</span><small>${roleHints[role]}</small>
        </label>`,
      )}
    </fieldset>`;
  }

  #teamChoice(): TemplateResult | typeof nothing {
    const { teams } = this.desk.workspace;
    if (teams.length === 0) return nothing;
    return html`<fieldset>
      <legend>Teams</legend>
      ${teams.map(({ id, name }) =>
        checkField(html`<bdi>${name}</bdi>`, this.teams.includes(id), (isIn) => {
          const others = this.teams.filter((team) => team !== id);
          this.teams = isIn ? [...others, id] : others;
        }),
      )}
    </fieldset>`;
  }

  #notice(): TemplateResult | typeof nothing {
    const { problem } = this;
    if (!problem) return nothing;
    return html`<cf-notice>${problem.message} ${problem.status === 402 ? html`<a href=${linkTo("settings", { section: "limits" })} @click=${this.#close}>See your limits</a>` : nothing}</cf-notice>`;
  }

  #close = (): void => {
    this.dispatchEvent(new Event("dismiss"));
  };

  #invite(event: Event): Promise<void> {
    event.preventDefault();
    return this.#do(async () => {
      const body = {
        email: this.email.trim(),
        role: this.chosen,
        teams: this.teams,
      } satisfies NewInvitation;
      const detail = await this.desk.api.create<Invitation>("/invitations", body);
      this.dispatchEvent(new CustomEvent("invited", { detail }));
    });
  }

  #save(event: Event, { user_id }: Member): Promise<void> {
    event.preventDefault();
    return this.#do(async () => {
      const body = { role: this.chosen, teams: this.teams } satisfies MemberChange;
      const member = await this.desk.api.patch<Member>(pathOf("members", user_id), body);
      this.desk.workspace.put("members", member);
    });
  }

  async #do(work: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = null;
    try {
      await work();
      this.#close();
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }
}
