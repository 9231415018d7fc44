// Deep links: open panels are in location.hash, as in `#trace=cor_x&queue=Name`.

export function readHash(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}

export function hashWith(change: Record<string, string | null>): string {
  const params = readHash();
  for (const [name, value] of Object.entries(change)) {
    if (value === null) params.delete(name);
    else params.set(name, value);
  }
  return `#${params}`;
}

/** Clearing replaces the current entry, so that Back leads to the previous view. */
export function writeHash(
  change: Record<string, string | null>,
  how: "push" | "replace" = "push",
): void {
  const next = hashWith(change);
  if (next === location.hash || (next === "#" && location.hash === "")) return;
  if (how === "push") history.pushState(null, "", next);
  else history.replaceState(null, "", next);
  dispatchEvent(new HashChangeEvent("hashchange"));
}
