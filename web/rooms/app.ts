// The page: start, photo analysis, or a room, according to the address.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { readHash, writeHash } from "../ui/hash";
import "../ui/theme-toggle";
import "../ui/toast";
import { icon } from "../ui/icons";
import type { Room } from "./contract";
import "./photo-analysis";
import "./create-room";
import type { RoomDraft } from "./create-room";
import "./room";
import "./start";

/** Some messengers cut off a link's hash; a query survives. */
function placeOf(name: string): string | null {
  return readHash().get(name) ?? new URLSearchParams(location.search).get(name);
}

@customElement("rooms-app")
export class RoomsApp extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-block-size: 100dvh;
      }
      header {
        display: flex;
        align-items: center;
        gap: var(--s2);
        inline-size: 100%;
        min-block-size: 3.25rem;
        padding: 0 max(var(--s2), env(safe-area-inset-right)) 0 max(var(--s4), env(safe-area-inset-left));
      }
      header a {
        display: inline-flex;
        align-items: center;
        gap: var(--s1);
        min-block-size: 2.75rem;
        margin-inline-end: auto;
        color: inherit;
        font-size: 1.0625rem;
        font-weight: 700;
        letter-spacing: -0.02em;
        text-decoration: none;
      }
      header a.back {
        font-size: var(--t3);
        font-weight: 500;
        letter-spacing: 0;
      }
      main {
        flex: 1;
      }
    `,
  ];

  @state() private code = placeOf("room");
  @state() private photoId = readHash().get("photo");
  @state() private file: File | null = null;
  @state() private plan: RoomDraft | null = null;
  /** A room that was just created is not fetched again. */
  #made: Room | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#moved);
    addEventListener("popstate", this.#moved);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#moved);
    removeEventListener("popstate", this.#moved);
  }

  #moved = (): void => {
    const photoId = readHash().get("photo");
    const code = placeOf("room");
    if (code !== this.code || photoId !== this.photoId) scrollTo(0, 0);
    // Going back from a photo discards it.
    if (!photoId && this.photoId) this.file = null;
    this.code = code;
    this.photoId = photoId;
    this.plan = null;
    if (this.#made?.code !== code) this.#made = null;
  };

  override render(): TemplateResult {
    if (this.code) {
      const made = this.#made?.code === this.code ? this.#made : null;
      return html`<rooms-room code=${this.code} .made=${made} @home=${this.#home}></rooms-room><cf-toasts></cf-toasts>`;
    }
    const looking = this.file !== null || this.photoId !== null;
    document.title = looking ? "A new room · Rooms" : "Rooms";
    return html`<header>
        ${looking ? html`<a class="back" href="#" @click=${this.#home}>${icon("back")} Another photo</a>` : html`<a href="#" @click=${this.#home}>Rooms</a>`}
        <cf-theme-toggle></cf-theme-toggle>
      </header>
      <main>
        ${
          looking
            ? html`<photo-analysis .file=${this.file} .photoId=${this.photoId} @uploaded=${(event: CustomEvent<string>) => writeHash({ photo: event.detail })} @again=${this.#home} @made=${this.#enter}></photo-analysis>`
            : html`<rooms-start @photo=${(event: CustomEvent<File>) => (this.file = event.detail)} @nophoto=${() => (this.plan = { name: "", description: "", photoId: null })}></rooms-start>
              <create-room .plan=${this.plan} @dismiss=${() => (this.plan = null)} @made=${this.#enter}></create-room>`
        }
      </main>
      <cf-toasts></cf-toasts>${nothing}`;
  }

  #home(event: Event): void {
    event.preventDefault();
    this.file = null;
    history.pushState(null, "", location.pathname);
    this.#moved();
  }

  #enter(event: CustomEvent<Room>): void {
    this.#made = event.detail;
    this.file = null;
    // Back leads to the photo, not to the form that would create the room twice.
    writeHash({ photo: null, room: event.detail.code }, this.photoId ? "replace" : "push");
  }
}
