// The lists of the inbox: heads by id, the views that show them, and their counts.
import type { Api } from "../api";
import type { ConversationDetail, Head, Page } from "../contract";
import { Observable } from "../observable";
import { type Problem, toProblem } from "../problem";
import { pathOf } from "../request";

export type ViewName = "mine" | "unassigned" | "all" | "bot" | "snoozed" | "closed" | "mentions";

export const viewNames: readonly ViewName[] = [
  "mine",
  "unassigned",
  "all",
  "mentions",
  "bot",
  "snoozed",
  "closed",
];
/** Views whose counts are shown before they are opened. */
const counted: readonly ViewName[] = ["mine", "unassigned", "all", "mentions", "bot", "snoozed"];
const PAGE_SIZE = 100;
const INDEX_STEP_S = 10;

/** Whether a view shows a conversation to a person, as functions/desk/domain/src/views.rs decides it. */
export function shows(view: ViewName, head: Head, me: string): boolean {
  switch (view) {
    case "mine":
      return head.status === "open" && head.assignee === me;
    case "unassigned":
      return head.status === "open" && head.assignee === null;
    case "all":
      return head.status === "open";
    case "mentions":
      return head.mentions.includes(me);
    default:
      return head.status === view;
  }
}

/** The place of a conversation in every list: newest first, by the step of the server's index. */
export function listKey({ last_at, id }: Pick<Head, "last_at" | "id">): string {
  const second = Math.floor(Date.parse(last_at) / 1000);
  return `${String(second - (second % INDEX_STEP_S)).padStart(12, "0")}#${id}`;
}

/** A hidden page draws no frames. */
function nextFrame(run: () => void): void {
  if (typeof requestAnimationFrame === "undefined" || document.hidden) setTimeout(run);
  else requestAnimationFrame(run);
}

/** What is loaded of one list. */
export class ConversationList {
  isLoading = false;
  /** Whether the first page has arrived. */
  isReady = false;
  problem: Problem | null = null;
  next: string | null = null;
  /** The last place that is loaded; conversations below it come with further pages. */
  floor: string | null = null;
  /** The order of the server, for lists that are not kept up to date here. */
  ids: string[] = [];

  constructor(
    readonly view: string,
    readonly query: string,
  ) {}

  get isComplete(): boolean {
    return this.isReady && this.next === null;
  }

  /** Lists that a search or a saved view makes have the order of the server. */
  get isLive(): boolean {
    return this.query === "" && viewNames.some((name) => name === this.view);
  }
}

export class Inbox extends Observable {
  readonly #heads = new Map<string, Head>();
  readonly #lists = new Map<string, ConversationList>();
  /** Numbers up to which this person has read, ahead of the server. */
  readonly #read = new Map<string, number>();
  /** Heads that came over the socket while a page was loading: the page may be older. */
  readonly #fresh = new Set<string>();
  #rows = new Map<ConversationList, Head[]>();
  #isScheduled = false;

  constructor(
    private readonly api: Api,
    private readonly me: string,
  ) {
    super();
  }

  /** Bursts of heads are shown once a frame. */
  protected override changed(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    nextFrame(() => {
      this.#isScheduled = false;
      super.changed();
    });
  }

  /** Loads the view that is shown, and then the counts of the others. */
  async start(view: string): Promise<void> {
    await this.#loadFirst(this.list(view));
    for (const name of counted) await this.#loadFirst(this.list(name));
  }

  /** Loads what changed while the socket was away. */
  async reload(): Promise<void> {
    for (const list of this.#lists.values()) if (list.isReady) await this.#loadFirst(list, true);
  }

  list(view: string, query = ""): ConversationList {
    const key = `${view} ${query}`;
    const list = this.#lists.get(key) ?? new ConversationList(view, query);
    this.#lists.set(key, list);
    return list;
  }

  /** Loads a list unless it is there. */
  want(list: ConversationList): void {
    if (!list.isReady && !list.problem) void this.#loadFirst(list);
  }

  retry(list: ConversationList): void {
    if (list.isReady) void this.loadMore(list);
    else void this.#loadFirst(list);
  }

  head(id: string): Head | undefined {
    return this.#heads.get(id);
  }

  /** Loads a head that no list has, or that may be out of date. */
  async fetch(id: string): Promise<ConversationDetail> {
    const detail = await this.api.get<ConversationDetail>(pathOf("conversations", id));
    this.take(detail);
    return { ...detail, ...this.#heads.get(id) };
  }

  /** Takes a head, unless a later one is known. */
  take(head: Head): void {
    const known = this.#heads.get(head.id);
    if (known && known.version >= head.version) return;
    this.#heads.set(head.id, head);
    this.#fresh.add(head.id);
    this.#rows.clear();
    this.changed();
  }

  rows(list: ConversationList): Head[] {
    const known = this.#rows.get(list);
    if (known) return known;
    const rows = list.isLive ? this.#liveRows(list) : this.#fixedRows(list);
    this.#rows.set(list, rows);
    return rows;
  }

  /** Returns how many conversations a view has; `more` if there are further pages. */
  count(view: ViewName): { count: number; more: boolean } | null {
    const list = this.list(view);
    if (!list.isReady) return null;
    return { count: this.rows(list).length, more: !list.isComplete };
  }

  /** Returns the visitor's messages that no agent has read. */
  unread(head: Head): number {
    return (this.#read.get(head.id) ?? 0) >= head.last_visitor_seq ? 0 : head.unread;
  }

  markRead(id: string, seq: number): void {
    if (seq <= (this.#read.get(id) ?? 0)) return;
    this.#read.set(id, seq);
    this.changed();
  }

  /** Returns a conversation of a bot, if there is any. */
  firstOfBot(botId: string): Head | undefined {
    return [...this.#heads.values()].find(({ bot_id }) => bot_id === botId);
  }

  async loadMore(list: ConversationList): Promise<void> {
    if (list.isLoading || !list.isReady || list.next === null) return;
    await this.#load(list, list.next, (page) => this.#append(list, page));
  }

  async #loadFirst(list: ConversationList, again = false): Promise<void> {
    if (list.isLoading || (list.isReady && !again)) return;
    await this.#load(list, undefined, (page) => {
      list.ids = [];
      const floor = this.#append(list, page);
      if (list.isLive) this.#forgetMissing(list, page.items, floor);
      list.isReady = true;
    });
  }

  async #load(
    list: ConversationList,
    after: string | undefined,
    take: (page: Page<Head>) => void,
  ): Promise<void> {
    list.isLoading = true;
    list.problem = null;
    this.#fresh.clear();
    this.changed();
    try {
      const query = { view: list.view, q: list.query || undefined, limit: PAGE_SIZE, after };
      take(await this.api.get<Page<Head>>("/conversations", query));
    } catch (error) {
      list.problem = toProblem(error);
    }
    list.isLoading = false;
    this.#rows.clear();
    this.changed();
  }

  #append(list: ConversationList, { items, next }: Page<Head>): string | null {
    for (const head of items) {
      const known = this.#heads.get(head.id);
      if (!known || known.version < head.version) this.#heads.set(head.id, head);
    }
    list.ids = [...list.ids, ...items.map(({ id }) => id).filter((id) => !list.ids.includes(id))];
    const last = items.at(-1);
    list.next = next;
    list.floor = next === null ? null : last ? listKey(last) : list.floor;
    return list.floor;
  }

  /** Forgets conversations that a fresh page no longer has, because their change was missed. */
  #forgetMissing(list: ConversationList, items: Head[], floor: string | null): void {
    const present = new Set(items.map(({ id }) => id));
    for (const head of this.#heads.values()) {
      const isExpected =
        shows(list.view as ViewName, head, this.me) && (floor === null || listKey(head) >= floor);
      if (isExpected && !present.has(head.id) && !this.#fresh.has(head.id))
        this.#heads.delete(head.id);
    }
  }

  #liveRows(list: ConversationList): Head[] {
    const view = list.view as ViewName;
    const placed: [key: string, head: Head][] = [];
    for (const head of this.#heads.values()) {
      if (!shows(view, head, this.me)) continue;
      const key = listKey(head);
      if (list.floor === null || key >= list.floor) placed.push([key, head]);
    }
    placed.sort(([a], [b]) => (a < b ? 1 : a > b ? -1 : 0));
    return placed.map(([, head]) => head);
  }

  #fixedRows(list: ConversationList): Head[] {
    return list.ids.flatMap((id) => this.#heads.get(id) ?? []);
  }
}
