// Cards that change their column glide there, and keep the focus.

const MOVE_MS = 180;

export interface Places {
  tops: Map<string, DOMRect>;
  focused: string | null;
}

/** Returns where the cards are before an update. */
export function placesOf(root: ParentNode & { activeElement?: Element | null }): Places {
  const tops = new Map<string, DOMRect>();
  for (const row of rowsOf(root)) tops.set(row.dataset.key ?? "", row.getBoundingClientRect());
  const focused = root.activeElement?.closest<HTMLElement>("[data-key]")?.dataset.key ?? null;
  return { tops, focused };
}

/** Moves the cards from their former places to the present ones. */
export function glide(root: ParentNode & { activeElement?: Element | null }, before: Places): void {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const row of rowsOf(root)) {
    const key = row.dataset.key ?? "";
    const old = before.tops.get(key);
    if (!old) continue;
    if (key === before.focused && !row.contains(root.activeElement ?? null))
      row.querySelector<HTMLElement>("a")?.focus();
    const { left, top } = row.getBoundingClientRect();
    const [x, y] = [old.left - left, old.top - top];
    if (isStill || (x === 0 && y === 0)) continue;
    const from = { transform: `translate(${x}px, ${y}px)` };
    row.animate([from, { transform: "none" }], { duration: MOVE_MS, easing: "ease-out" });
  }
}

function rowsOf(root: ParentNode): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>("[data-key]")];
}
