// Addresses of the console: every page and open conversation has a link.
import { pagePath } from "../ui/config";
import { readHash, writeHash } from "../ui/hash";

export type PageName = "inbox" | "start" | "bots" | "contacts" | "settings" | "platform";
export type AuthPage = "sign-in" | "sign-up" | "forgot" | "verify" | "reset" | "invite";

const pages: readonly PageName[] = ["inbox", "start", "bots", "contacts", "settings", "platform"];

export interface Place {
  page: PageName;
  /** The view of the inbox. */
  view: string;
  conversation: string | null;
  bot: string | null;
  contact: string | null;
  tenant: string | null;
  /** A section of the settings, or of a bot. */
  section: string | null;
}

export function readPlace(hash: URLSearchParams = readHash()): Place {
  const page = pages.find((name) => name === hash.get("page")) ?? "inbox";
  return {
    page,
    view: hash.get("view") ?? "mine",
    conversation: hash.get("conversation"),
    bot: hash.get("bot"),
    contact: hash.get("contact"),
    tenant: hash.get("tenant"),
    section: hash.get("section"),
  };
}

/** Returns the link of a place; what is not named is left out. */
export function linkTo(page: PageName, rest: Partial<Omit<Place, "page">> = {}): string {
  const params = new URLSearchParams({ page });
  for (const [name, value] of Object.entries(rest)) if (value) params.set(name, value);
  return `#${params}`;
}

export function goTo(page: PageName, rest: Partial<Omit<Place, "page">> = {}): void {
  go(linkTo(page, rest));
}

export function go(link: string, how: "push" | "replace" = "push"): void {
  if (link === location.hash) return;
  if (how === "push") history.pushState(null, "", link);
  else history.replaceState(null, "", link);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/** Opens a conversation beside the list, or closes it. Only the first one is a step of the history. */
export function openConversation(conversation: string | null): void {
  const wasOpen = readHash().has("conversation");
  writeHash({ conversation }, conversation !== null && !wasOpen ? "push" : "replace");
}

/** A page of those who are not signed in, with the token of a mailed link. */
export interface AuthPlace {
  page: AuthPage;
  token: string;
}

/** Pages that mails link to, by the last part of their path. */
const mailed: Record<string, AuthPage> = {
  verify: "verify",
  reset: "reset",
  invitation: "invite",
  login: "sign-in",
};

/** Returns the path of the console, below which the mailed pages are. */
export function consolePath(): string {
  return pagePath().replace(new RegExp(`/(${Object.keys(mailed).join("|")})$`), "");
}

export function readAuthPlace(hash: URLSearchParams = readHash()): AuthPlace {
  const token = hash.get("token") ?? "";
  const page = mailed[pagePath().split("/").at(-1) ?? ""];
  if (page && token !== "") return { page, token };
  const named = hash.get("page");
  if (named === "sign-up" || named === "forgot") return { page: named, token: "" };
  return { page: "sign-in", token: "" };
}

export function authLink(page: "sign-in" | "sign-up" | "forgot"): string {
  return `${consolePath()}#page=${page}`;
}

/** Leaves the page of a mailed link, so that its token is in no history. */
export function leaveMailedPage(): void {
  history.replaceState(null, "", consolePath());
  dispatchEvent(new HashChangeEvent("hashchange"));
}
