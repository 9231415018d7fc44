// Rules: what the bot does when a visitor's words, language or page fit.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import { icon } from "../../ui/icons";
import type { Rule, RuleEffect } from "../contract";
import type { Desk } from "../desk";
import { selectField, textField } from "../field";
import { formStyle } from "../form.style";
import { deskIcon } from "../icons";
import "../menu";
import type { MenuItem } from "../menu";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { languageName, priorities, priorityWords } from "../words";
import type { BotDraft } from "./bot-draft";
import { linesField } from "./lines-field";
import { botSectionStyle } from "./section.style";

const MAX_RULES = 20;
const MAX_EFFECTS = 5;

@customElement("rules-section")
export class RulesSection extends LitElement {
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
    const { rules } = this.draft.settings;
    const error = this.draft.error("rules");
    return html`<section class="panel">
      <h2>Rules</h2>
      <p class="lead">The first rule that fits a message is applied. All of its conditions must fit.</p>
      ${rules.length === 0 ? html`<cf-empty heading="No rules">A rule tags, answers or hands over when a message has certain words.</cf-empty>` : rules.map((rule, index) => this.#rule(rule, index))}
      ${error ? html`<span class="wrong">${error}</span>` : nothing}
      ${rules.length < MAX_RULES ? html`<div class="actions"><button class="button" type="button" @click=${this.#add}>${icon("add")} Rule</button></div>` : nothing}
    </section>`;
  }

  #rule(rule: Rule, index: number): TemplateResult {
    const { draft } = this;
    const path = `rules[${index}]`;
    const { when } = rule;
    const whenError = draft.error(`${path}.when`);
    const thenError = draft.error(`${path}.then`);
    const setWhen = (part: Partial<Rule["when"]>) =>
      this.#change(index, { when: { ...when, ...part } }, `${path}.when`);
    return html`<fieldset class="card">
      <div class="card-head">
        <strong dir="auto">${rule.name || "New rule"}</strong>
        <button class="button bare small" type="button" aria-label="Move up" ?disabled=${index === 0} @click=${() => this.#move(index, -1)}>${deskIcon("up")}</button>
        <button class="button bare small" type="button" aria-label="Move down" ?disabled=${index === draft.settings.rules.length - 1} @click=${() => this.#move(index, 1)}>${deskIcon("below")}</button>
        <button class="button bare small" type="button" aria-label="Remove" @click=${() => this.#remove(index)}>${icon("trash")}</button>
      </div>
      ${textField({ label: "Name", name: `${path}.name`, value: rule.name, maxLength: 60, error: draft.error(`${path}.name`), input: (name) => this.#change(index, { name }, `${path}.name`) })}
      ${linesField({ label: "If the message has one of these phrases, one in each line", name: `${path}.when.words`, rows: 3, lines: when.words, error: draft.listError(`${path}.when.words`) ?? whenError, change: (words) => setWhen({ words }) })}
      <div class="two">
        ${selectField({ label: "And the language is", name: `${path}.when.language`, value: when.language ?? "", options: [["", "Any"], ...draft.settings.languages.map((tag) => [tag, languageName(tag)] as const)], change: (language) => setWhen({ language: language || null }) })}
        ${textField({ label: "And the page begins with", name: `${path}.when.page`, value: when.page ?? "", placeholder: "/pricing", error: draft.error(`${path}.when.page`), input: (page) => setWhen({ page: page || null }) })}
      </div>
      ${rule.then.map((effect, at) => this.#effect(rule, index, effect, at))}
      ${thenError ? html`<span class="wrong">${thenError}</span>` : nothing}
      ${rule.then.length < MAX_EFFECTS ? html`<desk-menu label="Add what it does" look="button" named align="start" .content=${html`${icon("add")} Then`} .items=${this.#newEffects(rule, index)}></desk-menu>` : nothing}
    </fieldset>`;
  }

  #newEffects(rule: Rule, index: number): MenuItem[] {
    const add = (label: string, effect: RuleEffect): MenuItem => ({
      label,
      run: () => this.#change(index, { then: [...rule.then, effect] }, `rules[${index}].then`),
    });
    return [
      add("Say something", { do: "say", text: "" }),
      add("Tag the conversation", { do: "tag", tag: "" }),
      add("Set the priority", { do: "priority", priority: "high" }),
      add("Hand over to people", { do: "hand_off", team: null }),
    ];
  }

  #effect(rule: Rule, index: number, effect: RuleEffect, at: number): TemplateResult {
    const path = `rules[${index}].then[${at}]`;
    const effects = (next: RuleEffect[]) => this.#change(index, { then: next }, path);
    const replace = (next: RuleEffect) =>
      effects(rule.then.map((each, place) => (place === at ? next : each)));
    return html`<div class="effect">
      <div>${this.#effectField(effect, path, replace)}</div>
      <button class="button bare small" type="button" aria-label="Remove this" @click=${() => effects(rule.then.filter((_, place) => place !== at))}>${icon("close")}</button>
    </div>`;
  }

  #effectField(
    effect: RuleEffect,
    path: string,
    replace: (effect: RuleEffect) => void,
  ): TemplateResult {
    const error = this.draft.error(path);
    switch (effect.do) {
      case "say":
        return textField({
          label: "Then say",
          name: path,
          rows: 2,
          value: effect.text,
          error,
          input: (text) => replace({ do: "say", text }),
        });
      case "tag":
        return textField({
          label: "Then tag it",
          name: path,
          value: effect.tag,
          maxLength: 40,
          error,
          input: (tag) => replace({ do: "tag", tag }),
        });
      case "priority":
        return selectField({
          label: "Then set the priority",
          name: path,
          value: effect.priority,
          error,
          options: priorities.map((one) => [one, priorityWords[one]] as const),
          change: (priority) => replace({ do: "priority", priority }),
        });
      default:
        return selectField({
          label: "Then hand it over",
          name: path,
          value: effect.team ?? "",
          error,
          options: [
            ["", "To anyone"],
            ...this.desk.workspace.teams.map(({ id, name }) => [id, `To ${name}`] as const),
          ],
          change: (team) => replace({ do: "hand_off", team: team || null }),
        });
    }
  }

  #add(): void {
    const rule: Rule = { name: "", when: { words: [], language: null, page: null }, then: [] };
    this.draft.set({ rules: [...this.draft.settings.rules, rule] });
  }

  #change(index: number, part: Partial<Rule>, path: string): void {
    const rules = this.draft.settings.rules.map((rule, at) =>
      at === index ? { ...rule, ...part } : rule,
    );
    this.draft.set({ rules }, path);
  }

  #move(index: number, step: 1 | -1): void {
    const rules = [...this.draft.settings.rules];
    const [rule] = rules.splice(index, 1);
    if (rule) rules.splice(index + step, 0, rule);
    this.draft.set({ rules });
  }

  #remove(index: number): void {
    this.draft.set({ rules: this.draft.settings.rules.filter((_, at) => at !== index) });
  }
}
