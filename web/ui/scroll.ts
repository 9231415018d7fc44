// Scrolling lists of rows with `data-key`: staying at the end, anchoring, and moving the roving focus.

export interface Anchor {
  key: string;
  top: number;
}

const FLASH_MS = 1_400;

export function isNearEnd({ scrollHeight, scrollTop, clientHeight }: Element, px: number): boolean {
  return scrollHeight - scrollTop - clientHeight < px;
}

export function findRow(scroller: Element, key: string): HTMLElement | undefined {
  return rowsOf(scroller).find(({ dataset }) => dataset.key === key);
}

/** Returns the first visible row, to be put back in its place after a change above it. */
export function firstVisibleRow(scroller: Element): Anchor | null {
  const edge = scroller.getBoundingClientRect().top;
  for (const row of rowsOf(scroller)) {
    const { top, bottom } = row.getBoundingClientRect();
    if (bottom > edge) return { key: row.dataset.key ?? "", top };
  }
  return null;
}

export function restore(scroller: Element, { key, top }: Anchor): void {
  const row = findRow(scroller, key);
  if (row) scroller.scrollTop += row.getBoundingClientRect().top - top;
}

/** Returns the row that an arrow key leads to; from an unknown one, the last. */
export function rowAfter(
  rows: HTMLElement[],
  active: string,
  step: number,
): HTMLElement | undefined {
  const from = rows.findIndex(({ dataset }) => dataset.key === active);
  const to = from < 0 ? rows.length - 1 : from + step;
  return rows[Math.min(rows.length - 1, Math.max(0, to))];
}

/** Arrow keys as steps. */
export function stepOf({ key }: KeyboardEvent, back: string, forward: string): number {
  if (key === back) return -1;
  return key === forward ? 1 : 0;
}

/** Scrolls to a row and highlights it for a moment. */
export function showRow(row: Element): void {
  row.scrollIntoView({ block: "center" });
  row.classList.add("found");
  setTimeout(() => row.classList.remove("found"), FLASH_MS);
}

function rowsOf(scroller: Element): HTMLElement[] {
  return [...scroller.querySelectorAll<HTMLElement>("[data-key]")];
}
