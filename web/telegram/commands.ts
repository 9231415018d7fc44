// The bot's commands in the language of a person, above the composer.
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Command } from "../api/telegram";
import { base } from "../ui/base";
import { call } from "../ui/call";
import type { Stream } from "../ui/stream";

@customElement("telegram-commands")
export class TelegramCommands extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: block;
      }
      ul {
        max-block-size: 40dvh;
        padding-block: var(--s1);
        border-block-start: 1px solid var(--line);
        background: var(--paper);
        overflow-y: auto;
      }
      button {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        inline-size: 100%;
        min-block-size: 2.75rem;
        align-content: center;
        padding: var(--s1) var(--s4);
        border: 0;
        background: none;
        text-align: start;
        cursor: pointer;
      }
      button:hover {
        background: var(--sunken);
      }
      button:focus-visible {
        outline-offset: -2px;
      }
      b {
        font-weight: 550;
      }
      small {
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      p {
        padding: var(--s3) var(--s4);
        border-block-start: 1px solid var(--line);
        background: var(--paper);
        color: var(--ink-soft);
        font-size: var(--t2);
      }
    `,
  ];

  @property() language = "";
  /** Text that the commands begin with, such as `/ca`; empty: closed, unless `open`. */
  @property() typed = "";
  @property({ type: Boolean }) open = false;
  @property({ attribute: false }) stream!: Stream;
  @state() private commands: Command[] = [];
  #stop = () => {};

  override connectedCallback(): void {
    super.connectedCallback();
    const stops = ["commands", "resumed", "missed"].map((type) =>
      this.stream.on(type, () => void this.#load()),
    );
    this.#stop = () => {
      for (const stop of stops) stop();
    };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("language")) void this.#load();
  }

  async #load(): Promise<void> {
    const { language } = this;
    const path = `/api/telegram/commands?language_code=${encodeURIComponent(language)}`;
    try {
      const commands = await call<Command[]>("GET", path);
      if (language === this.language) this.commands = commands;
    } catch {
      // Fetched again when the connection is back. Until then commands can be typed.
    }
  }

  override render() {
    const isTyping = /^\/[a-z0-9_]*$/i.test(this.typed);
    if (!this.open && !isTyping) return nothing;
    const begin = isTyping ? this.typed.slice(1).toLowerCase() : "";
    const found = this.commands.filter(({ command }) => command.startsWith(begin));
    if (found.length === 0)
      return this.open ? html`<p>The bot has no commands in this language.</p>` : nothing;
    return html`<ul aria-label="Commands">
      ${found.map(({ command, description }) => html`<li><button type="button" @click=${() => this.#pick(command)}><b>/${command}</b> <small dir="auto">${description}</small></button></li>`)}
    </ul>`;
  }

  #pick(command: string): void {
    this.dispatchEvent(new CustomEvent("pick", { detail: `/${command}` }));
  }
}
