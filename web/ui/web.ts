// Whether an address that came from elsewhere may be gone to: nothing but the web.

export function isWeb(url: string): boolean {
  return URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol);
}
