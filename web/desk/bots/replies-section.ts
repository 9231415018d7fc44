// Quick replies, and when the bot hands over to people.
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import type { BotSettings } from "../contract";
import type { Desk } from "../desk";
import { selectField, textField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import type { BotDraft } from "./bot-draft";
import { linesField } from "./lines-field";
import { botSectionStyle } from "./section.style";

@customElement("replies-section")
export class RepliesSection extends LitElement {
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
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) draft!: BotDraft;

  constructor() {
    super();
    new Observing(this, () => [this.draft, this.desk.workspace]);
  }

  override render() {
    return html`${this.#replies()} ${this.#answers()} ${this.#handoff()}`;
  }

  #replies() {
    const { draft } = this;
    const { quick_replies } = draft.settings;
    const field = (name: keyof BotSettings["quick_replies"], label: string, hint: string) =>
      linesField({
        label,
        name: `quick_replies.${name}`,
        lines: quick_replies[name],
        hint,
        error: draft.listError(`quick_replies.${name}`),
        change: (lines) =>
          draft.set(
            { quick_replies: { ...quick_replies, [name]: lines } },
            `quick_replies.${name}`,
          ),
      });
    return html`<section class="panel">
      <h2>Quick replies</h2>
      <p class="lead">Up to six for each place, one in each line. Visitors send them with a tap.</p>
      ${field("opening", "Below the greeting", "The questions that you hear most.")}
      ${field("followup", "Below an answer", "And when the bot has none.")}
      ${field("handoff", "Each of these asks for a person", "Such as: Talk to a person")}
    </section>`;
  }

  #answers() {
    const { draft } = this;
    const { answer } = draft.settings;
    return html`<section class="panel">
      <h2>Answers</h2>
      ${selectField({
        label: "The bot",
        name: "answer.mode",
        value: answer.mode,
        options: [
          ["auto", "Answers visitors"],
          ["suggest", "Suggests answers to agents"],
          ["off", "Is silent: people answer"],
        ],
        change: (mode) => draft.set({ answer: { ...answer, mode } }),
      })}
      ${textField({
        label: "Messages before it hands over",
        name: "answer.max_turns",
        type: "number",
        min: 1,
        max: 50,
        value: String(answer.max_turns),
        error: draft.error("answer.max_turns"),
        input: (text) => draft.set({ answer: { ...answer, max_turns: Number(text) } }),
      })}
    </section>`;
  }

  #handoff() {
    const { draft, desk } = this;
    const { handoff } = draft.settings;
    const change = (part: Partial<BotSettings["handoff"]>, path = "handoff") =>
      draft.set({ handoff: { ...handoff, ...part } }, path);
    return html`<section class="panel">
      <h2>Hand-off to people</h2>
      ${linesField({ label: "Words that ask for a person, one in each line", name: "handoff.words", lines: handoff.words, error: draft.listError("handoff.words"), change: (words) => change({ words }, "handoff.words") })}
      ${textField({ label: "Questions without an answer before it hands over", name: "handoff.on_unknown", type: "number", min: 1, max: 5, value: String(handoff.on_unknown), error: draft.error("handoff.on_unknown"), input: (text) => change({ on_unknown: Number(text) }, "handoff.on_unknown") })}
      ${selectField({
        label: "People answer",
        name: "handoff.hours",
        value: handoff.hours,
        options: [
          ["always", "At any time"],
          ["business", "In business hours; outside, the bot asks for an email address"],
        ],
        change: (hours) => change({ hours }),
      })}
      ${selectField({ label: "Team", name: "handoff.team", value: handoff.team ?? "", options: [["", "No team"], ...desk.workspace.teams.map(({ id, name }) => [id, name] as const)], change: (team) => change({ team: team || null }) })}
    </section>`;
  }
}
