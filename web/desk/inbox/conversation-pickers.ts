// Pickers of a conversation: who has it, its team, its priority, its tags, and until when it is snoozed.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import { now } from "../../ui/clock";
import "../../ui/dialog";
import { date, hourMinute } from "../../ui/format";
import type { Head, HeadPatch, Priority } from "../contract";
import type { Desk } from "../desk";
import { textField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import "../picker";
import type { Option } from "../picker";
import { priorities, priorityWords, roleWords } from "../words";
import { snoozeTimes } from "./snooze-times";

export type PickerName = "" | "assign" | "team" | "priority" | "tags" | "snooze" | "snooze-time";

const NONE = "-";

@customElement("conversation-pickers")
export class ConversationPickers extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    css`
      :host {
        display: contents;
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) head!: Head;
  @property() shown: PickerName = "";

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override render() {
    return html`${this.#picker("assign", "Assign to", this.#people)}
      ${this.#picker("team", "Team", this.#teams)}
      ${this.#picker("priority", "Priority", this.#priorities)}
      ${this.#picker("tags", "Add or remove tags", this.#tags)}
      ${this.#picker("snooze", "Snooze until", this.#times)}
      <cf-dialog heading="Snooze until" ?open=${this.shown === "snooze-time"} @dismiss=${this.#dismiss}>${this.shown === "snooze-time" ? this.#timeForm() : nothing}</cf-dialog>`;
  }

  #picker(name: PickerName, heading: string, options: () => Option[]): TemplateResult {
    const isOpen = this.shown === name;
    const isTags = name === "tags";
    return html`<desk-picker heading=${heading} ?open=${isOpen} ?multiple=${isTags} create=${isTags ? "New tag" : ""} .options=${isOpen ? options() : []} @pick=${(event: CustomEvent<string>) => this.#picked(name, event.detail)} @dismiss=${this.#dismiss}></desk-picker>`;
  }

  #people = (): Option[] => {
    const { me, workspace } = this.desk;
    const { assignee } = this.head;
    const others = workspace.members
      .filter(({ user_id, role }) => user_id !== me.id && role !== "viewer")
      .map(({ user_id, name, role, availability }) => ({
        id: user_id,
        label: name ?? "A closed account",
        hint: availability === "away" ? `${roleWords[role]}, away` : roleWords[role],
        isChecked: user_id === assignee,
      }));
    const mine = { id: me.id, label: `Me (${me.name})`, isChecked: me.id === assignee };
    return [
      mine,
      { id: NONE, label: "No one", words: "unassign", isChecked: assignee === null },
      ...others,
    ];
  };

  #teams = (): Option[] => [
    { id: NONE, label: "No team", isChecked: this.head.team === null },
    ...this.desk.workspace.teams.map(({ id, name }) => ({
      id,
      label: name,
      isChecked: id === this.head.team,
    })),
  ];

  #priorities = (): Option[] =>
    priorities.map((id) => ({
      id,
      label: priorityWords[id],
      isChecked: id === this.head.priority,
    }));

  #tags = (): Option[] => {
    const known = this.desk.workspace.tags.map(({ name }) => name);
    const all = [...new Set([...this.head.tags, ...known])];
    return all.map((name) => ({ id: name, label: name, isChecked: this.head.tags.includes(name) }));
  };

  #times = (): Option[] => [
    ...snoozeTimes(now()).map(({ label, at }) => ({
      id: at.toISOString(),
      label,
      hint: `${date(at.getTime())}, ${hourMinute(at.getTime())}`,
    })),
    { id: "other", label: "Another time" },
    ...(this.head.status === "snoozed" ? [{ id: NONE, label: "End the snooze" }] : []),
  ];

  #timeForm(): TemplateResult {
    return html`<form @submit=${this.#chooseTime}>
      ${textField({ label: "Date and time", name: "until", type: "datetime-local", isRequired: true })}
      <div class="actions"><button class="button main">Snooze</button></div>
    </form>`;
  }

  #chooseTime(event: SubmitEvent): void {
    event.preventDefault();
    const text = new FormData(event.target as HTMLFormElement).get("until");
    const at = new Date(String(text));
    if (Number.isNaN(at.getTime())) return;
    this.#change({ snooze_until: at.toISOString() });
    this.#show("");
  }

  #picked(name: PickerName, id: string): void {
    if (name === "assign") this.#change({ assignee: id === NONE ? null : id });
    else if (name === "team") this.#change({ team: id === NONE ? null : id });
    else if (name === "priority") this.#change({ priority: id as Priority });
    else if (name === "tags") this.#toggleTag(id.replace(/^new:/, "").toLowerCase());
    else if (id === "other") setTimeout(() => this.#show("snooze-time"));
    else this.#change({ snooze_until: id === NONE ? null : id });
  }

  #toggleTag(tag: string): void {
    const { tags } = this.head;
    this.#change({
      tags: tags.includes(tag) ? tags.filter((each) => each !== tag) : [...tags, tag],
    });
  }

  #change(patch: HeadPatch): void {
    this.dispatchEvent(new CustomEvent("patch", { detail: patch }));
  }

  #show(name: PickerName): void {
    this.dispatchEvent(new CustomEvent("show", { detail: name }));
  }

  #dismiss = (): void => this.#show("");
}
