// The pipeline's cards by state. Answers that were read at different moments are merged by the latest change.
import { type Card, type Cards, type State, states } from "./contract";

/** Keeps one card for each carousel: of copies the one that changed last. */
export function mergeCards(...lists: Card[][]): Card[] {
  const cards = new Map<string, Card>();
  for (const card of lists.flat()) {
    const known = cards.get(card.id);
    if (!known || isNewer(card, known)) cards.set(card.id, card);
  }
  return [...cards.values()];
}

function isNewer(card: Card, known: Card): boolean {
  const change = Date.parse(card.changedAt) - Date.parse(known.changedAt);
  // Two steps within a millisecond: the later state is further down the pipeline.
  return change > 0 || (change === 0 && states.indexOf(card.state) > states.indexOf(known.state));
}

/** Returns each state's cards: those at work by age, the oldest first, and finished ones the newest first. */
export function columnsOf(cards: Card[]): Map<State, Card[]> {
  const columns = new Map<State, Card[]>(states.map((state) => [state, []]));
  for (const card of cards) columns.get(card.state)?.push(card);
  for (const [state, column] of columns) {
    const at = (card: Card) =>
      isRunning(state) ? Date.parse(card.requestedAt) : -Date.parse(card.changedAt);
    column.sort((one, other) => at(one) - at(other) || (one.id < other.id ? -1 : 1));
  }
  return columns;
}

export const runningStates: State[] = ["requested", "rendering", "delivering"];

export function isRunning(state: State): boolean {
  return runningStates.includes(state);
}

/** Cards of the newest page and of each state at work. A request that failed has no answer. */
export interface Answers {
  newest: Cards | null;
  running: { state: State; cards: Cards | null }[];
}

/** States whose cards may not be up to date. */
export function unreadStates({ newest, running }: Answers): State[] {
  // The newest page is the only one with finished cards.
  const finished = newest ? [] : states.filter((state) => !isRunning(state));
  return [...running.filter(({ cards }) => !cards).map(({ state }) => state), ...finished];
}

/**
 * Brings known cards up to date with the newest ones and with all that are at work. Known cards below the newest ones
 * stay, unless they were at work and no longer are. Known cards of states that were not read stay, too.
 */
export function refreshCards(known: Card[], answers: Answers): Card[] {
  const { newest, running } = answers;
  const working = running.flatMap(({ cards }) => cards?.carousels ?? []);
  const current = mergeCards(newest?.carousels ?? [], working);
  // The newest ones are all there are.
  if (newest?.next === null) return current;
  const ids = new Set(current.map(({ id }) => id));
  const end = newest
    ? Math.min(...newest.carousels.map(({ requestedAt }) => Date.parse(requestedAt)))
    : Number.POSITIVE_INFINITY;
  const unread = unreadStates(answers);
  const stays = ({ state, requestedAt }: Card) =>
    unread.includes(state) || (!isRunning(state) && Date.parse(requestedAt) < end);
  return [...current, ...known.filter((card) => !ids.has(card.id) && stays(card))];
}
