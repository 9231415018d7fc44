// About a room: photo, description, host, and links to join, leave and configure it.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { date } from "../ui/format";
import { icon } from "../ui/icons";
import type { Room } from "./contract";
import "./picture";
import { linked } from "../ui/text";
import { fullTime } from "./words";

export type RoomAction = "settings" | "tips" | "tip" | "rename" | "leave";

@customElement("room-about")
export class RoomAbout extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: grid;
        gap: var(--s4);
      }
      room-picture {
        aspect-ratio: 4 / 3;
        inline-size: 100%;
        border-radius: var(--r3);
        font-size: 2.5rem;
      }
      .words {
        display: grid;
        gap: var(--s2);
      }
      .description a {
        direction: ltr;
        unicode-bidi: isolate;
      }
      .description {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .facts {
        display: grid;
        gap: var(--s1);
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      .ways {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }
      .ways .button {
        min-inline-size: 0;
        max-inline-size: 100%;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) room!: Room;

  override render() {
    const { room } = this;
    const { role, username } = room.you;
    const made = Date.parse(room.created_at);
    const isIn = role === "host" || role === "member";
    const who = room.front
      ? "Back room: only people who paid the entrance fee can read it"
      : room.is_private
        ? "Private: an access code is required"
        : room.is_public
          ? "Public: anyone with the link can read and join"
          : "Anyone with the link can join; only members can read";
    return html`
      ${room.photo ? html`<room-picture large .photo=${room.photo} code=${room.code} words="The photo this room started from"></room-picture>` : nothing}
      <div class="words">
        ${room.description ? html`<p class="description" dir="auto">${linked(room.description)}</p>` : nothing}
        <div class="facts">
          <p>Created by <bdi>${room.host.username}</bdi> on <time datetime=${room.created_at} title=${fullTime(made)}>${date(made)}</time></p>
          <p>${who}</p>
          ${room.is_read_only ? html`<p>Read-only: only the host can post</p>` : nothing}
          ${isIn && username ? html`<p>You are <bdi>${username}</bdi> here</p>` : nothing}
        </div>
      </div>
      ${
        isIn
          ? html`<div class="ways">
            ${role === "host" ? html`<button class="button" type="button" @click=${() => this.#ask("settings")}>${icon("settings")} Settings</button>` : nothing}
            ${
              role === "host"
                ? html`<button class="button" type="button" @click=${() => this.#ask("tips")}>${icon("tip")} Tips</button>`
                : html`<button class="button" type="button" aria-haspopup="dialog" @click=${() => this.#ask("tip")}>${icon("tip")}<span>Tip <bdi>${room.host.username}</bdi></span></button>`
            }
            <button class="button" type="button" @click=${() => this.#ask("rename")}>Change my name</button>
            ${role === "member" ? html`<button class="button" type="button" @click=${() => this.#ask("leave")}>${icon("door")} Leave</button>` : nothing}
          </div>`
          : nothing
      }
    `;
  }

  #ask(what: RoomAction): void {
    this.dispatchEvent(new CustomEvent("ask", { detail: what }));
  }
}
