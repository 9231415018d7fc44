// Accepts an invitation: with a new account, or with that of the invited address.

import { html, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { Api } from "../api";
import type { AcceptanceRequest } from "../contract";
import { authLink, leaveMailedPage } from "../places";
import type { Session } from "../session";
import { authApi } from "./auth-api";
import { AuthForm, PASSWORD_HINT, passwordCodes } from "./auth-form";
import { keepInvitation } from "./kept-invitation";

const final = [
  "invitation_expired",
  "invitation_revoked",
  "invitation_used",
  "invitation_not_found",
  "bad_link",
];

@customElement("desk-invite")
export class Invite extends AuthForm {
  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) token = "";
  /** The address has an account: its owner signs in. */
  @state() private hasAccount = false;
  protected override readonly fieldOfCode = { ...passwordCodes, bad_name: "name" };

  override render() {
    const { problem, session } = this;
    if (problem && final.includes(problem.code))
      return html`<div class="head" role="alert">
          <h1>This invitation no longer works</h1>
          <p>${problem.message}</p>
        </div>
        <button class="button main" type="button" @click=${this.#leave}>Go to Desk</button>`;
    if (session.info) return this.#join(session.info.user.email);
    return this.hasAccount ? this.#signIn() : this.#newAccount();
  }

  #newAccount(): TemplateResult {
    return html`<div class="head">
        <h1>You are invited</h1>
        <p>Choose a name and a password to join the workspace.</p>
      </div>
      <form @submit=${this.submit}>
        ${this.field("name", "Your name", { autocomplete: "name", maxLength: 80 })}
        ${this.field("password", "Password", { type: "password", autocomplete: "new-password", hint: PASSWORD_HINT })}
        ${this.submitButton("Join", "Joining")}
      </form>
      <div class="foot"><span>Have an account? <a href=${authLink("sign-in")} @click=${this.#keep}>Sign in</a></span></div>`;
  }

  #signIn(): TemplateResult {
    return html`<div class="head" role="status">
        <h1>You have an account</h1>
        <p>Sign in with the address that the invitation was sent to. Then you join the workspace.</p>
      </div>
      <a class="button main" href=${authLink("sign-in")} @click=${this.#keep}>Sign in</a>`;
  }

  #join(email: string): TemplateResult {
    const isOther = this.problem?.code === "invitation_for_other_address";
    return html`<div class="head">
        <h1>Join the workspace</h1>
        <p>You are signed in as <strong><bdi>${email}</bdi></strong>.</p>
      </div>
      <form @submit=${this.submit}>${this.submitButton("Join", "Joining")}</form>
      <div class="foot">
        <button class="link" type="button" @click=${this.#otherAccount}>${isOther ? "Sign in with the invited address" : "Use another account"}</button>
        <button class="link" type="button" @click=${this.#leave}>Not now</button>
      </div>`;
  }

  protected override async send(): Promise<void> {
    const { session, token } = this;
    if (session.info) {
      const body = { token } satisfies AcceptanceRequest;
      const joined = await new Api(session).post<{ tenant_id: string }>(
        "/invitations/accept",
        body,
      );
      keepInvitation(null);
      await session.switchTenant(joined.tenant_id);
      leaveMailedPage();
      return;
    }
    try {
      const info = await authApi.join(token, this.value("name").trim(), this.value("password"));
      keepInvitation(null);
      leaveMailedPage();
      session.adopt(info);
    } catch (error) {
      this.hasAccount = (error as { code?: string }).code === "account_exists";
      if (!this.hasAccount) throw error;
    }
  }

  #keep = (): void => keepInvitation(this.token);

  #leave = (): void => {
    keepInvitation(null);
    leaveMailedPage();
  };

  #otherAccount = async (): Promise<void> => {
    this.#keep();
    try {
      await this.session.signOut();
      location.assign(authLink("sign-in"));
    } catch {
      this.problem = null;
    }
  };
}
