// Names and phrases of the console.
import { date, hourMinute, span } from "../ui/format";
import type {
  EndReason,
  HandoffReason,
  Head,
  Isolation,
  LimitName,
  Plan,
  Priority,
  Role,
  Status,
  TenantStatus,
} from "./contract";

export const roleWords: Record<Role, string> = {
  viewer: "Viewer",
  agent: "Agent",
  admin: "Admin",
  owner: "Owner",
};

export const roleHints: Record<Role, string> = {
  viewer: "Sees bots, members and limits",
  agent: "Answers conversations",
  admin: "Manages bots, members and settings",
  owner: "Everything, with security and billing",
};

export const statusWords: Record<Status, string> = {
  bot: "With the bot",
  open: "Open",
  snoozed: "Snoozed",
  closed: "Closed",
};

export const priorityWords: Record<Priority, string> = {
  low: "Low",
  normal: "Normal",
  high: "High",
  urgent: "Urgent",
};

export const priorities: readonly Priority[] = ["urgent", "high", "normal", "low"];

export const endWords: Record<EndReason, string> = {
  resolved: "Resolved",
  spam: "Spam",
  no_reply: "No reply",
  left: "The visitor left",
};

export const handoffWords: Record<HandoffReason, string> = {
  asked: "the visitor asked for a person",
  unknown: "the bot had no answer",
  sentiment: "the visitor was unhappy",
  rule: "a rule said so",
  off: "the bot is switched off",
  max_turns: "the bot reached its limit of turns",
  budget: "the AI budget is spent",
  error: "the bot failed",
  assigned: "it was assigned",
  returned: "an agent gave it back",
};

export const planWords: Record<Plan, string> = {
  trial: "Trial",
  starter: "Starter",
  team: "Team",
  business: "Business",
};

export const isolationWords: Record<Isolation, string> = {
  pooled: "Shared table",
  table: "Own table",
  stack: "Own stack",
};

export const tenantStatusWords: Record<TenantStatus, string> = {
  trial: "On trial",
  active: "Active",
  suspended: "Suspended",
  deleting: "Being deleted",
};

export const limitWords: Record<LimitName, string> = {
  seats: "Seats",
  bots: "Bots",
  sockets: "Live connections",
  conversations: "Conversations this month",
  ai_answers: "AI answers this month",
  documents: "Documents per bot",
  chunks: "Passages per bot",
  api_keys: "API keys",
};

/** A visitor's name, or a short label by which visitors without one can be told apart. */
export function visitorName({ name, id }: { name: string | null; id: string }): string {
  return name ?? `Visitor ${id.slice(-4).toUpperCase()}`;
}

/** The first letters of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => [...(word ?? "")][0]?.toUpperCase() ?? "").join("");
}

/** A hue that stays the same for one id. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const letter of id) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return hash % 360;
}

const languageNames = new Intl.DisplayNames(["en"], { type: "language" });

export function languageName(tag: string): string {
  try {
    return languageNames.of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** A time with its day, to the minute. */
export function exactly(time: string): string {
  const at = Date.parse(time);
  return `${date(at)}, ${hourMinute(at)}`;
}

/** How long a visitor has been waiting. Under a minute is not worth a number. */
export function waiting(since: string, now: number): string {
  const ms = now - Date.parse(since);
  return ms < 60_000 ? "just now" : span(ms);
}

export interface Names {
  person(id: string): string;
  team(id: string): string;
}

/** What differs between the conversation that a person saw and the present one, in words. */
export function changesBetween(seen: Head, present: Head, names: Names): string[] {
  const changes: string[] = [];
  if (seen.status !== present.status)
    changes.push(
      present.status === "snoozed"
        ? "it was snoozed"
        : `it is ${statusWords[present.status].toLowerCase()} now`,
    );
  if (seen.assignee !== present.assignee)
    changes.push(
      present.assignee ? `${names.person(present.assignee)} has it now` : "it is unassigned now",
    );
  if (seen.team !== present.team)
    changes.push(present.team ? `the team is ${names.team(present.team)}` : "it has no team now");
  if (seen.priority !== present.priority)
    changes.push(`the priority is ${priorityWords[present.priority].toLowerCase()}`);
  const added = present.tags.filter((tag) => !seen.tags.includes(tag));
  const removed = seen.tags.filter((tag) => !present.tags.includes(tag));
  if (added.length > 0) changes.push(`tagged ${added.join(", ")}`);
  if (removed.length > 0) changes.push(`no longer tagged ${removed.join(", ")}`);
  if (seen.status === present.status && seen.snooze_until !== present.snooze_until)
    changes.push("the snooze has another end");
  return changes;
}

/** Joins phrases to one sentence. */
export function sentence(phrases: string[]): string {
  const text = phrases.join(", ");
  return text === "" ? "" : `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}
