// Expanded groups of rows. A user's choice persists, and defaults are fixed at first render, so
// that rows never move under a pointer.

export class ExpandedGroups {
  readonly #open = new Map<string, boolean>();

  constructor(private readonly changed: () => void) {}

  is(group: string, atFirst: boolean): boolean {
    const known = this.#open.get(group);
    if (known === undefined) this.#open.set(group, atFirst);
    return known ?? atFirst;
  }

  toggle(group: string): void {
    this.#open.set(group, !this.#open.get(group));
    this.changed();
  }
}
