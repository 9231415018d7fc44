// Users blocked in this browser, by id and by look-alike name, because a new session has a new id.
import { keep, kept } from "./kept";
import { likeness } from "./names";

export interface Blocked {
  user_id: string;
  username: string;
}

export function blockedPeople(): Blocked[] {
  return kept<Blocked[]>("blocked") ?? [];
}

export function isBlocked(blocked: Blocked[], userId: string, username: string): boolean {
  if (blocked.length === 0) return false;
  const look = likeness(username);
  return blocked.some((each) => each.user_id === userId || likeness(each.username) === look);
}

export function block(person: Blocked): Blocked[] {
  return save([
    ...blockedPeople().filter(({ user_id }) => user_id !== person.user_id),
    { user_id: person.user_id, username: person.username },
  ]);
}

export function unblock(person: Blocked): Blocked[] {
  const look = likeness(person.username);
  return save(
    blockedPeople().filter(
      (each) => each.user_id !== person.user_id && likeness(each.username) !== look,
    ),
  );
}

function save(blocked: Blocked[]): Blocked[] {
  keep("blocked", blocked.length > 0 ? blocked : null);
  return blocked;
}
