// Which groups of rows are open. What a person chose stays, and what was never chosen stays as it was first shown: nothing opens under a pointer.

export class Opened {
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
