// Members with their roles and teams, and open invitations.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import { icon } from "../../ui/icons";
import "../../ui/notice";
import "../../ui/skeleton";
import "../../ui/status";
import { type Column, table, tableStyle } from "../../ui/table";
import "../../ui/time";
import { toast } from "../../ui/toast";
import "../confirm";
import type { Question } from "../confirm";
import type { Invitation, Member } from "../contract";
import type { Desk } from "../desk";
import { formStyle } from "../form.style";
import { Loading } from "../loading";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { assignableRoles } from "../permissions";
import { pathOf } from "../request";
import { roleWords } from "../words";
import { loadAll } from "../workspace";
import "./member-dialogs";
import { partStyle } from "./part.style";

@customElement("desk-members")
export class Members extends LitElement {
  static override styles = [base, controls, formStyle, tableStyle, pageStyle, partStyle];

  @property({ attribute: false }) desk!: Desk;
  @state() private isInviting = false;
  @state() private edited: Member | null = null;
  @state() private question: Question | null = null;
  readonly #invitations = new Loading(this, () =>
    loadAll<Invitation>(this.desk.api, "/invitations"),
  );

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk") && this.desk.may("writeMembers")) void this.#invitations.load();
  }

  override render() {
    const { desk } = this;
    const isAdmin = desk.may("writeMembers");
    return html`<div class="page-head">
        <h1>Members</h1>
        ${isAdmin ? html`<button class="button main" type="button" @click=${() => (this.isInviting = true)}>${icon("add")} Invite</button>` : nothing}
      </div>
      <section class="panel">${this.#list()}</section>
      ${isAdmin ? this.#openInvitations() : nothing}
      <member-dialogs .desk=${desk} ?inviting=${this.isInviting} .edited=${this.edited} @invited=${(event: CustomEvent<Invitation>) => this.#invited(event.detail)} @dismiss=${this.#close}></member-dialogs>
      <desk-confirm .question=${this.question} @dismiss=${() => (this.question = null)}></desk-confirm>`;
  }

  #list(): TemplateResult {
    const { workspace } = this.desk;
    const problem = workspace.problems.get("members");
    if (problem)
      return html`<cf-notice action="Try again" @retry=${() => workspace.load("members")}>${problem}</cf-notice>`;
    if (!workspace.isLoaded("members")) return html`<cf-skeleton lines="5"></cf-skeleton>`;
    return table("Members", this.#columns, workspace.members, ({ user_id }) => user_id);
  }

  get #columns(): Column<Member>[] {
    const { me, workspace } = this.desk;
    return [
      {
        label: "Name",
        cell: ({ user_id, name }) =>
          html`<bdi>${name ?? "A closed account"}</bdi>${user_id === me.id ? html` <span class="badge accent">You</span>` : nothing}`,
      },
      { label: "Email", wide: true, cell: ({ email }) => html`<bdi>${email ?? ""}</bdi>` },
      { label: "Role", cell: ({ role }) => roleWords[role] },
      {
        label: "Teams",
        minor: true,
        cell: ({ teams }) => teams.map((id) => workspace.team(id)).join(", "),
      },
      {
        label: "State",
        cell: ({ availability }) =>
          html`<cf-status tone=${availability === "online" ? "good" : "quiet"}>${availability === "online" ? "Online" : "Away"}</cf-status>`,
      },
      { label: "Actions", actions: true, cell: (member) => this.#actions(member) },
    ];
  }

  #actions(member: Member): unknown {
    const { me } = this.desk;
    const isSelf = member.user_id === me.id;
    const mayChange = assignableRoles(me.role, member.role).length > 0;
    return html`${mayChange ? html`<button class="button small" type="button" aria-label="Change ${member.name}" @click=${() => (this.edited = member)}>Change</button>` : nothing}
      ${mayChange || isSelf ? html`<button class="button small danger" type="button" aria-label="${isSelf ? "Leave the workspace" : `Remove ${member.name}`}" @click=${() => this.#askRemove(member, isSelf)}>${isSelf ? "Leave" : "Remove"}</button>` : nothing}`;
  }

  #openInvitations(): TemplateResult {
    return html`<section class="panel">
      <h2>Open invitations</h2>
      ${this.#invitations.render((list) =>
        list.length === 0
          ? html`<cf-empty heading="None">Who you invite gets a mail with a link, which works once, for seven days.</cf-empty>`
          : table("Open invitations", this.#invitationColumns, list, ({ id }) => id),
      )}
    </section>`;
  }

  get #invitationColumns(): Column<Invitation>[] {
    return [
      { label: "Email", cell: ({ email }) => html`<bdi>${email}</bdi>` },
      { label: "Role", cell: ({ role }) => roleWords[role] },
      {
        label: "Ends",
        cell: ({ expires_at }) => html`<cf-time at=${Date.parse(expires_at)}></cf-time>`,
      },
      {
        label: "Actions",
        actions: true,
        cell: (one) =>
          html`<button class="button small" type="button" aria-label="Withdraw the invitation of ${one.email}" @click=${() => this.#askWithdraw(one)}>Withdraw</button>`,
      },
    ];
  }

  #close(): void {
    this.isInviting = false;
    this.edited = null;
  }

  #invited(invitation: Invitation): void {
    this.#invitations.set([...(this.#invitations.data ?? []), invitation]);
    toast(`Invited: ${invitation.email}`);
  }

  #askRemove(member: Member, isSelf: boolean): void {
    const { api, workspace, session } = this.desk;
    const name = member.name ?? "this account";
    this.question = {
      heading: isSelf ? "Leave this workspace?" : `Remove ${name}?`,
      text: isSelf
        ? "You need a new invitation to come back."
        : `${name} is signed out of this workspace at once. Their conversations stay.`,
      action: isSelf ? "Leave" : "Remove",
      isDanger: true,
      run: async () => {
        await api.remove(pathOf("members", member.user_id));
        if (isSelf) await session.refresh();
        else workspace.remove("members", member.user_id);
      },
    };
  }

  #askWithdraw({ id, email }: Invitation): void {
    this.question = {
      heading: "Withdraw the invitation?",
      text: `The link that was mailed to ${email} stops working.`,
      action: "Withdraw",
      run: async () => {
        await this.desk.api.remove(pathOf("invitations", id));
        this.#invitations.set((this.#invitations.data ?? []).filter((one) => one.id !== id));
      },
    };
  }
}
