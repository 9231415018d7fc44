// The widget as visitors would see it with the present draft.
import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import { icon } from "../../ui/icons";
import { directionOf } from "../../ui/text";
import type { PrechatField } from "../contract";
import { Observing } from "../observable";
import type { BotDraft } from "./bot-draft";
import { textOf } from "./texts";
import { parseColor, themeOf } from "./theme";

const launchers = {
  bubble: svg`<path d="M4 5h16v11H10l-4 4v-4H4z" />`,
  question: svg`<path d="M9 9.2a3 3 0 1 1 4.4 2.6c-.9.5-1.4 1-1.4 2.2M12 17.2v.1" />`,
  wave: svg`<path d="M8 12.5l-2.4-2.4M10 10.5L7.2 7.7M12.2 9L9.5 6.2M14.3 8.5l-1.6-1.7M17 11V8.2c0-1.5 2-1.5 2 0v5c0 4-2.4 6.3-5.6 6.3-2.2 0-3.3-.8-5-2.5l-4-4" />`,
};

@customElement("bot-preview")
export class BotPreview extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
      }
      .head {
        display: flex;
        align-items: center;
        gap: var(--s2);
        min-block-size: 2rem;
        margin-block-end: var(--s2);
        font-size: var(--t2);
      }
      .head strong {
        flex: 1;
        font-weight: 600;
      }
      figure {
        display: flex;
        flex-direction: column;
        gap: var(--s3);
        padding: var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--r3);
        background: repeating-linear-gradient(135deg, var(--sunken) 0 10px, var(--paper) 10px 20px);
      }
      .widget {
        display: flex;
        flex-direction: column;
        min-block-size: 21rem;
        border-radius: 1rem;
        background: var(--w-back);
        color: var(--w-ink);
        box-shadow: var(--lift);
        overflow: hidden;
      }
      .bar {
        padding: 0.75rem 1rem;
        background: var(--w-accent);
        color: var(--w-on);
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .log {
        flex: 1;
        display: grid;
        align-content: start;
        justify-items: start;
        gap: 0.5rem;
        padding: 0.75rem;
        font-size: 0.875rem;
      }
      .by {
        color: var(--w-soft);
        font-size: 0.75rem;
      }
      .says {
        max-inline-size: 90%;
        padding: 0.4rem 0.75rem;
        border-radius: 0.9rem;
        background: var(--w-bubble);
        overflow-wrap: anywhere;
      }
      .mine {
        justify-self: end;
        background: var(--w-accent);
        color: var(--w-on);
      }
      .quick {
        display: flex;
        flex-wrap: wrap;
        gap: 0.375rem;
      }
      .quick span {
        padding: 0.2rem 0.625rem;
        border: 1px solid var(--w-link);
        border-radius: 1rem;
        color: var(--w-link);
        overflow-wrap: anywhere;
      }
      .form {
        display: grid;
        gap: 0.375rem;
        inline-size: 100%;
      }
      .form i {
        display: block;
        min-block-size: 1.75rem;
        border: 1px solid var(--w-line);
        border-radius: 0.5rem;
      }
      .form .tick {
        display: grid;
        grid-template-columns: 1rem minmax(0, 1fr);
        gap: 0.5rem;
        align-items: center;
      }
      .form .tick i {
        min-block-size: 1rem;
        border-radius: 0.25rem;
      }
      .input-line {
        margin: 0 0.75rem 0.75rem;
        padding: 0.5rem 0.75rem;
        border: 1px solid var(--w-line);
        border-radius: 0.75rem;
        color: var(--w-soft);
        font-size: 0.875rem;
      }
      .launcher {
        display: grid;
        place-items: center;
        align-self: end;
        inline-size: 3.25rem;
        block-size: 3.25rem;
        border-radius: 50%;
        background: var(--w-accent);
        color: var(--w-on);
        box-shadow: var(--lift);
      }
      .left .launcher {
        align-self: start;
      }
      .launcher svg {
        inline-size: 1.75rem;
        block-size: 1.75rem;
        fill: none;
        stroke: currentColor;
        stroke-width: 1.75;
        stroke-linecap: round;
        stroke-linejoin: round;
      }
    `,
  ];

  @property({ attribute: false }) draft!: BotDraft;
  @state() private isDark = false;

  constructor() {
    super();
    new Observing(this, () => [this.draft]);
  }

  override render() {
    const { settings } = this.draft;
    const { appearance } = settings;
    return html`<div class="head">
        <strong>Preview</strong>
        <button class="button bare icon-only" type="button" aria-label=${this.isDark ? "Show it in the light" : "Show it in the dark"} aria-pressed=${this.isDark} @click=${() => (this.isDark = !this.isDark)}>${icon(this.isDark ? "sun" : "moon")}</button>
      </div>
      <figure class=${appearance.position} aria-label="Preview of the widget" .style=${this.#colors}>
        ${this.#widget()}
        <div class="launcher"><svg viewBox="0 0 24 24" aria-hidden="true">${launchers[appearance.launcher]}</svg></div>
      </figure>`;
  }

  get #colors(): string {
    const { color } = this.draft.settings.appearance;
    const theme = themeOf(parseColor(color) ?? { red: 31, green: 111, blue: 235 });
    const rest = this.isDark
      ? `--w-back:#16181d;--w-ink:#eceef2;--w-soft:#a9afbb;--w-bubble:#262a32;--w-line:#596070;--w-link:${theme.accentOnDark}`
      : `--w-back:#ffffff;--w-ink:#17191d;--w-soft:#5b6270;--w-bubble:#f0f2f5;--w-line:#8b929e;--w-link:${theme.accentOnLight}`;
    return `--w-accent:${theme.accent};--w-on:${theme.onAccent};${rest}`;
  }

  #widget(): TemplateResult {
    const { settings } = this.draft;
    const language = settings.languages[0] ?? "en";
    const texts = settings.appearance.strings[language];
    const title = textOf("title", texts);
    const replies = settings.quick_replies.opening.filter((text) => text.trim() !== "");
    return html`<div class="widget" dir=${directionOf(textOf("greeting", texts))}>
      <div class="bar" dir="auto">${title}</div>
      <div class="log">
        <span class="by" dir="auto">${settings.name || "Your bot"}</span>
        <span class="says" dir="auto">${textOf("greeting", texts)}</span>
        ${
          settings.prechat.length > 0
            ? html`<span class="says" dir="auto">${textOf("prechat", texts)}</span>
                <div class="form">${settings.prechat.map((field) => this.#field(field))}</div>`
            : html`${replies.length > 0 ? html`<div class="quick">${replies.map((text) => html`<span dir="auto">${text}</span>`)}</div>` : nothing}
                <span class="says mine" dir="auto">${replies[0] ?? "Hello!"}</span>`
        }
      </div>
      <div class="input-line">Write a message</div>
    </div>`;
  }

  #field({ label, type, required }: PrechatField): TemplateResult {
    const words = `${label || "New field"}${required ? " *" : ""}`;
    return type === "checkbox"
      ? html`<div class="tick"><i></i><span dir="auto">${words}</span></div>`
      : html`<div><span dir="auto">${words}</span><i></i></div>`;
  }
}
