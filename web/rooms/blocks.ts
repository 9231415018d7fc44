// Users blocked in this browser, by id and by look-alike name, because a new session has a new id.

import { nameSkeleton } from "./names";
import { readStored, store } from "./storage";

export interface Blocked {
  user_id: string;
  username: string;
}

export function blockedPeople(): Blocked[] {
  return readStored<Blocked[]>("blocked") ?? [];
}

export function isBlocked(blocked: Blocked[], userId: string, username: string): boolean {
  if (blocked.length === 0) return false;
  const look = nameSkeleton(username);
  return blocked.some((each) => each.user_id === userId || nameSkeleton(each.username) === look);
}

export function block(person: Blocked): Blocked[] {
  return save([
    ...blockedPeople().filter(({ user_id }) => user_id !== person.user_id),
    { user_id: person.user_id, username: person.username },
  ]);
}

export function unblock(person: Blocked): Blocked[] {
  const look = nameSkeleton(person.username);
  return save(
    blockedPeople().filter(
      (each) => each.user_id !== person.user_id && nameSkeleton(each.username) !== look,
    ),
  );
}

function save(blocked: Blocked[]): Blocked[] {
  store("blocked", blocked.length > 0 ? blocked : null);
  return blocked;
}
