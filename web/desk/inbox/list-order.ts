// The order in which the list shows conversations. It rests while a person points at the list.

export interface Placed {
  id: string;
  /** The view no longer shows it; it keeps its place until the list may move. */
  isGone: boolean;
}

export class ListOrder {
  isFrozen = false;
  #order: string[] = [];
  #live = new Set<string>();
  #ids: readonly string[] = [];
  /** The conversation that is open keeps its place even when it leaves the view. */
  #kept: string | null = null;

  /** Takes the present order of the view. */
  update(ids: readonly string[], selected: string | null): void {
    this.#ids = ids;
    this.#live = new Set(ids);
    // An empty list has nothing that could move.
    if (this.isFrozen && this.#order.length > 0) {
      if (selected !== null) this.#kept = selected;
      return;
    }
    const next = [...ids];
    const at = selected === null ? -1 : this.#order.indexOf(selected);
    if (selected !== null && at >= 0 && !this.#live.has(selected))
      next.splice(Math.min(at, next.length), 0, selected);
    this.#order = next;
    this.#kept = selected;
  }

  freeze(): void {
    this.isFrozen = true;
  }

  release(): void {
    this.isFrozen = false;
    this.update(this.#ids, this.#kept);
  }

  /** Starts over for another view. */
  reset(): void {
    this.isFrozen = false;
    this.#order = [];
    this.#kept = null;
  }

  get rows(): Placed[] {
    return this.#order.map((id) => ({ id, isGone: !this.#live.has(id) }));
  }

  get length(): number {
    return this.#order.length;
  }

  /** Conversations that came while the order rested. */
  get fresh(): number {
    if (!this.isFrozen) return 0;
    const shown = new Set(this.#order);
    return this.#ids.filter((id) => !shown.has(id)).length;
  }

  indexOf(id: string): number {
    return this.#order.indexOf(id);
  }

  /** Returns the conversation `step` places away that the view still shows, or null at the end. */
  after(id: string | null, step: 1 | -1): string | null {
    const from = id === null ? -1 : this.#order.indexOf(id);
    if (from < 0) return this.#order.find((each) => this.#live.has(each)) ?? null;
    for (let at = from + step; at >= 0 && at < this.#order.length; at += step) {
      const other = this.#order[at];
      if (other !== undefined && this.#live.has(other)) return other;
    }
    return null;
  }
}
