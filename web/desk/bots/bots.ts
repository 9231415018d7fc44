// The bots of the workspace, or the editor of one.
import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "../../ui/base";
import type { Desk } from "../desk";
import type { Place } from "../places";
import "./bot-editor";
import "./bot-list";

@customElement("desk-bots")
export class Bots extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: block;
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) place!: Place;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk")) this.desk.workspace.want("bots", "members", "teams");
  }

  override render() {
    const { desk, place } = this;
    return place.bot
      ? html`<bot-editor .desk=${desk} bot=${place.bot} section=${place.section ?? "greeting"}></bot-editor>`
      : html`<bot-list .desk=${desk}></bot-list>`;
  }
}
