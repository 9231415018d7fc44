// Opens the mailed link of a sign-up: the address is proven, and the person is signed in.
import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import "../../ui/skeleton";
import { authLink, leaveMailedPage } from "../places";
import type { Session } from "../session";
import { authApi } from "./auth-api";
import { AuthForm } from "./auth-form";

@customElement("desk-verify")
export class Verify extends AuthForm {
  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) token = "";

  override firstUpdated(): void {
    void this.submit();
  }

  override render() {
    const { problem } = this;
    if (!problem) return html`<h1>Checking your link</h1><cf-skeleton lines="2"></cf-skeleton>`;
    if (problem.isUnreachable || problem.status >= 500)
      return html`<h1>Your link could not be checked</h1>
        <cf-notice action="Try again" @retry=${this.submit}>${problem.message}</cf-notice>`;
    const isUsed = problem.code === "link_used";
    return html`<div class="head" role="alert">
        <h1>${isUsed ? "This link was already used" : "This link no longer works"}</h1>
        <p>${isUsed ? "If you opened it before, your address is confirmed: sign in." : "Links work for 24 hours. Sign up again to get a new one."}</p>
      </div>
      <a class="button main" href=${authLink(isUsed ? "sign-in" : "sign-up")}>${isUsed ? "Sign in" : "Sign up again"}</a>
      ${isUsed ? html`<div class="foot"><a href=${authLink("sign-up")}>Sign up again</a></div>` : nothing}`;
  }

  protected override async send(): Promise<void> {
    const info = await authApi.verify(this.token);
    leaveMailedPage();
    this.session.adopt(info);
  }
}
