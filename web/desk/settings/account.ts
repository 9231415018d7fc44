// The person's own account: password, notices, and devices with a session.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import { type Column, table, tableStyle } from "../../ui/table";
import "../../ui/time";
import { toast } from "../../ui/toast";
import "../confirm";
import type { Question } from "../confirm";
import type {
  DeviceSession,
  Member,
  Notifications,
  OwnMembership,
  PasswordChange,
} from "../contract";
import type { Desk } from "../desk";
import { checkField, textField } from "../field";
import { formStyle } from "../form.style";
import { Loading } from "../loading";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import { loadAll } from "../workspace";
import { deviceName } from "./device-name";
import { partStyle } from "./part.style";

@customElement("desk-account")
export class Account extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    tableStyle,
    pageStyle,
    partStyle,
    css`
      .who {
        font-size: var(--t3);
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @state() private current = "";
  @state() private password = "";
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;
  @state() private question: Question | null = null;
  readonly #sessions = new Loading(this, () =>
    loadAll<DeviceSession>(this.desk.api, "/auth/sessions"),
  );

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace, this.desk.keys]);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk")) void this.#sessions.load();
  }

  override render() {
    const { me, keys } = this.desk;
    return html`<div class="page-head"><h1>Account and devices</h1></div>
      <section class="panel">
        <p class="who"><strong dir="auto">${me.name}</strong><br /><bdi>${me.email}</bdi></p>
        ${this.#notices()}
        ${checkField("Single letters are keyboard shortcuts", keys.areLettersOn, (on) => keys.setLetters(on), "In this browser.")}
      </section>
      ${this.#passwordForm()}
      <section class="panel">
        <h2>Devices</h2>
        <p class="lead">Each sign-in is listed. End what you do not know, and change your password.</p>
        ${this.#sessions.render((sessions) => table("Devices", this.#columns, sessions, ({ id }) => id))}
        <div class="actions"><button class="button danger" type="button" @click=${this.#askSignOut}>Sign out everywhere</button></div>
      </section>
      <desk-confirm .question=${this.question} @dismiss=${() => (this.question = null)}></desk-confirm>`;
  }

  #notices(): TemplateResult | typeof nothing {
    const { workspace, me } = this.desk;
    const member = workspace.members.find(({ user_id }) => user_id === me.id);
    if (!member) return nothing;
    const notify = member.notify ?? { mail: true, push: true };
    return checkField("Mail me when something waits and I am away", notify.mail, (mail) =>
      this.#setNotify(member, { ...notify, mail }),
    );
  }

  #passwordForm(): TemplateResult {
    const { problem } = this;
    const isCurrentWrong = problem?.code === "bad_credentials";
    const isNewWrong = problem?.code.startsWith("password_");
    return html`<form class="panel" @submit=${this.#changePassword}>
      <h2>Password</h2>
      <div class="two">
        ${textField({ label: "Current password", name: "current", type: "password", autocomplete: "current-password", value: this.current, isRequired: true, error: isCurrentWrong ? problem?.message : undefined, input: (value) => (this.current = value) })}
        ${textField({ label: "New password", name: "password", type: "password", autocomplete: "new-password", value: this.password, isRequired: true, hint: "At least 10 characters. Your other devices are signed out.", error: isNewWrong ? problem?.message : undefined, input: (value) => (this.password = value) })}
      </div>
      ${problem && !isCurrentWrong && !isNewWrong ? html`<cf-notice>${problem.message}</cf-notice>` : nothing}
      <div class="actions"><button class="button main" ?disabled=${this.isBusy || !this.current || !this.password}>Change password</button></div>
    </form>`;
  }

  get #columns(): Column<DeviceSession>[] {
    return [
      {
        label: "Device",
        cell: ({ name, is_current }) =>
          html`<span title=${name}>${deviceName(name)}</span>${is_current ? html` <span class="badge accent">This one</span>` : nothing}`,
      },
      { label: "Address", cell: ({ ip }) => html`<bdi>${ip ?? "Unknown"}</bdi>` },
      {
        label: "Last used",
        cell: ({ used_at }) => html`<cf-time at=${Date.parse(used_at)}></cf-time>`,
      },
      {
        label: "Actions",
        actions: true,
        cell: (session) =>
          session.is_current
            ? nothing
            : html`<button class="button small" type="button" @click=${() => this.#endSession(session)}>End</button>`,
      },
    ];
  }

  async #setNotify({ availability }: Member, notify: Notifications): Promise<void> {
    const { api, workspace } = this.desk;
    try {
      workspace.put(
        "members",
        await api.put<Member>("/members/me", { availability, notify } satisfies OwnMembership),
      );
    } catch (error) {
      toast(toProblem(error).message, true);
    }
  }

  async #changePassword(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = null;
    try {
      const body = { current: this.current, password: this.password } satisfies PasswordChange;
      await this.desk.api.put("/auth/password", body);
      this.current = "";
      this.password = "";
      toast("Your password is changed");
      void this.#sessions.load();
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }

  async #endSession({ id }: DeviceSession): Promise<void> {
    try {
      await this.desk.api.remove(pathOf("auth", "sessions", id));
      this.#sessions.set((this.#sessions.data ?? []).filter((session) => session.id !== id));
    } catch (error) {
      toast(toProblem(error).message, true);
    }
  }

  #askSignOut(): void {
    this.question = {
      heading: "Sign out everywhere?",
      text: "Every device is signed out, this one too.",
      action: "Sign out everywhere",
      isDanger: true,
      run: () => this.desk.session.signOut(true),
    };
  }
}
