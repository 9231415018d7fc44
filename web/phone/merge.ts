// Merges a message update into the known messages. Updates can be late, duplicated and out of
// order.
import type { Message, Status } from "../api/phone";

const progress: Record<Status, number> = { sending: 0, sent: 1, delivered: 2, read: 3, failed: 4 };

export function merge(known: Message[], told: Message): Message[] {
  const index = known.findIndex(({ id }) => id === told.id);
  if (index < 0) return [...known, told].sort((a, b) => a.seq - b.seq);
  const before = known[index];
  const behind = before !== undefined && progress[told.status] < progress[before.status];
  return known.with(index, behind ? { ...told, status: before.status, error: before.error } : told);
}

/** Final: no later status can follow. */
export function isFinal({ status }: Message): boolean {
  return status === "read" || status === "failed";
}
