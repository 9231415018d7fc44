// The phone's part of the mock: people, and a bot that answers in English and Hebrew.
import { randomUUID } from "node:crypto";
import { MockError } from "./mock-error";

const text = (words) => ({ type: "text", text: words });
const greeting = {
  en: {
    type: "buttons",
    header: null,
    body: "Hello, I am the Studio. Send me a few photos of one person, and I make new portraits of them.",
    footer: "You can write STOP at any time",
    buttons: [
      { id: "2", title: "How it works" },
      { id: "3", title: "Change language" },
    ],
  },
  he: {
    type: "buttons",
    header: null,
    body: "שלום, אני הסטודיו. שלחו לי כמה תמונות של אדם אחד, ואני אכין פורטרטים חדשים.",
    footer: null,
    buttons: [
      { id: "2", title: "איך זה עובד" },
      { id: "3", title: "החלפת שפה" },
    ],
  },
};
const help = {
  en: text(
    "*How it works*\n1. Send 8 photos of one person.\n2. Wait about 20 minutes.\n3. Get a pack of 30 portraits.\n\nMore at https://studio.example/help",
  ),
  he: text(
    "*איך זה עובד*\n1. שולחים 8 תמונות של אדם אחד.\n2. מחכים כ-20 דקות.\n3. מקבלים 30 פורטרטים.",
  ),
};
const languages = {
  type: "list",
  header: null,
  body: "Which language do you prefer?\nאיזו שפה נוחה לך?",
  footer: null,
  button: "Choose",
  sections: [
    {
      title: "Languages",
      rows: [
        { id: "lang_en", title: "English", description: null },
        { id: "lang_he", title: "עברית", description: "Hebrew" },
      ],
    },
  ],
};

export function createPhone({ streams, room, demo }) {
  const people = new Map();
  const media = new Map();
  let settings = { copies: 1, reorder: false, delay_ms: 0, signature: "good", statuses: true };
  let seq = 0;

  function view({ id, name, channel, phone, user_id, unread, messages }) {
    return { id, name, channel, phone, user_id, unread, last: messages.at(-1) ?? null };
  }

  function add({ name, channel, hide_number = false }) {
    if (!name?.trim() || !["meta", "twilio"].includes(channel))
      throw new MockError(400, "bad_person", "A person has a name and a channel, meta or twilio.");
    const id = `per_${randomUUID().slice(0, 8)}`;
    const person = {
      id,
      name,
      channel,
      phone: hide_number ? null : `1650555${String(100 + people.size).padStart(4, "0")}`,
      user_id: channel === "meta" ? `US.${1349000 + people.size}` : null,
      unread: 0,
      messages: [],
      language: "en",
    };
    people.set(id, person);
    return person;
  }

  function tell(person, message) {
    streams.send("/api/phone/stream", "message", { person: person.id, message });
  }

  function put(person, from, content, extra = {}) {
    const message = {
      id: `wamid.${randomUUID().slice(0, 12)}`,
      seq: ++seq,
      at: room.now(),
      from,
      status: from === "person" ? "sending" : "sent",
      error: null,
      context_id: null,
      reaction: null,
      content,
      ...extra,
    };
    person.messages.push(message);
    if (from === "bot") person.unread += 1;
    tell(person, message);
    return message;
  }

  function update(person, message, change) {
    Object.assign(message, change);
    tell(person, message);
  }

  function answerTo(person, content) {
    const { language } = person;
    const said = content.type === "text" ? content.text.trim().toLowerCase() : content.id;
    // An answer between two photos would divide their album in a slow browser.
    if (content.type === "image") return [];
    if (said === "2" || said === "help") return [help[language]];
    if (said === "3") return [languages];
    if (said === "lang_en" || said === "lang_he") {
      person.language = said.slice(5);
      return [greeting[person.language]];
    }
    if (said === "pay")
      return [
        {
          type: "link",
          body: "Your pack of 30 portraits is 19.00 USD.",
          label: "Pay",
          url: "https://pay.example/s/123",
        },
      ];
    if (said === "template")
      return [
        { type: "template", name: "photos_ready", language: "en_US", parameters: [person.name] },
      ];
    if (/[\u0590-\u05ff]/.test(said)) {
      person.language = "he";
      return [greeting.he];
    }
    return [greeting[language]];
  }

  function receive(person, message) {
    if (settings.signature === "bad")
      return setTimeout(
        () => update(person, message, { status: "failed", error: "401 Signature does not fit" }),
        50,
      );
    streams.send("/api/phone/stream", "typing", { person: person.id });
    room.conversation(message.id, {
      reply() {
        update(person, message, { status: "read" });
        for (const content of answerTo(person, message.content)) {
          const reply = put(person, "bot", content);
          if (settings.statuses)
            setTimeout(() => update(person, reply, { status: "delivered" }), 30);
        }
      },
    });
    return setTimeout(() => update(person, message, { status: "delivered" }), 30);
  }

  function find(id) {
    const person = people.get(id);
    if (!person) throw new MockError(404, "not_found", `There is no person ${id}.`);
    return person;
  }

  function contentOf(sent) {
    if (sent.type === "text") return text(sent.text);
    if (sent.type === "image") {
      const media_id = randomUUID().slice(0, 8);
      media.set(media_id, { bytes: Buffer.from(sent.data, "base64"), mime: sent.mime_type });
      return {
        type: "image",
        media_id,
        url: `/api/phone/media/${media_id}`,
        caption: sent.caption ?? null,
      };
    }
    if (sent.type === "button_reply")
      return { type: "button_reply", id: sent.id, title: sent.title };
    if (sent.type === "list_reply")
      return {
        type: "list_reply",
        id: sent.id,
        title: sent.title,
        description: sent.description ?? null,
      };
    throw new MockError(400, "bad_message", `A person cannot send ${sent.type}.`);
  }

  function send([id], sent) {
    const person = find(id);
    if (sent.type === "reaction") {
      const target = person.messages.find((message) => message.id === sent.message_id);
      if (!target) throw new MockError(404, "not_found", "There is no such message.");
      update(person, target, { reaction: sent.emoji || null });
      return { id: `wamid.${randomUUID().slice(0, 12)}`, seq };
    }
    const message = put(person, "person", contentOf(sent), { context_id: sent.reply_to ?? null });
    receive(person, message);
    return { id: message.id, seq: message.seq };
  }

  if (demo) fill();

  /** Demo people with a history. */
  function fill() {
    const day = 86_400_000;
    const past = (person, ago, from, content, extra = {}) => {
      const message = {
        id: `wamid.${randomUUID().slice(0, 12)}`,
        seq: ++seq,
        at: room.now() - ago,
        from,
        status: "read",
        error: null,
        context_id: null,
        reaction: null,
        content,
        ...extra,
      };
      person.messages.push(message);
      return message;
    };
    const noa = add({ name: "Noa Ferris", channel: "meta" });
    past(noa, day + 7_200_000, "person", text("hi"));
    past(noa, day + 7_198_000, "bot", greeting.en, { reaction: "👍" });
    const how = past(
      noa,
      day + 7_100_000,
      "person",
      { type: "button_reply", id: "2", title: "How it works" },
      { context_id: noa.messages.at(-1).id },
    );
    past(noa, day + 7_098_000, "bot", help.en, { context_id: how.id });
    for (let index = 0; index < 4; index += 1)
      past(noa, 3_600_000 - index * 1000, "person", picture(index));
    past(noa, 3_590_000, "bot", text("Nice ones! 4 more and we can begin."));
    past(
      noa,
      900_000,
      "person",
      text(
        "Can I send the other ones tomorrow? They are on my old laptop, and I have to find its charger first",
      ),
    );
    past(noa, 898_000, "bot", text("Of course. I keep these for *30 days*."));
    past(noa, 890_000, "person", text("great 🎉"), { status: "delivered" });
    past(noa, 120_000, "bot", {
      type: "link",
      body: "Your pack of 30 portraits is 19.00 USD. It is made as soon as it is paid.",
      label: "Pay 19.00 USD",
      url: "https://pay.example/s/123",
    });
    past(noa, 60_000, "bot", languages);
    const ilan = add({ name: "אילן רגב", channel: "meta", hide_number: true });
    past(ilan, 2_400_000, "person", text("שלום! אפשר לקבל פרטים?"));
    past(ilan, 2_398_000, "bot", greeting.he);
    past(ilan, 2_300_000, "person", { type: "button_reply", id: "2", title: "איך זה עובד" });
    past(ilan, 2_298_000, "bot", help.he);
    past(ilan, 2_200_000, "person", text("תודה, נשמע מצוין. אשלח תמונות מה-iPhone שלי הערב"), {
      status: "delivered",
    });
    const mira = add({ name: "Mira Sollenberg-Achterhuis van der Plas", channel: "twilio" });
    past(mira, 3 * day, "bot", {
      type: "template",
      name: "photos_ready",
      language: "en_US",
      parameters: ["Mira", "30"],
    });
    past(mira, 3 * day - 60_000, "bot", text("Are you still there?"), {
      status: "failed",
      error: "131047 Re-engagement message",
    });
    mira.unread = 2;
    add({ name: "Tal", channel: "twilio" });
  }

  function picture(index) {
    const media_id = `demo${index}`;
    const tints = ["#d9b08c", "#8fa9c4", "#b7c4a1", "#c99aa6"];
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300"><rect width="400" height="300" fill="${tints[index % 4]}"/><circle cx="200" cy="125" r="58" fill="#fff" opacity=".75"/><path d="M80 300c10-80 60-105 120-105s110 25 120 105z" fill="#fff" opacity=".75"/></svg>`;
    media.set(media_id, { bytes: Buffer.from(drawing), mime: "image/svg+xml" });
    return { type: "image", media_id, url: `/api/phone/media/${media_id}`, caption: null };
  }

  return {
    /** Sends an unprompted bot message, for tests of reconnects. */
    say: (id, words) => put(find(id), "bot", text(words)),
    typing: (id) => streams.send("/api/phone/stream", "typing", { person: id }),
    routes: [
      ["GET", /^\/api\/phone\/people$/, () => [...people.values()].map(view)],
      ["POST", /^\/api\/phone\/people$/, (_, body) => view(add(body))],
      [
        "GET",
        /^\/api\/phone\/people\/([^/]+)\/messages$/,
        ([id], _, query) =>
          find(id).messages.filter((message) => message.seq > Number(query.get("after") ?? 0)),
      ],
      ["POST", /^\/api\/phone\/people\/([^/]+)\/messages$/, send],
      [
        "POST",
        /^\/api\/phone\/people\/([^/]+)\/read$/,
        ([id]) => {
          const person = find(id);
          person.unread = 0;
          for (const message of person.messages)
            if (message.from === "bot" && ["sent", "delivered"].includes(message.status))
              update(person, message, { status: "read" });
        },
      ],
      ["GET", /^\/api\/phone\/settings$/, () => settings],
      [
        "PUT",
        /^\/api\/phone\/settings$/,
        (_, body) => {
          const changed = { ...settings, ...body };
          if (!(changed.copies >= 1 && changed.copies <= 5))
            throw new MockError(400, "bad_settings", "copies is 1 to 5.");
          settings = changed;
          return settings;
        },
      ],
      [
        "GET",
        /^\/api\/phone\/media\/([^/]+)$/,
        ([id]) => {
          const found = media.get(id);
          if (!found) throw new MockError(404, "not_found", "There is no such picture.");
          return found;
        },
      ],
    ],
  };
}
