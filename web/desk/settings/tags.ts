// Tags that are offered for conversations.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import "../../ui/empty";
import { icon } from "../../ui/icons";
import "../../ui/notice";
import "../../ui/skeleton";
import { toast } from "../../ui/toast";
import type { Tag, TagInput } from "../contract";
import type { Desk } from "../desk";
import { textField } from "../field";
import { formStyle } from "../form.style";
import { Observing } from "../observable";
import { pageStyle } from "../page.style";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";
import { partStyle } from "./part.style";

@customElement("desk-tags")
export class Tags extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    pageStyle,
    partStyle,
    css`
      ul {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }
      li {
        display: inline-flex;
        align-items: center;
        gap: var(--s1);
        min-block-size: 2rem;
        padding-inline: var(--s3);
        border: 1px solid var(--line);
        border-radius: 1rem;
        font-size: var(--t2);
        overflow-wrap: anywhere;
      }
      .new {
        display: grid;
        grid-template-columns: minmax(0, 20rem) auto;
        align-items: end;
        gap: var(--s2);
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @state() private name = "";
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;

  constructor() {
    super();
    new Observing(this, () => [this.desk.workspace]);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk")) this.desk.workspace.want("tags");
  }

  override render() {
    const isAdmin = this.desk.may("writeSettings");
    return html`<div class="page-head"><h1>Tags</h1></div>
      <p class="lead">These are offered when a conversation is tagged. Agents may type others.</p>
      <section class="panel">${this.#list(isAdmin)} ${isAdmin ? this.#form() : nothing}</section>`;
  }

  #list(isAdmin: boolean): TemplateResult {
    const { workspace } = this.desk;
    const problem = workspace.problems.get("tags");
    if (problem)
      return html`<cf-notice action="Try again" @retry=${() => workspace.load("tags")}>${problem}</cf-notice>`;
    if (!workspace.isLoaded("tags")) return html`<cf-skeleton lines="2"></cf-skeleton>`;
    if (workspace.tags.length === 0)
      return html`<cf-empty heading="No tags yet">Add those that your team agrees on.</cf-empty>`;
    return html`<ul>${workspace.tags.map((tag) => html`<li><bdi>${tag.name}</bdi>${isAdmin ? html`<button class="button bare small" type="button" aria-label="Delete the tag ${tag.name}" @click=${() => this.#delete(tag)}>${icon("close")}</button>` : nothing}</li>`)}</ul>`;
  }

  #form(): TemplateResult {
    return html`<form class="new" @submit=${this.#add}>
      ${textField({ label: "New tag", name: "name", value: this.name, maxLength: 40, isRequired: true, error: this.problem?.message, input: (value) => (this.name = value) })}
      <button class="button" ?disabled=${this.isBusy}>${icon("add")} Add</button>
    </form>`;
  }

  async #add(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = null;
    try {
      const tag = await this.desk.api.post<Tag>("/tags", {
        name: this.name.trim(),
      } satisfies TagInput);
      this.desk.workspace.put("tags", tag);
      this.name = "";
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }

  /** Conversations keep the tag, so nothing is lost. */
  async #delete({ id, name }: Tag): Promise<void> {
    try {
      await this.desk.api.remove(pathOf("tags", id));
      this.desk.workspace.remove("tags", id);
      toast(`${name} is no longer offered`);
    } catch (error) {
      toast(toProblem(error).message, true);
    }
  }
}
