// The sign-in with an address and a password.
import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { authLink } from "../places";
import type { Session } from "../session";
import { authApi } from "./auth-api";
import { AuthForm } from "./auth-form";

@customElement("desk-sign-in")
export class SignIn extends AuthForm {
  @property({ attribute: false }) session!: Session;
  protected override readonly fieldOfCode = { bad_credentials: "password" };

  override render() {
    const { problem } = this.session;
    return html`<h1>Sign in to Desk</h1>
      ${problem ? html`<cf-notice tone="warn">${problem}</cf-notice>` : nothing}
      <form @submit=${this.submit}>
        ${this.field("email", "Email", { type: "email", autocomplete: "username" })}
        ${this.field("password", "Password", { type: "password", autocomplete: "current-password" })}
        ${this.submitButton("Sign in", "Signing in")}
      </form>
      <div class="foot">
        <a href=${authLink("sign-up")}>Create an account</a>
        <a href=${authLink("forgot")}>Forgot your password?</a>
      </div>`;
  }

  protected override async send(): Promise<void> {
    this.session.adopt(await authApi.login(this.value("email").trim(), this.value("password")));
  }
}
