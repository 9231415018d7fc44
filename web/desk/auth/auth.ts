// The pages of those who are not signed in, on one card.
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "../../ui/base";
import "../../ui/theme-toggle";
import type { AuthPlace } from "../places";
import type { Session } from "../session";
import "./forgot";
import "./invite";
import "./reset";
import "./sign-in";
import "./sign-up";
import "./verify";

@customElement("desk-auth")
export class AuthPages extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-rows: auto 1fr;
        min-block-size: 100dvh;
        background: var(--sunken);
      }
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        padding: var(--s2) var(--s3) var(--s2) var(--s4);
      }
      header span {
        font-size: var(--t4);
        font-weight: 700;
        letter-spacing: -0.02em;
      }
      main {
        display: grid;
        place-items: start center;
        padding: clamp(var(--s3), 9dvh, 7rem) var(--s3) var(--s6);
      }
      .card {
        inline-size: min(25rem, 100%);
        padding: var(--s5);
        border: 1px solid var(--line);
        border-radius: var(--r3);
        background: var(--paper);
        box-shadow: var(--lift);
      }
      @media (max-width: 30rem) {
        :host {
          background: var(--paper);
        }
        main {
          padding-block-start: var(--s4);
        }
        .card {
          padding: var(--s2);
          border: 0;
          box-shadow: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @property({ attribute: false }) place!: AuthPlace;

  override render() {
    return html`<header><span>Desk</span><cf-theme-toggle></cf-theme-toggle></header>
      <main><div class="card">${this.#page()}</div></main>`;
  }

  #page(): TemplateResult {
    const { session, place } = this;
    switch (place.page) {
      case "sign-up":
        return html`<desk-sign-up></desk-sign-up>`;
      case "forgot":
        return html`<desk-forgot></desk-forgot>`;
      case "verify":
        return html`<desk-verify .session=${session} .token=${place.token}></desk-verify>`;
      case "reset":
        return html`<desk-reset .session=${session} .token=${place.token}></desk-reset>`;
      case "invite":
        return html`<desk-invite .session=${session} .token=${place.token}></desk-invite>`;
      default:
        return html`<desk-sign-in .session=${session}></desk-sign-in>`;
    }
  }
}
