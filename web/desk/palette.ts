// The palette of commands (Ctrl+K) and the sheet of keys (?).
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import "../ui/dialog";
import type { Desk } from "./desk";
import { checkField } from "./field";
import { formStyle } from "./form.style";
import { type Command, keyWords } from "./keys";
import { Observing } from "./observable";
import "./picker";
import type { Option } from "./picker";

/** Keys that are handled where the focus is. */
const localKeys: [group: string, keys: string, label: string][] = [
  ["Writing", "Enter", "Send"],
  ["Writing", "Shift+Enter", "New line"],
  ["Writing", "/", "Canned replies, at the start"],
  ["Writing", "@", "Mention a colleague in a note"],
  ["Writing", "Esc", "Leave the text field"],
];

@customElement("desk-palette")
export class Palette extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    css`
      .groups {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr));
        gap: var(--s4) var(--s5);
        margin-block-end: var(--s4);
      }
      h3 {
        margin-block-end: var(--s1);
        font-size: var(--t2);
        font-weight: 600;
      }
      dl {
        display: grid;
        gap: 2px;
        font-size: var(--t2);
      }
      dl div {
        display: flex;
        justify-content: space-between;
        gap: var(--s3);
        padding-block: 2px;
      }
      dd {
        flex: none;
        color: var(--ink-soft);
      }
      kbd {
        padding: 0 0.4em;
        border: 1px solid var(--line);
        border-radius: var(--r1);
        background: var(--raised);
        color: var(--ink);
        font: var(--t1) / 1.6 var(--sans);
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property() shown: "" | "palette" | "sheet" = "";

  constructor() {
    super();
    new Observing(this, () => [this.desk.keys]);
  }

  override render() {
    const dismiss = () => this.dispatchEvent(new Event("dismiss"));
    return html`<desk-picker heading="Search commands" ?open=${this.shown === "palette"} .options=${this.shown === "palette" ? this.#options : []} @pick=${this.#run} @dismiss=${dismiss}></desk-picker>
      <cf-dialog heading="Keyboard shortcuts" kind="drawer" ?open=${this.shown === "sheet"} @dismiss=${dismiss}>${this.shown === "sheet" ? this.#sheet() : nothing}</cf-dialog>`;
  }

  get #commands(): Command[] {
    return this.desk.keys.commands.filter(({ isHidden }) => !isHidden);
  }

  get #options(): Option[] {
    return this.#commands.map(({ label, group, keys }) => ({
      id: label,
      label,
      hint: group,
      keys: keys ? keyWords(keys) : [],
    }));
  }

  #run({ detail: label }: CustomEvent<string>): void {
    const command = this.#commands.find((each) => each.label === label);
    this.dispatchEvent(new Event("dismiss"));
    // The dialog closes first, so that a command may open another one or move the focus.
    setTimeout(() => command?.run());
  }

  #sheet(): TemplateResult {
    const { keys } = this.desk;
    const rows = [
      ...keys.commands.flatMap(({ group, keys: own, label }) =>
        own ? [[group, keyWords(own).join(" then "), label] as const] : [],
      ),
      ...localKeys,
    ];
    const groups = new Map<string, (typeof rows)[number][]>();
    for (const row of rows) groups.set(row[0], [...(groups.get(row[0]) ?? []), row]);
    return html`<div class="groups">
        ${[...groups].map(
          ([group, list]) => html`<section>
            <h3>${group}</h3>
            <dl>${list.map(([, words, label]) => html`<div><dt>${label}</dt><dd><kbd>${words}</kbd></dd></div>`)}</dl>
          </section>`,
        )}
      </div>
      ${checkField(
        "Single letters are shortcuts",
        keys.areLettersOn,
        (on) => keys.setLetters(on),
        "Switch this off if you use speech input or a screen reader that needs the letters.",
      )}`;
  }
}
