// What the composer offers while a person types: canned replies after a slash, colleagues after an @.
import type { Canned, Head, Member } from "../contract";

const MAX_SUGGESTIONS = 8;

export interface Suggestion {
  id: string;
  label: string;
  text: string;
}

export interface Trigger {
  kind: "canned" | "mention";
  /** Where the slash or the @ is. */
  at: number;
  typed: string;
}

/** Finds a slash or an @ that begins a word before the caret. */
export function findTrigger(text: string, caret: number, isNote: boolean): Trigger | null {
  const before = text.slice(0, caret);
  const slash = /(?:^|\s)\/([^\s/]{0,40})$/u.exec(before);
  if (slash)
    return { kind: "canned", at: caret - (slash[1] ?? "").length - 1, typed: slash[1] ?? "" };
  const mention = isNote ? /(?:^|\s)@([\p{L}\p{M}\p{N}.' -]{0,40})$/u.exec(before) : null;
  if (!mention) return null;
  const typed = mention[1] ?? "";
  return { kind: "mention", at: caret - typed.length - 1, typed };
}

export function suggestCanned(canned: readonly Canned[], typed: string): Suggestion[] {
  const wanted = typed.toLowerCase();
  const rank = ({ shortcut, text }: Canned) => {
    if (shortcut.toLowerCase().startsWith(wanted)) return 0;
    return `${shortcut} ${text}`.toLowerCase().includes(wanted) ? 1 : 2;
  };
  return [...canned]
    .filter((one) => rank(one) < 2)
    .sort((a, b) => rank(a) - rank(b) || a.shortcut.localeCompare(b.shortcut))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ shortcut, text }) => ({ id: shortcut, label: `/${shortcut}`, text }));
}

export function suggestMembers(
  members: readonly Member[],
  typed: string,
  me: string,
): Suggestion[] {
  const wanted = typed.toLowerCase();
  return members
    .filter((member) => member.user_id !== me && member.role !== "viewer" && fits(member, wanted))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ user_id, name, email }) => ({ id: user_id, label: name ?? "", text: email ?? "" }));
}

function fits({ name }: Member, wanted: string): boolean {
  if (name === null) return false;
  const lower = name.toLowerCase();
  return lower.startsWith(wanted) || lower.split(/\s+/).some((word) => word.startsWith(wanted));
}

/** Fills in the placeholders of a canned reply. */
export function fillCanned(text: string, head: Head, agent: string, workspace: string): string {
  const values: Record<string, string> = {
    "visitor.name": head.visitor.name?.split(/\s+/)[0] ?? "there",
    "visitor.email": head.prechat.email ?? "your email address",
    "agent.name": agent,
    "workspace.name": workspace,
  };
  return text.replaceAll(
    /\{\{\s*([a-z.]+)\s*\}\}/g,
    (whole, name: string) => values[name] ?? whole,
  );
}
