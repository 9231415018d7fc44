// Whether a foreign URL may be followed: only web addresses.

export function isWeb(url: string): boolean {
  return URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol);
}
