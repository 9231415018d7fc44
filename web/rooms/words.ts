// Texts and formats that several elements share.
import { html, type TemplateResult } from "lit";
import type { Failure } from "../live/types";
import { date, hourMinute, plural } from "../ui/format";
import { money } from "../ui/money";
import type { Money, SimilarityReason } from "./contract";

/** A message's age, or its time of day after an hour. */
export function messageAge(at: number, now: number): string {
  const ago = now - at;
  if (ago < 60_000) return "now";
  if (ago < 3_600_000) return `${Math.floor(ago / 60_000)} min`;
  return hourMinute(at);
}

export function fullTime(at: number): string {
  return `${date(at)}, ${hourMinute(at)}`;
}

/** The remaining time as a countdown. */
export function countdown(until: number, now: number): string {
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return minutes >= 60
    ? `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

export const similarityLabels: Record<SimilarityReason, string> = {
  "the same photo": "Started from the same photo",
  "a similar photo": "Started from a similar photo",
  "about the same": "Similar topic",
};

/** An older online count is not shown, because people may have left. */
const COUNT_TTL_MS = 90_000;

/** The online count in words; empty for none or a stale one. */
export function onlineCount(online: number, countedAt: number, now: number): string {
  if (online < 1 || now - countedAt > COUNT_TTL_MS) return "";
  return online === 1 ? "1 here now" : `${online} here now`;
}

export function typingText([first, second, third]: string[]): TemplateResult | string {
  if (first === undefined) return "";
  if (second === undefined) return html`<bdi>${first}</bdi> is typing`;
  if (third === undefined) return html`<bdi>${first}</bdi> and <bdi>${second}</bdi> are typing`;
  return "Several people are typing";
}

export function priceOf({ minor, currency }: Money): string {
  return money(minor, currency);
}

/** A tip as announced in the room. */
export function tipText(who: string, tip: Money, toYou: boolean): string {
  return `${who} gave ${toYou ? "you " : ""}${priceOf(tip)}`;
}

const refusalTexts: Record<string, string> = {
  outbid: "You were outbid. Choose a higher pin, or wait until the current one expires.",
  message_not_found: "This message is no longer available.",
  back_room_not_found: "This room no longer has a back room.",
  not_for_sale: "This is not available right now. Try again later.",
};

/** Why a call was refused, and how to continue. */
export function refusalText({ status, code, message, retryAfterMs }: Failure): string {
  if (status !== 429) return refusalTexts[code] ?? message;
  const seconds = Math.max(1, Math.ceil((retryAfterMs ?? 60_000) / 1000));
  return `Too many attempts. Try again in ${seconds < 60 ? plural(seconds, "second") : plural(Math.ceil(seconds / 60), "minute")}.`;
}

/** Counts characters by code points. */
export function characterCount(text: string): number {
  return [...text].length;
}

/** "The room is busy. Joining in 3 s…" */
export function busyText(doing: string, until: number, now: number): string {
  const seconds = Math.max(1, Math.ceil((until - now) / 1000));
  return `The room is busy. ${doing} in ${seconds} s…`;
}
