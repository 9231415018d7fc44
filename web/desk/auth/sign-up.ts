// The sign-up. Its answer is the same for known addresses, so the next step is always the mailbox.
import { html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { authLink } from "../places";
import { authApi } from "./auth-api";
import { AuthForm, PASSWORD_HINT, passwordCodes } from "./auth-form";

@customElement("desk-sign-up")
export class SignUp extends AuthForm {
  @state() private sentTo = "";
  protected override readonly fieldOfCode = {
    ...passwordCodes,
    bad_email: "email",
    bad_name: "name",
  };

  override render() {
    return this.sentTo ? this.#checkMail() : this.#form();
  }

  #form() {
    return html`<div class="head">
        <h1>Create your account</h1>
        <p>14 days free, no card needed.</p>
      </div>
      <form @submit=${this.submit}>
        ${this.field("name", "Your name", { autocomplete: "name", maxLength: 80 })}
        ${this.field("email", "Work email", { type: "email", autocomplete: "username" })}
        ${this.field("password", "Password", { type: "password", autocomplete: "new-password", hint: PASSWORD_HINT })}
        ${this.field("tenant_name", "Company or team", { autocomplete: "organization", maxLength: 80 })}
        ${this.submitButton("Create account", "Creating")}
      </form>
      <div class="foot"><span>Have an account? <a href=${authLink("sign-in")}>Sign in</a></span></div>`;
  }

  #checkMail() {
    return html`<div class="head" role="status">
        <h1>Check your mail</h1>
        <p>We sent a link to <strong><bdi>${this.sentTo}</bdi></strong>. It works for 24 hours. No mail after a minute? Look in the spam folder.</p>
      </div>
      ${this.problemNotice()}
      <div class="foot">
        <button class="link" type="button" ?disabled=${this.isBusy} @click=${this.submit}>${this.isBusy ? "Sending" : "Send it again"}</button>
        <button class="link" type="button" @click=${() => (this.sentTo = "")}>Use another address</button>
      </div>`;
  }

  protected override async send(): Promise<void> {
    const email = this.value("email").trim();
    await authApi.signUp({
      name: this.value("name").trim(),
      email,
      password: this.value("password"),
      tenant_name: this.value("tenant_name").trim(),
      locale: navigator.language,
    });
    this.sentTo = email;
  }
}
