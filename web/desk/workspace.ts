// What many parts of the console look up: members, teams, tags, canned replies and bots of the workspace.
import type { Api } from "./api";
import type { BotSummary, Canned, Member, Page, Tag, Team } from "./contract";
import { Observable } from "./observable";
import { toProblem } from "./problem";

const PAGE_SIZE = 100;
const MAX_PAGES = 20;

/** Loads a whole list that is short by nature. */
export async function loadAll<Item>(api: Api, path: string): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await api.get<Page<Item>>(path, { limit: PAGE_SIZE, after });
    items.push(...answer.items);
    if (answer.next === null) break;
    after = answer.next;
  }
  return items;
}

interface Lists {
  members: Member;
  teams: Team;
  tags: Tag;
  canned: Canned;
  bots: BotSummary;
}

type ListName = keyof Lists;

const paths: Record<ListName, string> = {
  members: "/members",
  teams: "/teams",
  tags: "/tags",
  canned: "/canned",
  bots: "/chatbots",
};

export class Workspace extends Observable {
  members: Member[] = [];
  teams: Team[] = [];
  tags: Tag[] = [];
  canned: Canned[] = [];
  bots: BotSummary[] = [];
  readonly problems = new Map<ListName, string>();
  #loaded = new Set<ListName>();
  #loading = new Map<ListName, Promise<void>>();

  constructor(
    private readonly api: Api,
    private readonly allowed: (list: ListName) => boolean,
  ) {
    super();
  }

  isLoaded(list: ListName): boolean {
    return this.#loaded.has(list);
  }

  /** Loads lists once. */
  want(...lists: ListName[]): void {
    for (const list of lists)
      if (this.allowed(list) && !this.#loaded.has(list) && !this.problems.has(list))
        void this.load(list);
  }

  /** Loads a list again. */
  load(list: ListName): Promise<void> {
    const running = this.#loading.get(list) ?? this.#load(list);
    this.#loading.set(list, running);
    return running.finally(() => this.#loading.delete(list));
  }

  async #load(list: ListName): Promise<void> {
    try {
      this[list] = (await loadAll<Lists[ListName]>(this.api, paths[list])) as never;
      this.#loaded.add(list);
      this.problems.delete(list);
    } catch (error) {
      this.problems.set(list, toProblem(error).message);
    }
    this.changed();
  }

  /** Puts a changed item in its place, or at the end. */
  put<Name extends ListName>(list: Name, item: Lists[Name]): void {
    const items = this[list] as Lists[Name][];
    const key = keyOf(item);
    const isKnown = items.some((each) => keyOf(each) === key);
    const next = isKnown
      ? items.map((each) => (keyOf(each) === key ? item : each))
      : [...items, item];
    this[list] = next as never;
    this.changed();
  }

  remove(list: ListName, key: string): void {
    this[list] = (this[list] as Lists[ListName][]).filter((each) => keyOf(each) !== key) as never;
    this.changed();
  }

  /** Returns a member's name. Members who have left are named so. */
  person(id: string): string {
    const member = this.members.find(({ user_id }) => user_id === id);
    return member?.name ?? (this.isLoaded("members") ? "A former member" : "A member");
  }

  /** Whether no bot of the workspace is live yet. */
  get isNew(): boolean {
    return this.isLoaded("bots") && this.bots.every(({ live_number }) => live_number === undefined);
  }

  team(id: string): string {
    return this.teams.find((team) => team.id === id)?.name ?? "A team";
  }

  bot(id: string): string {
    return this.bots.find((bot) => bot.id === id)?.name ?? "A bot";
  }
}

function keyOf(item: Lists[ListName]): string {
  if ("user_id" in item) return item.user_id;
  return "shortcut" in item ? item.shortcut : item.id;
}
