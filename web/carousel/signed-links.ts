// Signed links differ with each answer. A file keeps the link that it was first shown with, so that its picture is not
// loaded again.

/** Below the lifetime of a signature. */
const KEEP_MS = 4 * 60_000;

export class SignedLinks {
  readonly #links = new Map<string, { link: string; until: number }>();

  constructor(private readonly now: () => number = Date.now) {}

  of(link: string): string {
    const file = link.split("?")[0] ?? link;
    const known = this.#links.get(file);
    if (known && this.now() < known.until) return known.link;
    this.#links.set(file, { link, until: this.now() + KEEP_MS });
    return link;
  }

  /** Forgets a link that did not load. */
  forget(link: string): void {
    this.#links.delete(link.split("?")[0] ?? link);
  }
}
