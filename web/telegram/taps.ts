// Taps on buttons that wait for the bot's answer, which is a notice, an alert or nothing to read.
import type { Tap, TapAnswer } from "../api/telegram";
import { call, explain } from "../ui/call";
import type { Stream } from "../ui/stream";
import { toast } from "../ui/toast";

/** After this time Telegram refuses to answer a tap. */
const TAP_TTL_MS = 150_000;

/** A button of a message. */
export interface Button {
  chat: number;
  message: number;
  row: number;
  column: number;
}

interface WaitingTap extends Button {
  /** Empty until local has accepted the tap. */
  id: string;
}

export class Taps {
  /** The alert that the person has not closed. */
  alert = "";
  #waiting: WaitingTap[] = [];
  /** Answers that arrived before local had accepted their taps. */
  #earlyAnswers = new Map<string, TapAnswer>();

  constructor(
    stream: Stream,
    private readonly changed: () => void,
  ) {
    stream.on<Tap>("callback", (tap) => this.#answered(tap));
    stream.on("missed", () => void this.#resume());
    stream.on("resumed", () => void this.#resume());
  }

  /** Taps a button with callback data. Its answer comes over the stream. */
  async tap(button: Button, from: number): Promise<void> {
    if (this.isWaiting(button)) return;
    const waiting: WaitingTap = { ...button, id: "" };
    this.#waiting = [...this.#waiting, waiting];
    this.changed();
    try {
      const { chat, message, row, column } = button;
      const path = `/api/telegram/chats/${chat}/messages/${message}/tap`;
      waiting.id = (await call<Tap>("POST", path, { from, row, column })).id;
      setTimeout(() => this.#expire(waiting), TAP_TTL_MS);
      const early = this.#earlyAnswers.get(waiting.id);
      if (early) this.#show(waiting, early);
    } catch (error) {
      this.#forget(waiting);
      toast(explain(error), true);
    }
    if (this.#waiting.every(({ id }) => id !== "")) this.#earlyAnswers.clear();
  }

  isWaiting({ chat, message, row, column }: Button): boolean {
    return this.#waiting.some(
      (tap) =>
        tap.chat === chat && tap.message === message && tap.row === row && tap.column === column,
    );
  }

  closeAlert(): void {
    this.alert = "";
    this.changed();
  }

  #answered({ id, answer }: Tap): void {
    if (!answer) return;
    const waiting = this.#waiting.find((tap) => tap.id === id);
    if (waiting) this.#show(waiting, answer);
    else if (this.#waiting.some((tap) => tap.id === "")) this.#earlyAnswers.set(id, answer);
  }

  #show(tap: WaitingTap, { text, show_alert }: TapAnswer): void {
    if (text && show_alert) this.alert = text;
    else if (text) toast(text);
    this.#forget(tap);
  }

  #forget(tap: WaitingTap): void {
    this.#waiting = this.#waiting.filter((each) => each !== tap);
    this.changed();
  }

  #expire(tap: WaitingTap): void {
    if (!this.#waiting.includes(tap)) return;
    this.#forget(tap);
    toast("The bot has not answered the button.", true);
  }

  /** Fetches answers that the stream may have missed. */
  async #resume(): Promise<void> {
    for (const tap of this.#waiting) {
      if (tap.id === "") continue;
      try {
        this.#answered(await call<Tap>("GET", `/api/telegram/callbacks/${tap.id}`));
      } catch {
        this.#forget(tap);
      }
    }
  }
}
