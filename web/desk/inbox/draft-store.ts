// Drafts of replies, kept on the server so that another device continues them. Drafts of notes stay in this tab: a note
// must not come back as a reply.

import type { Api } from "../api";
import type { Draft } from "../contract";
import { Observable } from "../observable";
import { pathOf } from "../request";

const SAVE_DELAY_MS = 800;

export type DraftState = "saved" | "saving" | "unsaved" | "none";

export class DraftStore extends Observable {
  readonly #texts = new Map<string, string>();
  /** The texts that the server has. */
  readonly #saved = new Map<string, string>();
  readonly #notes = new Map<string, string>();
  readonly #states = new Map<string, DraftState>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly api: Api) {
    super();
  }

  state(id: string): DraftState {
    return this.#states.get(id) ?? "none";
  }

  text(id: string): string {
    return this.#texts.get(id) ?? "";
  }

  /** Takes the server's draft. What was typed here and is not saved yet wins. */
  offer(id: string, text: string): void {
    const isTyped = this.text(id) !== (this.#saved.get(id) ?? "");
    if (isTyped || this.state(id) === "saving") return;
    this.#saved.set(id, text);
    this.#texts.set(id, text);
    this.#become(id, text === "" ? "none" : "saved");
  }

  write(id: string, text: string): void {
    this.#texts.set(id, text);
    clearTimeout(this.#timers.get(id));
    if (text === (this.#saved.get(id) ?? "")) return;
    this.#timers.set(
      id,
      setTimeout(() => void this.save(id), SAVE_DELAY_MS),
    );
  }

  note(id: string): string {
    return this.#notes.get(id) ?? "";
  }

  writeNote(id: string, text: string): void {
    this.#notes.set(id, text);
  }

  /** Saves what is not saved yet. */
  async save(id: string): Promise<void> {
    clearTimeout(this.#timers.get(id));
    const text = this.text(id);
    if (text === (this.#saved.get(id) ?? "") || this.state(id) === "saving") return;
    this.#become(id, "saving");
    try {
      await this.api.put(pathOf("conversations", id, "draft"), { text } satisfies Draft);
      this.#saved.set(id, text);
      this.#become(id, text === "" ? "none" : "saved");
    } catch {
      this.#become(id, "unsaved");
      return;
    }
    // What was typed meanwhile follows.
    if (this.text(id) !== text) this.write(id, this.text(id));
  }

  /** Saves everything, because the tab may be gone soon. */
  saveAll(): void {
    for (const id of this.#texts.keys()) void this.save(id);
  }

  #become(id: string, state: DraftState): void {
    this.#states.set(id, state);
    this.changed();
  }
}
