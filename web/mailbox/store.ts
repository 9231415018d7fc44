// State of the mailbox: the latest mails, read again when one arrives or is deleted.
import type { MailSummary } from "../api/mails";
import type { Snapshot } from "../api/state";
import { pathOf, runAction } from "../ui/action";
import { call, explain } from "../ui/call";
import { setClock } from "../ui/clock";
import { plural } from "../ui/format";
import { Stream } from "../ui/stream";

export const MAX_MAILS = 100;

export class MailboxStore {
  readonly stream = new Stream("/api/stream", ["state"]);
  mails: MailSummary[] | undefined;
  problem = "";
  #version = "";
  #loads = 0;

  constructor(private readonly changed: () => void) {
    this.stream.on<Snapshot>("state", (snapshot) => this.#take(snapshot));
    this.stream.on("connection", changed);
    void this.load();
  }

  async load(): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    try {
      const mails = await call<MailSummary[]>("GET", `/api/mails?limit=${MAX_MAILS}`);
      // A later request has newer mails.
      if (load !== this.#loads) return;
      this.mails = mails;
      this.problem = "";
    } catch (error) {
      if (load !== this.#loads) return;
      this.problem = explain(error);
    }
    this.changed();
  }

  async deleteMail(id: string): Promise<boolean> {
    const deleted = await runAction("DELETE", pathOf("mails", id), undefined, () => "Mail deleted");
    await this.load();
    return deleted !== undefined;
  }

  async deleteAll(): Promise<void> {
    await runAction<{ deleted: number }>(
      "DELETE",
      "/api/mails",
      undefined,
      ({ deleted }) => `Deleted ${plural(deleted, "mail")}`,
    );
    await this.load();
  }

  #take({ now, mails }: Snapshot): void {
    setClock(now);
    const version = `${mails.count} ${mails.latest}`;
    if (version === this.#version) return;
    this.#version = version;
    void this.load();
  }
}
