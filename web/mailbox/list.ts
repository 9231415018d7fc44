// The list of mails: recipient, time and subject.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { MailSummary } from "../api/mails";
import { base } from "../ui/base";
import "../ui/empty";
import { hashWith } from "../ui/hash";
import "../ui/time";

@customElement("mailbox-list")
export class MailboxList extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: block;
        overflow-y: auto;
      }
      cf-empty {
        padding-inline: var(--s4);
      }
      a {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 var(--s3);
        align-items: baseline;
        padding: var(--s2) var(--s4);
        color: inherit;
        text-decoration: none;
      }
      a:hover {
        background: var(--sunken);
      }
      a[aria-current] {
        background: var(--accent-soft);
      }
      a:focus-visible {
        outline-offset: -2px;
      }
      .to,
      .subject {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .to {
        font-weight: 550;
      }
      .subject {
        grid-column: span 2;
        text-align: match-parent;
      }
      .subject,
      cf-time {
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      cf-time {
        font-size: var(--t1);
      }
    `,
  ];

  @property({ attribute: false }) mails: MailSummary[] = [];
  @property() open = "";

  override render() {
    if (this.mails.length === 0)
      return html`<cf-empty heading="No mails yet">Mails that functions send with SES appear here.</cf-empty>`;
    return html`<ul aria-label="Mails">
      ${repeat(
        this.mails,
        ({ id }) => id,
        (mail) => html`<li>${this.#row(mail)}</li>`,
      )}
    </ul>`;
  }

  #row({ id, to, subject, at }: MailSummary): TemplateResult {
    const [first = "no recipient", ...others] = to;
    return html`<a href=${hashWith({ mail: id })} aria-current=${id === this.open ? "true" : nothing}>
      <span class="to">${first}${others.length > 0 ? ` and ${others.length} more` : nothing}</span>
      <cf-time .at=${at}></cf-time>
      <span class="subject" dir="auto">${subject || "No subject"}</span>
    </a>`;
  }
}
