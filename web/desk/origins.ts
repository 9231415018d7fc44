// Addresses of sites: what people type becomes an origin.

/** Returns the origin of what was typed, such as `shop.example/contact`. Text that is none is returned as it is. */
export function toOrigin(text: string): string {
  const typed = text.trim();
  if (typed === "") return "";
  const isLocal = /^(https?:\/\/)?(localhost|127\.0\.0\.1|\[::1\])([:/]|$)/i.test(typed);
  const address = /^[a-z]+:\/\//i.test(typed) ? typed : `http${isLocal ? "" : "s"}://${typed}`;
  if (!URL.canParse(address)) return typed;
  const { origin } = new URL(address);
  // Some browsers encode the star of a wildcard.
  return origin === "null" ? typed : origin.replace(/%2a/i, "*");
}
