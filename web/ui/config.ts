// A page's configuration, beside the page: /rooms, /rooms/ and /rooms.html have /rooms/config.json.

/** Returns the page's path without what names its file. */
export function pagePath(): string {
  return location.pathname.replace(/\/(index\.html)?$/, "").replace(/\.html$/, "");
}

/** Returns an empty configuration when there is none. Fails when the server does not answer. */
export async function loadConfig<Config>(
  timeoutMs: number,
  place = pagePath(),
): Promise<Partial<Config>> {
  const answer = await fetch(`${place}/config.json`, { signal: AbortSignal.timeout(timeoutMs) });
  // A 5xx may come from a proxy and proves nothing.
  if (answer.status >= 500) throw new Error(`config.json: ${answer.status}`);
  return answer.ok ? ((await answer.json()) as Partial<Config>) : {};
}

/** Returns an address without a slash at its end; an empty one is the page's origin. */
export function addressOf(text: string | undefined): string {
  return new URL(text ?? "", location.origin).href.replace(/\/$/, "");
}
