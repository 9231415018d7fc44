// Asks for an embed token from the customer's page, so that the browser names the page's origin.
import type { Embed } from "../wire";

/**
 * A module is fetched with CORS, and therefore with the origin. Unlike `fetch`, it needs no `connect-src` in the page's
 * policy. To the page's own origin a browser names none, so there the token is posted for.
 */
export async function requestEmbed(base: string, key: string): Promise<Embed> {
  try {
    if (base !== origin)
      return (await import(`${base}/widget/embed/${key}?${Math.random()}`)).default;
    const answer = await fetch("/widget/embed", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key }),
    });
    return await answer.json();
  } catch {
    return { code: "unreachable" };
  }
}
