// Asks for a link by which a new password is set.
import { html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { authLink } from "../places";
import { authApi } from "./auth-api";
import { AuthForm } from "./auth-form";

@customElement("desk-forgot")
export class Forgot extends AuthForm {
  @state() private sentTo = "";
  protected override readonly fieldOfCode = { bad_email: "email" };

  override render() {
    if (this.sentTo)
      return html`<div class="head" role="status">
          <h1>Check your mail</h1>
          <p>If <strong><bdi>${this.sentTo}</bdi></strong> has an account, a link is on its way. It works for an hour.</p>
        </div>
        <div class="foot"><a href=${authLink("sign-in")}>Back to the sign-in</a></div>`;
    return html`<div class="head">
        <h1>Forgot your password?</h1>
        <p>We will mail you a link to set a new one.</p>
      </div>
      <form @submit=${this.submit}>
        ${this.field("email", "Email", { type: "email", autocomplete: "username" })}
        ${this.submitButton("Send the link", "Sending")}
      </form>
      <div class="foot"><a href=${authLink("sign-in")}>Back to the sign-in</a></div>`;
  }

  protected override async send(): Promise<void> {
    const email = this.value("email").trim();
    await authApi.forgot(email);
    this.sentTo = email;
  }
}
