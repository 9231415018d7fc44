// How the widget looks: one colour, its side of the window, and its button.
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import type { BotSettings } from "../contract";
import { field, selectField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import type { BotDraft } from "./bot-draft";
import { botSectionStyle } from "./section.style";
import { parseColor } from "./theme";

const colors = ["#1f6feb", "#0f766e", "#15803d", "#b45309", "#be123c", "#7c3aed", "#111827"];

@customElement("look-section")
export class LookSection extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    pageStyle,
    botSectionStyle,
    css`
      :host {
        padding: 0;
      }
      .color {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }
      .color input[type="color"] {
        inline-size: 2.5rem;
        block-size: 2rem;
        padding: 2px;
        border: 1px solid var(--line-strong);
        border-radius: var(--r2);
        background: var(--raised);
      }
      .color input[type="text"] {
        inline-size: 7rem;
      }
      .swatch {
        inline-size: 2rem;
        block-size: 2rem;
        border: 1px solid var(--line);
        border-radius: 50%;
        background: var(--swatch);
        cursor: pointer;
      }
      .swatch[aria-pressed="true"] {
        outline: 2px solid var(--accent);
        outline-offset: 2px;
      }
    `,
  ];

  @property({ attribute: false }) draft!: BotDraft;

  constructor() {
    super();
    new Observing(this, () => [this.draft]);
  }

  override render() {
    const { draft } = this;
    const { appearance } = draft.settings;
    const change = (part: Partial<BotSettings["appearance"]>, path = "appearance") =>
      draft.set({ appearance: { ...appearance, ...part } }, path);
    const setColor = (color: string) => change({ color }, "appearance.color");
    const value = (event: Event) => (event.target as HTMLInputElement).value;
    return html`<section class="panel">
      <h2>Look</h2>
      ${field({
        label: "Colour",
        name: "appearance.color",
        hint: "Texts on it and links are made readable for you.",
        error: draft.error("appearance.color"),
        control: ({ id, describedBy, isInvalid }) => html`<div class="color">
          ${colors.map((color) => html`<button class="swatch" type="button" aria-label="Colour ${color}" aria-pressed=${color === appearance.color} .style=${`--swatch:${color}`} @click=${() => setColor(color)}></button>`)}
          <input type="color" aria-label="Choose any colour" .value=${parseColor(appearance.color) ? appearance.color : "#000000"} @input=${(event: Event) => setColor(value(event))} />
          <input class="input" type="text" id=${id} dir="ltr" maxlength="7" spellcheck="false" .value=${appearance.color} aria-describedby=${describedBy} aria-invalid=${isInvalid} @input=${(event: Event) => setColor(value(event).trim().toLowerCase())} />
        </div>`,
      })}
      <div class="two">
        ${selectField({
          label: "Side",
          name: "appearance.position",
          value: appearance.position,
          options: [
            ["right", "Right"],
            ["left", "Left"],
          ],
          change: (position) => change({ position }),
        })}
        ${selectField({
          label: "Button",
          name: "appearance.launcher",
          value: appearance.launcher,
          options: [
            ["bubble", "Speech bubble"],
            ["question", "Question mark"],
            ["wave", "Waving hand"],
          ],
          change: (launcher) => change({ launcher }),
        })}
      </div>
    </section>`;
  }
}
