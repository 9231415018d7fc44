// The people of a room, with the host's moderation and one's own blocking.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { base, controls } from "../ui/base";
import "../ui/empty";
import { type IconName, icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import { toast } from "../ui/toast";
import { rooms, toProblem } from "./api";
import { avatar, avatarStyle } from "./avatar";
import { type Blocked, block, isBlocked, unblock } from "./blocks";
import type { Person } from "./contract";

type Act = "mute" | "unmute" | "kick" | "ban" | "unban";

@customElement("room-people")
export class RoomPeople extends LitElement {
  static override styles = [
    base,
    controls,
    avatarStyle,
    css`
      :host {
        display: block;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s1) var(--s3);
        padding-block: 0.3rem;
      }
      .face {
        position: relative;
      }
      .face i {
        position: absolute;
        inset-block-end: -1px;
        inset-inline-end: -1px;
        inline-size: 0.75rem;
        block-size: 0.75rem;
        border: 2px solid var(--paper);
        border-radius: 50%;
        background: var(--good);
      }
      .away .avatar {
        opacity: 0.6;
      }
      .who {
        flex: 1;
        min-inline-size: 0;
      }
      .who b {
        display: block;
        font-weight: 550;
        overflow-wrap: anywhere;
      }
      .who small {
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      .more {
        color: var(--ink-soft);
      }
      .acts {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        inline-size: 100%;
        padding-block: var(--s1) var(--s3);
        padding-inline-start: 3rem;
      }
      h3 {
        margin-block: var(--s4) var(--s1);
        color: var(--ink-soft);
        font-size: var(--t2);
        font-weight: 500;
      }
      .gone .who b {
        color: var(--ink-soft);
      }
    `,
  ];

  @property() code = "";
  @property({ attribute: false }) people: Person[] | null = null;
  @property({ attribute: false }) banned: Blocked[] = [];
  @property() problem = "";
  @property() me = "";
  @property({ type: Boolean }) host = false;
  @property({ attribute: false }) blocked: Blocked[] = [];
  @state() private open = "";
  @state() private busy = false;

  override render() {
    if (this.problem && !this.people)
      return html`<cf-notice action="Try again" @retry=${() => this.#changed()}>${this.problem}</cf-notice>`;
    if (!this.people) return html`<cf-skeleton lines="4"></cf-skeleton>`;
    const absent = this.blocked.filter(
      (each) => !this.people?.some((person) => person.user_id === each.user_id),
    );
    return html`<ul aria-label="People">
        ${repeat(
          this.people,
          ({ user_id }) => user_id,
          (person) => this.#person(person),
        )}
      </ul>
      ${
        this.banned.length > 0
          ? html`<h3>Banned</h3>
            <ul>
              ${this.banned.map((person) => this.#gone(person, "Unban", () => this.#act(person, "unban")))}
            </ul>`
          : nothing
      }
      ${
        absent.length > 0
          ? html`<h3>Blocked by you</h3>
            <ul>
              ${absent.map((person) => this.#gone(person, "Unblock", () => this.#unblock(person)))}
            </ul>`
          : nothing
      }`;
  }

  #person(person: Person): TemplateResult {
    const { user_id, username, role, is_muted } = person;
    const isMe = user_id === this.me;
    // The list can be older than one's own arrival.
    const is_online = person.is_online || isMe;
    const hidden = !isMe && isBlocked(this.blocked, user_id, username);
    const notes = [
      isMe && "You",
      role === "host" && "Host",
      is_muted && "Muted",
      hidden && "Blocked by you",
      !is_online && "Away",
    ]
      .filter(Boolean)
      .join(" · ");
    const open = this.open === user_id;
    return html`<li class=${is_online ? "" : "away"}>
      <span class="face">${avatar(user_id, username)}${is_online ? html`<i></i>` : nothing}</span>
      <span class="who"><b><bdi>${username}</bdi></b><small>${notes || "Here now"}</small></span>
      ${
        isMe
          ? nothing
          : html`<button class="button bare icon-only more" type="button" aria-expanded=${open} aria-label="Actions for ${username}" @click=${() => (this.open = open ? "" : user_id)}>${icon("more")}</button>`
      }
      ${open ? this.#acts(person, hidden) : nothing}
    </li>`;
  }

  #acts(person: Person, hidden: boolean): TemplateResult {
    const button = (words: string, shape: IconName, run: () => void, look = "") =>
      html`<button class="button small ${look}" type="button" ?disabled=${this.busy} @click=${run}>${icon(shape)} ${words}</button>`;
    return html`<div class="acts" role="group" aria-label=${person.username}>
      ${
        this.host && person.role !== "host"
          ? html`${person.is_muted ? button("Unmute", "chat", () => this.#act(person, "unmute")) : button("Mute", "mute", () => this.#act(person, "mute"))}
          ${button("Remove", "door", () => this.#act(person, "kick"))} ${button("Ban", "ban", () => this.#act(person, "ban"), "danger")}`
          : nothing
      }
      ${hidden ? button("Unblock", "chat", () => this.#unblock(person)) : button("Block for me", "ban", () => this.#block(person))}
    </div>`;
  }

  #gone(person: Blocked, words: string, run: () => void): TemplateResult {
    return html`<li class="gone">
      ${avatar(person.user_id, person.username)}<span class="who"><b><bdi>${person.username}</bdi></b></span>
      <button class="button small" type="button" ?disabled=${this.busy} @click=${run}>${words}</button>
    </li>`;
  }

  async #act(person: Blocked, act: Act): Promise<void> {
    this.busy = true;
    try {
      await rooms.act(this.code, person.user_id, act);
      const said: Record<Act, string> = {
        mute: "was muted",
        unmute: "was unmuted",
        kick: "was removed",
        ban: "was banned",
        unban: "was unbanned",
      };
      toast(`${person.username} ${said[act]}`);
      this.open = "";
      this.#changed();
    } catch (error) {
      toast(toProblem(error).message, true);
    }
    this.busy = false;
  }

  #block(person: Blocked): void {
    block(person);
    toast(`${person.username} is blocked. Their messages are hidden.`);
    this.open = "";
    this.#changed();
  }

  #unblock(person: Blocked): void {
    unblock(person);
    this.open = "";
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event("changed"));
  }
}
