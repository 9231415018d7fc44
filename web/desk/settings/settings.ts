// The settings: of the person, and of the workspace as far as the role reaches.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "../../ui/base";
import "../../ui/empty";
import type { Desk } from "../desk";
import { pageStyle } from "../page.style";
import type { Action } from "../permissions";
import { linkTo, type Place } from "../places";
import "./account";
import "./audit";
import "./canned";
import "./hours";
import "./keys";
import "./limits";
import "./members";
import "./tags";
import "./teams";
import "./workspace-settings";

type Section =
  | "account"
  | "workspace"
  | "members"
  | "teams"
  | "canned"
  | "tags"
  | "hours"
  | "keys"
  | "limits"
  | "audit";

const sections: [section: Section, label: string, needs: Action | null][] = [
  ["account", "Account and devices", null],
  ["workspace", "Workspace", "readLimits"],
  ["members", "Members", "readMembers"],
  ["teams", "Teams", "readMembers"],
  ["canned", "Canned replies", "readSettings"],
  ["tags", "Tags", "readSettings"],
  ["hours", "Business hours", "readSettings"],
  ["keys", "API keys", "readKeys"],
  ["limits", "Plan and limits", "readLimits"],
  ["audit", "Audit", "readAudit"],
];

@customElement("desk-settings")
export class Settings extends LitElement {
  static override styles = [
    base,
    pageStyle,
    css`
      .parts {
        display: grid;
        grid-template-columns: 11rem minmax(0, 1fr);
        align-items: start;
        gap: var(--s5);
        max-inline-size: 68rem;
        margin-inline: auto;
      }
      nav {
        display: grid;
        gap: 1px;
      }
      nav a {
        padding: var(--s1) var(--s2);
        border-radius: var(--r2);
        color: var(--ink-soft);
        font-size: var(--t2);
        text-decoration: none;
      }
      nav a:hover {
        background: var(--sunken);
        color: var(--ink);
      }
      nav a[aria-current] {
        background: var(--sunken);
        color: var(--ink);
        font-weight: 600;
      }
      @media (max-width: 62rem) {
        .parts {
          grid-template-columns: minmax(0, 1fr);
          gap: var(--s4);
        }
        nav {
          display: flex;
          flex-wrap: wrap;
          gap: var(--s1);
        }
      }
      @media (pointer: coarse) {
        nav a {
          padding-block: var(--s2);
        }
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) place!: Place;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk")) this.desk.workspace.want("members", "teams");
  }

  override render() {
    const current = this.#section;
    const shown = sections.filter(([, , needs]) => this.#allows(needs));
    return html`<div class="parts">
      <nav aria-label="Settings">
        ${shown.map(([section, label]) => html`<a href=${linkTo("settings", { section })} aria-current=${section === current ? "page" : nothing}>${label}</a>`)}
      </nav>
      ${this.#content(current)}
    </div>`;
  }

  #allows(needs: Action | null): boolean {
    return needs === null || this.desk.may(needs);
  }

  get #section(): Section {
    const wanted = this.place.section ?? (this.desk.may("writeTenant") ? "workspace" : "account");
    return sections.find(([section]) => section === wanted)?.[0] ?? "account";
  }

  #content(section: Section): TemplateResult {
    const { desk } = this;
    const needs = sections.find(([name]) => name === section)?.[2] ?? null;
    if (!this.#allows(needs))
      return html`<cf-empty heading="Not for your role">Ask an admin of your workspace.</cf-empty>`;
    switch (section) {
      case "workspace":
        return html`<workspace-settings .desk=${desk}></workspace-settings>`;
      case "members":
        return html`<desk-members .desk=${desk}></desk-members>`;
      case "teams":
        return html`<desk-teams .desk=${desk}></desk-teams>`;
      case "canned":
        return html`<desk-canned .desk=${desk}></desk-canned>`;
      case "tags":
        return html`<desk-tags .desk=${desk}></desk-tags>`;
      case "hours":
        return html`<desk-hours .desk=${desk}></desk-hours>`;
      case "keys":
        return html`<desk-keys .desk=${desk}></desk-keys>`;
      case "limits":
        return html`<desk-limits .desk=${desk}></desk-limits>`;
      case "audit":
        return html`<desk-audit .desk=${desk}></desk-audit>`;
      default:
        return html`<desk-account .desk=${desk}></desk-account>`;
    }
  }
}
