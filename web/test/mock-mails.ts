// The mailbox's part of the mock: mails that tests add.
import type { Mail } from "../api/mails";
import { MockError } from "./mock-error";

export function createMails({ changed, now }: { changed: () => void; now: () => number }) {
  let mails: Mail[] = [];
  let latest = 0;

  function find(id: string): Mail {
    const mail = mails.find((one) => one.id === id);
    if (!mail) throw new MockError(404, "not_found", "There is no such mail.");
    return mail;
  }

  function remove(wanted: (mail: Mail) => boolean) {
    const kept = mails.filter((mail) => !wanted(mail));
    const deleted = mails.length - kept.length;
    mails = kept;
    changed();
    return { deleted };
  }

  return {
    /** Adds a mail and returns its id. */
    add(mail: Partial<Mail> = {}): string {
      latest += 1;
      const id = `mail-${latest}`;
      mails.unshift({
        id,
        at: now(),
        sender: "desk-mail",
        from: "Desk <desk@example.com>",
        to: ["dana@shop.example"],
        subject: "Confirm your email address",
        cc: [],
        bcc: [],
        reply_to: [],
        text: "Confirm your email address.\n\nhttps://console.example/verify#token=abc\n",
        html: "<p>Confirm your email address.</p>",
        ...mail,
      });
      changed();
      return id;
    },
    stats: () => ({ count: mails.length, latest }),
    routes: [
      [
        "GET",
        /^\/api\/mails$/,
        () =>
          mails.map(({ id, at, sender, from, to, subject }) => ({
            id,
            at,
            sender,
            from,
            to,
            subject,
          })),
      ],
      ["DELETE", /^\/api\/mails$/, () => remove(() => true)],
      ["GET", /^\/api\/mails\/([^/]+)$/, ([id]) => find(id)],
      ["DELETE", /^\/api\/mails\/([^/]+)$/, ([id]) => remove((mail) => mail === find(id))],
    ],
  };
}
