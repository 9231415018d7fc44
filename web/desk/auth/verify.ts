// Confirms the address of a sign-up: the mailed link and the password that was chosen. Then the person is signed in.
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { authLink, leaveMailedPage } from "../places";
import type { Problem } from "../problem";
import type { Session } from "../session";
import { authApi } from "./auth-api";
import { AuthForm } from "./auth-form";

@customElement("desk-verify")
export class Verify extends AuthForm {
  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) token = "";
  protected override readonly fieldOfCode = { wrong_password: "password" };

  override render() {
    const { problem } = this;
    if (problem && (problem.status === 401 || problem.code === "link_used"))
      return this.#linkIsOver(problem);
    return html`<div class="head">
        <h1>Confirm your address</h1>
        <p>Enter the password that you chose when you signed up.</p>
      </div>
      <form @submit=${this.submit}>
        ${this.field("password", "Password", { type: "password", autocomplete: "current-password" })}
        ${this.submitButton("Confirm and sign in", "Confirming")}
      </form>
      <div class="foot">
        <span>Forgot it, or someone else signed up? <a href=${authLink("forgot")}>Set another password</a></span>
      </div>`;
  }

  #linkIsOver({ code }: Problem): TemplateResult {
    const isUsed = code === "link_used";
    return html`<div class="head" role="alert">
        <h1>${isUsed ? "This link was already used" : "This link no longer works"}</h1>
        <p>${isUsed ? "If your address is confirmed, sign in." : "Links work for 24 hours. Sign up again to get a new one."}</p>
      </div>
      <a class="button main" href=${authLink(isUsed ? "sign-in" : "sign-up")}>${isUsed ? "Sign in" : "Sign up again"}</a>
      ${isUsed ? html`<div class="foot"><a href=${authLink("sign-up")}>Sign up again</a></div>` : nothing}`;
  }

  protected override async send(): Promise<void> {
    const info = await authApi.verify(this.token, this.value("password"));
    leaveMailedPage();
    this.session.adopt(info);
  }
}
