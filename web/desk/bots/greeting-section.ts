// How a bot speaks: its name, languages, persona, and the texts of each language.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import { icon } from "../../ui/icons";
import { checkField, selectField, textField } from "../field";
import { formStyle } from "../form.style";
import { languagesWith } from "../languages";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { languageName } from "../words";
import type { BotDraft } from "./bot-draft";
import { botSectionStyle } from "./section.style";
import { botTexts } from "./texts";

const MAX_LANGUAGES = 8;

@customElement("greeting-section")
export class GreetingSection extends LitElement {
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
      .languages {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }
      .languages span {
        display: inline-flex;
        align-items: center;
        gap: var(--s1);
        padding-inline-start: var(--s2);
        border: 1px solid var(--line);
        border-radius: var(--r2);
        font-size: var(--t2);
      }
    `,
  ];

  @property({ attribute: false }) draft!: BotDraft;
  /** The language whose texts are shown. */
  @state() private language = "";

  constructor() {
    super();
    new Observing(this, () => [this.draft]);
  }

  override render() {
    const { draft } = this;
    const { settings } = draft;
    return html`<section class="panel">
        ${textField({ label: "Name", name: "name", value: settings.name, maxLength: 60, isRequired: true, error: draft.error("name"), input: (name) => draft.set({ name }) })}
        ${textField({ label: "Persona", name: "persona", rows: 2, value: settings.persona, hint: "How it sounds, in a sentence. Visitors do not see it.", error: draft.error("persona"), input: (persona) => draft.set({ persona }) })}
        ${textField({ label: "Instructions", name: "instructions", rows: 5, value: settings.instructions, hint: "What to know and what to avoid, for the answers of a model.", error: draft.error("instructions"), input: (instructions) => draft.set({ instructions }) })}
        ${checkField("Ask for a rating at the end", settings.csat, (csat) => draft.set({ csat }))}
        ${selectField({
          label: "After the end, visitors may go on",
          name: "reopening",
          value: settings.reopening,
          options: [
            ["always", "At any time"],
            ["week", "For a week"],
            ["never", "Not at all: they start a new one"],
          ],
          change: (reopening) => draft.set({ reopening }),
        })}
      </section>
      ${this.#languages()} ${this.#texts()}`;
  }

  get #shownLanguage(): string {
    const { languages } = this.draft.settings;
    return languages.includes(this.language) ? this.language : (languages[0] ?? "en");
  }

  #languages(): TemplateResult {
    const { draft } = this;
    const { languages } = draft.settings;
    const others = languagesWith().filter(([tag]) => !languages.includes(tag));
    return html`<section class="panel">
      <h2>Languages</h2>
      <p class="lead">The first one is for visitors whose language the bot does not speak.</p>
      <div class="languages">
        ${languages.map(
          (tag) => html`<span>${languageName(tag)}
            <button class="button bare small" type="button" aria-label="Remove ${languageName(tag)}" ?disabled=${languages.length === 1} @click=${() => this.#removeLanguage(tag)}>${icon("close")}</button>
          </span>`,
        )}
      </div>
      ${draft.listError("languages") ? html`<span class="wrong">${draft.listError("languages")}</span>` : nothing}
      ${
        languages.length < MAX_LANGUAGES
          ? selectField({
              label: "Add a language",
              name: "add-language",
              value: "",
              options: [["", "Choose"], ...others],
              change: (tag) => tag && this.#addLanguage(tag),
            })
          : nothing
      }
    </section>`;
  }

  #addLanguage(tag: string): void {
    this.draft.set({ languages: [...this.draft.settings.languages, tag] });
    this.language = tag;
  }

  /** The texts of a removed language go with it. */
  #removeLanguage(tag: string): void {
    const { languages, appearance } = this.draft.settings;
    const { [tag]: _, ...strings } = appearance.strings;
    this.draft.set({
      languages: languages.filter((each) => each !== tag),
      appearance: { ...appearance, strings },
    });
  }

  #texts(): TemplateResult {
    const { draft } = this;
    const language = this.#shownLanguage;
    const { appearance, languages } = draft.settings;
    const texts = appearance.strings[language] ?? {};
    const path = `appearance.strings.${language}`;
    return html`<section class="panel">
      <h2>Texts</h2>
      <p class="lead">Empty ones are the built-in texts, which are in English.</p>
      ${
        languages.length > 1
          ? selectField({
              label: "Language",
              name: "texts-language",
              value: language,
              options: languages.map((tag) => [tag, languageName(tag)] as const),
              change: (tag) => (this.language = tag),
            })
          : nothing
      }
      ${botTexts.map(({ name, label, builtIn }) =>
        textField({
          label,
          name: `text-${name}`,
          value: texts[name] ?? "",
          placeholder: builtIn,
          error: draft.error(`${path}.${name}`),
          input: (text) => {
            const strings = { ...appearance.strings, [language]: { ...texts, [name]: text } };
            draft.set({ appearance: { ...appearance, strings } }, `${path}.${name}`);
          },
        }),
      )}
    </section>`;
  }
}
