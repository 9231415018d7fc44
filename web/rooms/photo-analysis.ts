// From a photo to names for a room: upload, analysis progress and suggestions.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { now, onTick } from "../ui/clock";
import { icon } from "../ui/icons";
import "../ui/notice";
import { type Problem, rooms, toProblem, upload } from "./api";
import type { Look, Room, SimilarRoom, Suggestion } from "./contract";
import "./create-room";
import type { RoomDraft } from "./create-room";
import "./picture";
import { photoAnalysisStyle } from "./photo-analysis.style";
import { resizePhoto, UnsupportedPhoto } from "./resize";
import { onlineCount, similarityLabels } from "./words";

const POLL_INTERVAL_MS = 1000;
const REVEAL_INTERVAL_MS = 70;
const SLOW_AFTER_MS = 20_000;

type Step = "preparing" | "uploading" | "looking" | "done" | "stopped";

const refusals: Record<string, string> = {
  not_a_picture: "This file is not a supported image. Choose a JPEG, PNG, WebP or GIF.",
  too_large: "This photo is too large. Choose one under 10 MB, or take a screenshot of it.",
  too_small: "This photo is too small. Take one with the camera, or choose a larger one.",
  not_allowed: "This photo is not allowed here. Choose another one.",
  unavailable:
    "Photo analysis is unavailable right now. Try again in a few minutes, or name the room yourself.",
};

@customElement("photo-analysis")
export class PhotoAnalysis extends LitElement {
  static override styles = [base, controls, photoAnalysisStyle];

  /** A photo that was just chosen. */
  @property({ attribute: false }) file: File | null = null;
  /** A photo that was uploaded before. */
  @property({ attribute: false }) photoId: string | null = null;
  @state() private step: Step = "preparing";
  @state() private sent = 0;
  @state() private look: Look | null = null;
  /** When the counts of similar rooms were fetched. */
  #lookAt = -Infinity;
  #stopClock = () => {};
  @state() private problem = "";
  @state() private canRetry = false;
  @state() private isSlow = false;
  @state() private revealed = 0;
  @state() private preview = "";
  @state() private plan: RoomDraft | null = null;
  #stop = new AbortController();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopClock = onTick(() => this.look && this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopClock();
    this.#stop.abort();
    if (this.preview) URL.revokeObjectURL(this.preview);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    // The address of an upload of this page needs no second load.
    const isNew =
      (changed.has("file") && this.file) ||
      (changed.has("photoId") &&
        this.photoId &&
        this.photoId !== this.look?.photo_id &&
        !this.file);
    if (isNew) void this.#begin();
  }

  async #begin(): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    Object.assign(this, {
      step: "preparing",
      sent: 0,
      look: null,
      problem: "",
      isSlow: false,
      revealed: 0,
      plan: null,
    });
    try {
      const id = this.file ? await this.#upload(this.file, signal) : this.photoId;
      if (id && !signal.aborted) await this.#watch(id, signal);
    } catch (error) {
      if (signal.aborted) return;
      const problem = toProblem(error);
      this.step = "stopped";
      this.canRetry = !(error instanceof UnsupportedPhoto) && problem.status !== 404;
      this.problem =
        problem.status === 404
          ? "This photo has expired. Photos are kept for a week. Take a new one."
          : problem.status === 429
            ? tooMany(problem)
            : problem.message;
    }
  }

  async #upload(file: File, signal: AbortSignal): Promise<string> {
    const { photo, width } = await resizePhoto(file);
    if (signal.aborted) return "";
    if (this.preview) URL.revokeObjectURL(this.preview);
    this.preview = width > 0 ? URL.createObjectURL(photo) : "";
    this.step = "uploading";
    const id = await upload(photo, (part) => (this.sent = part), signal);
    if (!signal.aborted) this.dispatchEvent(new CustomEvent<string>("uploaded", { detail: id }));
    return id;
  }

  async #watch(id: string, signal: AbortSignal): Promise<void> {
    const began = Date.now();
    let silent = 0;
    this.step = "looking";
    while (!signal.aborted) {
      try {
        const look = await rooms.look(id);
        if (signal.aborted) return;
        silent = 0;
        this.look = look;
        this.#lookAt = now();
        if (look.state === "done") return this.#done();
        if (look.state === "refused") {
          this.step = "stopped";
          this.canRetry = look.code === "unavailable";
          this.problem =
            refusals[look.code ?? ""] ?? "This photo cannot be used. Choose another one.";
          return;
        }
      } catch (error) {
        const { status } = toProblem(error);
        // Phones lose the network briefly; only repeated failures give up.
        silent += 1;
        if ((status > 0 && status < 500 && status !== 429) || silent > 15) throw error;
      }
      this.isSlow = Date.now() - began > SLOW_AFTER_MS;
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
  }

  #done(): void {
    this.step = "done";
    const all = this.look?.suggestions.length ?? 0;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.revealed = all;
      return;
    }
    const next = () => {
      this.revealed += 1;
      if (this.revealed < all && !this.#stop.signal.aborted) setTimeout(next, REVEAL_INTERVAL_MS);
    };
    next();
  }

  override render() {
    return html`<div class="sides">
        <div class="side">
          <div class="photo">${this.#photo()}</div>
          ${this.step === "done" || this.step === "stopped" ? nothing : this.#progress()} ${this.#captionView()}
        </div>
        <div>${this.step === "stopped" ? this.#stopped() : this.#choices()}</div>
      </div>
      <create-room .plan=${this.plan} @dismiss=${() => (this.plan = null)} @made=${(event: CustomEvent<Room>) => this.dispatchEvent(new CustomEvent("made", { detail: event.detail }))}></create-room>`;
  }

  #photo(): TemplateResult {
    const words = this.look?.caption?.caption ?? "Your photo";
    if (this.preview) return html`<img src=${this.preview} alt=${words} />`;
    if (this.look?.photo)
      return html`<room-picture large .photo=${this.look.photo} words=${words}></room-picture>`;
    return html`<span class="blank">${icon("photo")}</span>`;
  }

  #progress(): TemplateResult {
    const { look, sent } = this;
    const percent = Math.round(sent * 100);
    const looked = look && look.steps > 0 ? look.step / look.steps : 0;
    // The upload is the first half of the progress, the analysis the second.
    const whole =
      this.step === "looking" ? 50 + looked * 50 : this.step === "uploading" ? sent * 50 : 0;
    const words =
      this.step === "looking"
        ? this.isSlow
          ? "Still analyzing. This takes longer than usual."
          : "Analyzing your photo"
        : this.step === "uploading"
          ? "Uploading your photo"
          : "Preparing your photo";
    return html`<div class="progress">
      <div class="track" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(whole)}><i .style=${`inline-size:${Math.max(3, whole)}%`}></i></div>
      <p><span role="status">${words}</span>${this.step === "uploading" ? html`<span>${percent}%</span>` : nothing}</p>
    </div>`;
  }

  #captionView(): TemplateResult | typeof nothing {
    const caption = this.look?.caption;
    if (!caption)
      return this.step === "stopped"
        ? nothing
        : html`<h1 class="only-read">Names for your room</h1>`;
    return html`<div class="seen"><h1 dir="auto">${caption.title}</h1>${caption.caption ? html`<p class="soft" dir="auto">${caption.caption}</p>` : nothing}</div>`;
  }

  #choices(): TemplateResult {
    const { look } = this;
    const suggestions = look?.suggestions ?? [];
    const done = this.step === "done";
    return html`
      ${
        done && look && look.similar.length > 0
          ? html`<section aria-labelledby="similar">
            <h2 id="similar">Join an existing room</h2>
            <ul class="similar">
              ${look.similar.map((room) => this.#similar(room))}
            </ul>
          </section>`
          : nothing
      }
      <section aria-labelledby="names" aria-busy=${!done}>
        <h2 id="names">${done ? (suggestions.length > 0 ? "Choose a name for your room" : "Name your room") : "Names for your room"}</h2>
        <p class="only-read" role="status">${done ? `${suggestions.length} names to choose from` : ""}</p>
        <ul class="names">
          ${done ? suggestions.slice(0, this.revealed).map((each) => this.#name(each)) : nothing}
          ${Array.from({ length: done ? suggestions.length - Math.min(this.revealed, suggestions.length) : 10 }, () => html`<li aria-hidden="true"><div class="bone"><i></i><i></i></div></li>`)}
        </ul>
        ${done ? html`<p class="own"><button class="link" type="button" @click=${() => this.#choose({ name: "", description: "" })}>Use another name</button></p>` : nothing}
      </section>
    `;
  }

  #name(suggestion: Suggestion): TemplateResult {
    return html`<li class="appears">
      <button type="button" @click=${() => this.#choose(suggestion)}>
        <span class="words"><b dir="auto">${suggestion.name}</b><small dir="auto">${suggestion.description}</small></span>
        ${icon("forward")}
      </button>
    </li>`;
  }

  #similar({ code, name, online, why }: SimilarRoom): TemplateResult {
    const count = onlineCount(online, this.#lookAt, now());
    return html`<li class="appears">
      <a href="#room=${encodeURIComponent(code)}">
        <span class="words"><b dir="auto">${name}</b><small>${similarityLabels[why] ?? why}</small></span>
        ${count ? html`<span class="online">${count}</span>` : nothing} ${icon("forward")}
      </a>
    </li>`;
  }

  #stopped(): TemplateResult {
    return html`<h1 tabindex="-1">Something went wrong</h1>
      <p class="own" role="alert">${this.problem}</p>
      <div class="ways">
        ${this.canRetry ? html`<button class="button main" type="button" @click=${() => this.#begin()}>Try again</button>` : nothing}
        <button class="button ${this.canRetry ? "" : "main"}" type="button" @click=${() => this.dispatchEvent(new Event("again"))}>Choose another photo</button>
        <button class="button" type="button" @click=${() => (this.plan = { name: "", description: "", photoId: null })}>Name the room yourself</button>
      </div>`;
  }

  #choose({ name, description }: Pick<Suggestion, "name" | "description">): void {
    this.plan = { name, description, photoId: this.look?.photo_id ?? null };
  }
}

function tooMany({ retryAfterMs }: Problem): string {
  const minutes = Math.max(1, Math.ceil((retryAfterMs ?? 3_600_000) / 60_000));
  return `You have uploaded many photos in a short time. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
}
