// A bot's draft in the editor: what is saved, what has been changed here, and what is wrong with it.
import type { Api } from "../api";
import type { Bot, BotSettings, BotUpdate } from "../contract";
import { Observable } from "../observable";
import { toOrigin } from "../origins";
import { type FieldError, type Problem, toProblem } from "../problem";
import { pathOf } from "../request";

type Field = keyof BotSettings;

export const fieldWords: Record<Field, string> = {
  name: "Name",
  persona: "Persona",
  instructions: "Instructions",
  languages: "Languages",
  model: "Model",
  answer: "Answers",
  handoff: "Hand-off",
  prechat: "Form",
  csat: "Rating",
  quick_replies: "Quick replies",
  appearance: "Look and texts",
  origins: "Sites",
  identity: "Identity",
  avatar_id: "Avatar",
  rules: "Rules",
  reopening: "Reopening",
};

const fields = Object.keys(fieldWords) as Field[];

/** Returns the settings of a bot, without what the server adds. */
export function settingsOf(bot: Bot): BotSettings {
  return Object.fromEntries(fields.map((field) => [field, bot[field]])) as unknown as BotSettings;
}

export function changedFields(one: BotSettings, other: BotSettings): Field[] {
  return fields.filter((field) => JSON.stringify(one[field]) !== JSON.stringify(other[field]));
}

/** A version that a colleague has saved meanwhile. */
export interface StaleDraft {
  theirs: Bot;
  /** What the colleague has changed. */
  changed: Field[];
  /** What both have changed. */
  both: Field[];
}

export class BotDraft extends Observable {
  settings: BotSettings;
  errors: FieldError[] = [];
  problem: Problem | null = null;
  stale: StaleDraft | null = null;
  isSaving = false;

  constructor(
    private readonly api: Api,
    public bot: Bot,
  ) {
    super();
    this.settings = settingsOf(bot);
  }

  get isChanged(): boolean {
    return changedFields(this.settings, settingsOf(this.bot)).length > 0;
  }

  /** Changes settings. Errors below `path` go: what is typed now is checked by the next save. */
  set(change: Partial<BotSettings>, path = Object.keys(change)[0] ?? ""): void {
    this.settings = { ...this.settings, ...change };
    this.errors = this.errors.filter(({ field }) => !field.startsWith(path));
    this.changed();
  }

  /** Returns what is wrong with a field. */
  error(path: string): string | undefined {
    return this.errors.find(({ field }) => field === path)?.message;
  }

  /** Returns what is wrong with a list or its lines. */
  listError(path: string): string | undefined {
    const own = this.error(path);
    const lines = this.errors.flatMap(({ field, message }) => {
      const index = new RegExp(`^${path.replaceAll(/[.[\]]/g, "\\$&")}\\[(\\d+)\\]$`).exec(
        field,
      )?.[1];
      return index === undefined ? [] : `Line ${Number(index) + 1}: ${message}`;
    });
    return [...(own ? [own] : []), ...lines].join(" ") || undefined;
  }

  /** Returns how many errors there are below some fields. */
  errorCount(names: readonly string[]): number {
    return this.errors.filter(({ field }) => names.some((name) => field.startsWith(name))).length;
  }

  /** Replaces the saved bot after a change that is not of its draft. */
  refresh(bot: Bot): void {
    if (!this.isChanged) this.settings = settingsOf(bot);
    this.bot = bot;
    this.changed();
  }

  discard(): void {
    this.settings = settingsOf(this.bot);
    this.#clear();
  }

  /** Saves the draft. Returns whether it is saved. */
  async save(): Promise<boolean> {
    if (this.isSaving) return false;
    if (!this.isChanged) return true;
    this.isSaving = true;
    this.errors = [];
    this.problem = null;
    this.changed();
    // Addresses may be typed with a path, or without their scheme.
    const origins = this.settings.origins.map(toOrigin).filter((origin) => origin !== "");
    const sent = { ...this.settings, origins };
    this.settings = sent;
    const path = pathOf("chatbots", this.bot.id);
    try {
      const bot = await this.api.put<Bot>(path, {
        version: this.bot.version,
        ...sent,
      } satisfies BotUpdate);
      this.bot = bot;
      // What was typed meanwhile stays.
      if (this.settings === sent) this.settings = settingsOf(bot);
      this.#clear();
      return true;
    } catch (error) {
      const problem = toProblem(error);
      this.errors = problem.errors;
      if (problem.isStale) await this.#compare(path);
      else this.problem = problem;
      return false;
    } finally {
      this.isSaving = false;
      this.changed();
    }
  }

  /** Drops what was changed here. */
  takeTheirs(): void {
    if (!this.stale) return;
    this.bot = this.stale.theirs;
    this.discard();
  }

  /** Keeps what was changed here, on top of what the colleague has saved. */
  merge(): void {
    if (!this.stale) return;
    const { theirs } = this.stale;
    const mine = changedFields(this.settings, settingsOf(this.bot));
    const kept = Object.fromEntries(mine.map((field) => [field, this.settings[field]]));
    this.bot = theirs;
    this.settings = { ...settingsOf(theirs), ...kept };
    this.#clear();
  }

  async #compare(path: string): Promise<void> {
    try {
      const theirs = await this.api.get<Bot>(path);
      const before = settingsOf(this.bot);
      const changed = changedFields(before, settingsOf(theirs));
      const mine = changedFields(before, this.settings);
      this.stale = { theirs, changed, both: changed.filter((field) => mine.includes(field)) };
    } catch (error) {
      this.problem = toProblem(error);
    }
  }

  #clear(): void {
    this.errors = [];
    this.problem = null;
    this.stale = null;
    this.changed();
  }
}
