// What each role may do, as functions/desk/domain/src/identity/permission.rs has it. The server decides.
import type { Role } from "./contract";

const roles: readonly Role[] = ["viewer", "agent", "admin", "owner"];

/** The lowest role of each action. */
const lowest = {
  readConversations: "agent",
  writeConversations: "agent",
  readContacts: "agent",
  readSettings: "agent",
  writeSettings: "admin",
  deleteMessageOfOthers: "admin",
  readBots: "viewer",
  writeBots: "admin",
  readMembers: "viewer",
  writeMembers: "admin",
  readKeys: "admin",
  writeTenant: "admin",
  writeSecurity: "owner",
  deleteTenant: "owner",
  readLimits: "viewer",
  readAudit: "admin",
} satisfies Record<string, Role>;

export type Action = keyof typeof lowest;

export function may(role: Role | null, action: Action): boolean {
  return role !== null && roles.indexOf(role) >= roles.indexOf(lowest[action]);
}

/** Roles that a member may give, or take from a member who has `current`. Admins manage everyone but owners. */
export function assignableRoles(actor: Role | null, current: Role | null = null): Role[] {
  if (actor === "owner") return [...roles];
  if (actor === "admin" && current !== "owner") return roles.filter((role) => role !== "owner");
  return [];
}
