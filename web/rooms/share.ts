// Sharing a room: its link, QR code, and access code.
import { css, html, LitElement, nothing, svg } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { icon } from "../ui/icons";
import { toast } from "../ui/toast";
import { encodeQr } from "./qr";
import { readStored } from "./storage";

const QUIET_ZONE_MODULES = 4;

export function roomLink(code: string): string {
  // Some messengers cut off a link's hash.
  return `${location.origin}${location.pathname}?room=${encodeURIComponent(code)}`;
}

@customElement("room-share")
export class RoomShare extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        justify-items: center;
        gap: var(--s4);
      }
      .qr {
        display: block;
        inline-size: min(15rem, 100%);
        border-radius: var(--r3);
        background: #fff;
      }
      .qr path {
        fill: #15130f;
      }
      :host([small]) {
        grid-template-columns: auto minmax(0, 1fr);
        justify-items: start;
        align-items: center;
        gap: var(--s3);
      }
      :host([small]) .qr {
        inline-size: 7.5rem;
        border-radius: var(--r2);
        border: 1px solid var(--line);
      }
      .words {
        display: grid;
        gap: var(--s2);
        inline-size: 100%;
      }
      .link-text {
        padding: var(--s2) var(--s3);
        border-radius: var(--r2);
        background: var(--sunken);
        font-size: var(--t2);
        text-align: center;
        overflow-wrap: anywhere;
        user-select: all;
      }
      .buttons {
        display: grid;
        grid-auto-flow: column;
        grid-auto-columns: minmax(0, 1fr);
        gap: var(--s2);
      }
      .buttons .button {
        min-block-size: 2.75rem;
      }
      :host([small]) .buttons {
        grid-auto-flow: row;
      }
      :host([small]) .buttons .button {
        min-block-size: 2.25rem;
      }
      p {
        font-size: var(--t2);
      }
      strong {
        font-weight: 600;
      }
      b {
        font-family: var(--mono);
        font-size: 1.05em;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property() code = "";
  @property() name = "";
  @property({ type: Boolean, attribute: "private" }) isPrivate = false;
  @property({ type: Boolean }) host = false;
  /** For members of a back room: the link leads to its front room. */
  @property({ type: Boolean }) behind = false;
  @property({ type: Boolean, reflect: true }) small = false;
  @state() private copied = false;

  override render() {
    const link = roomLink(this.code);
    // The remembered code may be outdated.
    const accessCode =
      this.host && (this.isPrivate || this.behind) ? readStored<string>(`code.${this.code}`) : null;
    return html`${this.#qr(link)}
      <div class="words">
        ${this.small ? html`<p><strong>${this.behind ? "Scan to join the front room" : "Scan to join"}</strong></p>` : html`<p class="link-text" dir="ltr">${link}</p>`}
        <div class="buttons">
          <button class="button ${this.small ? "" : "main"}" type="button" @click=${() => this.#copy(link)}>${icon(this.copied ? "tick" : "copy")} ${this.copied ? "Copied" : "Copy link"}</button>
          ${"share" in navigator ? html`<button class="button" type="button" @click=${() => this.#share(link)}>${icon("share")} Share</button>` : nothing}
        </div>
        ${this.behind ? html`<p class="soft">This link leads to the front room, where people pay the entrance fee.</p>` : nothing}
        ${this.isPrivate || accessCode ? html`<p class="soft">${accessCode ? html`Access code: <b>${accessCode}</b>. ` : nothing}The link does not include it. ${this.host ? "Give it to the people you invite." : "The host gives it to invited people."}</p>` : nothing}
      </div>`;
  }

  #qr(link: string) {
    const rows = encodeQr(link);
    if (!rows) return nothing;
    const size = rows.length + 2 * QUIET_ZONE_MODULES;
    const dark = rows
      .flatMap((row, y) =>
        row.flatMap((isDark, x) =>
          isDark ? [`M${x + QUIET_ZONE_MODULES} ${y + QUIET_ZONE_MODULES}h1v1h-1z`] : [],
        ),
      )
      .join("");
    return html`<svg class="qr" role="img" aria-label="QR code of this room's link" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">${svg`<path d=${dark} />`}</svg>`;
  }

  async #copy(link: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(link);
      this.copied = true;
      setTimeout(() => (this.copied = false), 2000);
    } catch {
      toast("Could not copy. Select the link and copy it.", true);
    }
  }

  async #share(url: string): Promise<void> {
    try {
      await navigator.share({ title: this.name, text: `Chat with us in “${this.name}”`, url });
    } catch {
      // Dismissing the system's share sheet is not an error.
    }
  }
}
