// Sets a new password with a mailed link. Every session ends.
import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { authLink } from "../places";
import type { Session } from "../session";
import { authApi } from "./auth-api";
import { AuthForm, PASSWORD_HINT, passwordCodes } from "./auth-form";

@customElement("desk-reset")
export class Reset extends AuthForm {
  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) token = "";
  @state() private isDone = false;
  protected override readonly fieldOfCode = passwordCodes;

  override render() {
    if (this.isDone)
      return html`<div class="head" role="status">
          <h1>Your password is changed</h1>
          <p>Every device was signed out.</p>
        </div>
        <a class="button main" href=${authLink("sign-in")}>Sign in</a>`;
    const { problem } = this;
    const isOver = problem && (problem.status === 401 || problem.code === "link_used");
    if (isOver)
      return html`<div class="head" role="alert">
          <h1>This link no longer works</h1>
          <p>Links work once, for an hour. Ask for a new one.</p>
        </div>
        <a class="button main" href=${authLink("forgot")}>Send a new link</a>`;
    return html`<h1>Set a new password</h1>
      <form @submit=${this.submit}>
        ${this.field("password", "New password", { type: "password", autocomplete: "new-password", hint: PASSWORD_HINT })}
        ${this.submitButton("Save the password", "Saving")}
      </form>`;
  }

  protected override async send(): Promise<void> {
    await authApi.reset(this.token, this.value("password"));
    this.session.end("");
    this.isDone = true;
  }
}
