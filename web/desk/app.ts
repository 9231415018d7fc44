// The console: the pages of those who are not signed in, or the workspace.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { pagePath } from "../ui/config";
import { readHash } from "../ui/hash";
import "../ui/notice";
import "../ui/skeleton";
import "../ui/toast";
import "./auth/auth";
import { keptInvitation } from "./auth/kept-invitation";
import { Desk } from "./desk";
import { Observing } from "./observable";
import { type AuthPlace, consolePath, readAuthPlace } from "./places";
import { browserEnvironment, Session } from "./session";
import "./shell";

@customElement("desk-app")
export class DeskApp extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
        min-block-size: 100dvh;
      }
      .middle {
        display: grid;
        align-content: center;
        gap: var(--s3);
        inline-size: min(24rem, 100%);
        min-block-size: 100dvh;
        margin-inline: auto;
        padding: var(--s4);
      }
    `,
  ];

  @state() private place = readAuthPlace();
  private readonly session = new Session(browserEnvironment());
  #desk: Desk | null = null;
  #key = "";

  constructor() {
    super();
    new Observing(this, () => [this.session]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#moved);
    addEventListener("popstate", this.#moved);
    void this.session.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#moved);
    removeEventListener("popstate", this.#moved);
    this.#desk?.stop();
    this.#desk = null;
    this.#key = "";
  }

  #moved = (): void => {
    this.place = readAuthPlace();
  };

  override willUpdate(): void {
    const { info } = this.session;
    // Another person, workspace or role sees other things: everything is loaded anew.
    const key = info ? `${info.user.id} ${info.tenant_id} ${info.role}` : "";
    if (key === this.#key) return;
    this.#key = key;
    if (info) leaveAuthPages();
    this.#desk?.stop();
    this.#desk = info ? new Desk(this.session) : null;
    this.#desk?.start();
  }

  override render() {
    return html`${this.#shown()}<cf-toasts></cf-toasts>`;
  }

  #shown(): TemplateResult {
    const { session } = this;
    switch (session.state) {
      case "starting":
        return html`<div class="middle"><cf-skeleton lines="3"></cf-skeleton></div>`;
      case "unreachable":
        return html`<div class="middle"><cf-notice action="Try again" @retry=${() => session.start()}>${session.problem}</cf-notice></div>`;
      case "signed-out":
        return html`<desk-auth .session=${session} .place=${this.place}></desk-auth>`;
      default:
        return this.#signedIn();
    }
  }

  #signedIn(): TemplateResult {
    const link = this.#mailedLink();
    if (link) return html`<desk-auth .session=${this.session} .place=${link}></desk-auth>`;
    return html`${this.#desk ? html`<desk-shell .desk=${this.#desk}></desk-shell>` : nothing}`;
  }

  /** A mailed link is opened by any person who is signed in. An invitation that was opened before the sign-in is accepted after it. */
  #mailedLink(): AuthPlace | null {
    if (this.place.token !== "") return this.place;
    const token = keptInvitation();
    return token && !readHash().has("page") ? { page: "invite", token } : null;
  }
}

function leaveAuthPages(): void {
  const hash = readHash();
  const isAuthPage = ["sign-in", "sign-up", "forgot"].includes(hash.get("page") ?? "");
  const isMailedPage = pagePath() !== consolePath() && !hash.has("token");
  if (isAuthPage || isMailedPage) history.replaceState(null, "", consolePath());
}
