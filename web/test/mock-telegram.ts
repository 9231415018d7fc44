// The simulated Telegram's part of the mock: people, groups, and a bot that makes slides in English and Hebrew.
import { MockError } from "./mock-error";
import { png } from "./mock-photos";

const stream = "/api/telegram/stream";
const FIRST_PERSON = 5_200_000_001;
const FIRST_GROUP = 4_000_000_001;
const botUser = {
  id: 7_000_000_001,
  is_bot: true,
  first_name: "Slides Bot",
  username: "slides_bot",
};
const greeting = {
  en: "Hello! Send /carousel and a topic, and I make slides.",
  he: "שלום! שלחו /carousel ונושא, ואני אכין שקופיות.",
};
const commands = {
  en: [
    { command: "carousel", description: "Make slides" },
    { command: "cancel", description: "Stop what I am doing" },
    { command: "help", description: "How it works" },
  ],
  he: [
    { command: "carousel", description: "הכנת שקופיות" },
    { command: "help", description: "איך זה עובד" },
  ],
};
const menu = [
  [
    { text: "Edit slide", callback_data: "edit" },
    { text: "As files", callback_data: "files" },
  ],
  [
    { text: "Rules", callback_data: "rules" },
    { text: "Copy caption", copy_text: { text: "Small habits #habits" } },
  ],
  [{ text: "Website", url: "https://slides.example/" }],
];
const scenes = ["harbour", "forest", "city"];

export function createTelegram({ streams, room, demo }) {
  const people = new Map();
  const chats = new Map();
  const files = new Map();
  const taps = new Map();
  let calls = [];
  let violations = [];
  let faults = [];
  let settings = {
    delay_ms: 0,
    shuffle_ms: 0,
    copy_percent: 0,
    signature: "good",
    privacy: true,
    flood: true,
    chat_burst: 30,
    seed: null,
    too_many_percent: 0,
    retry_after: 3,
    blocked_percent: 0,
    error_percent: 0,
    lost_percent: 0,
    half_album_percent: 0,
    slow_percent: 0,
    slow_ms: 3000,
  };
  let isBotSilent = false;
  let numbers = 0;
  const next = () => ++numbers;
  const seconds = () => Math.floor(room.now() / 1000);
  const tell = (type, data) => streams.send(stream, type, data);
  const changed = () => tell("chats", {});

  function addPerson(profile) {
    if (!profile.first_name?.trim())
      throw new MockError(400, "invalid", "first_name must not be empty.");
    const id = FIRST_PERSON + people.size;
    people.set(id, { id, is_deactivated: false, ...profile });
    addChat({ id, type: "private", title: null, members: [id], bot: "left" });
    return people.get(id);
  }

  function addChat(chat) {
    chats.set(chat.id, { migrated_to: null, sign: null, messages: [], ...chat });
    changed();
    return chats.get(chat.id);
  }

  function addGroup({ title, members, supergroup = false }) {
    const id = supergroup ? -(1_002_000_000_000 + next()) : -(FIRST_GROUP + chats.size);
    const chat = addChat({
      id,
      type: supergroup ? "supergroup" : "group",
      title,
      members,
      bot: "member",
    });
    put(chat, userOf(members[0]), { new_chat_members: [botUser] });
    return chat;
  }

  function view({ messages, ...chat }) {
    return chat;
  }

  function find(id) {
    const chat = chats.get(Number(id));
    if (!chat) throw new MockError(404, "not_found", "There is no such chat.");
    return chat;
  }

  function findMessage(chat, id) {
    const message = chat.messages.find(({ message_id }) => message_id === Number(id));
    if (!message) throw new MockError(404, "not_found", "There is no such message.");
    return message;
  }

  function userOf(id) {
    const person = people.get(id);
    if (!person) throw new MockError(404, "not_found", "There is no such person.");
    const { is_deactivated, ...user } = person;
    return { is_bot: false, ...user };
  }

  function put(chat, from, { reply_to = null, date = seconds(), ...content }) {
    const replied = reply_to ? findMessage(chat, reply_to) : null;
    const message = {
      message_id: next(),
      from,
      chat: { id: chat.id },
      date,
      ...(replied ? { reply_to_message: replied } : {}),
      ...content,
      is_from_bot: from.is_bot,
    };
    chat.messages.push(message);
    tell("message", { chat: chat.id, message });
    return message;
  }

  function store(bytes, mime) {
    const file_unique_id = `AQAD${next()}`;
    files.set(file_unique_id, { bytes, mime });
    return { file_id: `file-${file_unique_id}`, file_unique_id, file_size: bytes.length };
  }

  function photo(bytes, width = 1080, height = 1080) {
    const small = store(bytes, "image/png");
    return [
      { ...small, width: 90, height: 90 },
      { ...store(bytes, "image/png"), width, height },
    ];
  }

  const slide = (index) => photo(png(scenes[index % scenes.length], 96, 96));

  function record(method, chat, messages, more = {}) {
    const call = {
      id: next(),
      at: room.now(),
      method,
      chat,
      message_ids: messages.map(({ message_id }) => message_id),
      code: 200,
      description: null,
      answered: true,
      uploads: 0,
      reused_files: 0,
      ...more,
    };
    calls.push(call);
    tell("call", call);
    return call;
  }

  const bot = {
    send(id, content) {
      const message = put(find(id), botUser, content);
      const method = content.photo
        ? "sendPhoto"
        : content.document
          ? "sendDocument"
          : "sendMessage";
      record(method, Number(id), [message], { uploads: method === "sendMessage" ? 0 : 1 });
      return message;
    },
    album(id, count, caption = "") {
      const media_group_id = String(next());
      const messages = Array.from({ length: count }, (_, index) =>
        put(find(id), botUser, {
          media_group_id,
          photo: slide(index),
          ...(index === 0 && caption ? { caption } : {}),
        }),
      );
      record("sendMediaGroup", Number(id), messages, { uploads: count });
      return messages;
    },
    edit(id, message_id, content) {
      const message = findMessage(find(id), message_id);
      Object.assign(message, content, { edit_date: seconds() });
      tell("message", { chat: Number(id), message });
      record(content.photo ? "editMessageMedia" : "editMessageText", Number(id), [message]);
    },
    delete(id, message_id) {
      const chat = find(id);
      const message = findMessage(chat, message_id);
      chat.messages = chat.messages.filter((each) => each !== message);
      tell("message", { chat: chat.id, message: { ...message, is_deleted: true } });
    },
    sign(id, sign, ms = 5000) {
      tell("sign", { chat: Number(id), sign, ms });
    },
    answer(tapId, text = "", show_alert = false) {
      const tap = taps.get(tapId);
      tap.answer = { text, show_alert };
      tell("callback", tap);
      record("answerCallbackQuery", null, []);
    },
    refuse(method, id, code, description, more = {}) {
      return record(method, Number(id), [], { code, description, ...more });
    },
  };

  function react(chat, message) {
    const said = message.text ?? message.caption ?? "";
    const language = message.from.language_code === "he" ? "he" : "en";
    const replied = message.reply_to_message;
    if (said.startsWith("/start"))
      bot.send(chat.id, {
        text: greeting[language],
        reply_markup: { inline_keyboard: [[{ text: "?", callback_data: "rules" }], ...menu] },
      });
    else if (said.startsWith("/carousel")) {
      bot.sign(chat.id, { action: "upload_photo" });
      bot.album(chat.id, 5, "Small habits");
      bot.send(chat.id, { text: "Ready", reply_markup: { inline_keyboard: menu } });
    } else if (replied?.keyboard?.force_reply) {
      const second = chat.messages.filter(({ photo, from }) => photo && from.is_bot)[1];
      if (second) bot.edit(chat.id, second.message_id, { photo: slide(2) });
      bot.send(chat.id, { text: `Changed: ${said}` });
    } else bot.send(chat.id, { text: `You said: ${said || "a file"}` });
  }

  function reactTo(tap) {
    const { data, chat } = tap;
    if (data === "edit") {
      bot.answer(tap.id);
      bot.send(chat, {
        text: "Slide 2: what should it say?",
        keyboard: { force_reply: true, input_field_placeholder: "Text of the slide" },
      });
    } else if (data === "rules") bot.answer(tap.id, "Slides have at most 200 letters.", true);
    else if (data === "files") {
      bot.answer(tap.id, "Two files are on their way");
      const media_group_id = String(next());
      const documents = ["slide-1.png", "slides with a rather long name for one file.pdf"].map(
        (file_name) =>
          put(find(chat), botUser, {
            media_group_id,
            document: {
              ...store(Buffer.from(`contents of ${file_name}`), "application/octet-stream"),
              file_name,
              mime_type: "application/octet-stream",
            },
          }),
      );
      record("sendMediaGroup", chat, documents, { reused_files: 2 });
    }
  }

  function send([id], sent) {
    const chat = find(id);
    if (chat.type === "private" && chat.bot === "kicked")
      throw new MockError(400, "invalid", "This person has blocked the bot.");
    if (!sent.text?.trim() && !sent.photo && !sent.document)
      throw new MockError(400, "invalid", "The message is empty.");
    if (chat.bot === "left" && chat.type === "private") chat.bot = "member";
    const content: Record<string, unknown> = { ...sent.raw, reply_to: sent.reply_to };
    content[sent.photo || sent.document ? "caption" : "text"] = sent.text;
    if (sent.photo) content.photo = photo(Buffer.from(sent.photo, "base64"), 64, 48);
    if (sent.document)
      content.document = {
        ...store(Buffer.from(sent.document, "base64"), "application/octet-stream"),
        file_name: sent.file_name,
        mime_type: "application/octet-stream",
      };
    const message = put(chat, userOf(sent.from), content);
    if (!isBotSilent && chat.bot === "member") setTimeout(() => react(chat, message), 20);
    const { is_from_bot, ...answer } = message;
    return answer;
  }

  function tap([id, messageId], { from, row, column }) {
    const chat = find(id);
    const message = findMessage(chat, messageId);
    const button = message.reply_markup?.inline_keyboard[row]?.[column];
    if (!button) throw new MockError(404, "not_found", "There is no such button.");
    const made = {
      id: String(next()),
      chat: chat.id,
      from,
      message_id: message.message_id,
      data: button.callback_data,
      at: room.now(),
      answer: null,
    };
    taps.set(made.id, made);
    setTimeout(() => reactTo(made), 20);
    return made;
  }

  function setMembership([id], { status }) {
    const chat = find(id);
    chat.bot = status;
    changed();
    return view(chat);
  }

  function migrate([id]) {
    const old = find(id);
    const { title, members } = old;
    const chat = addGroup({ title, members, supergroup: true });
    old.migrated_to = chat.id;
    changed();
    return view(chat);
  }

  function deactivate([id]) {
    const person = people.get(Number(id));
    person.is_deactivated = true;
    changed();
    return person;
  }

  if (demo) fill();

  /** Demo people with a history. */
  function fill() {
    const dana = addPerson({ first_name: "Dana", last_name: "Ferris", language_code: "en" });
    const noa = addPerson({ first_name: "נועה", language_code: "he" });
    addPerson({ first_name: "Ivan", username: "ivan_s", language_code: "ru" });
    for (const { id } of [dana, noa]) {
      const chat = find(id);
      chat.bot = "member";
      react(chat, put(chat, userOf(id), { text: "/start" }));
      react(chat, put(chat, userOf(id), { text: "/carousel small habits" }));
    }
    const chat = find(dana.id);
    const [, second] = chat.messages.filter((message) => message.photo);
    bot.edit(dana.id, second.message_id, { photo: slide(2) });
    bot.send(dana.id, {
      text: "Caption: Small habits make a year.\n#habits #work and https://slides.example/more",
      entities: [
        { type: "bold", offset: 0, length: 8 },
        { type: "pre", offset: 9, length: 25 },
      ],
    });
    tap([dana.id, chat.messages.at(-2).message_id], { from: dana.id, row: 0, column: 1 });
    addGroup({ title: "Editors", members: [dana.id, noa.id] });
    bot.refuse("sendMessage", noa.id, 429, "Too Many Requests: retry after 5");
    bot.refuse("sendPhoto", noa.id, 403, "Forbidden: bot was blocked by the user");
    record("sendMediaGroup", dana.id, [], { answered: false, uploads: 5 });
    violations = [{ at: room.now(), kind: "callback_not_answered", about: { data: "edit" } }];
    faults = [
      { times: 2, method: "sendPhoto", retry_after: 5, drop_before: false, drop_after: false },
    ];
  }

  return {
    bot,
    taps,
    addPerson,
    slide,
    /** The bot answers nothing by itself from now on. */
    silence: (silent) => (isBotSilent = silent),
    violate(kind, about) {
      violations = [...violations, { at: room.now(), kind, about }];
      tell("violation", violations.at(-1));
    },
    /** Deletes everything, as a reset does. */
    reset() {
      people.clear();
      chats.clear();
      calls = [];
      violations = [];
      faults = [];
      changed();
    },
    faults: () => faults,
    routes: [
      ["GET", /^\/api\/telegram\/bot$/, () => botUser],
      ["GET", /^\/api\/telegram\/people$/, () => [...people.values()]],
      ["POST", /^\/api\/telegram\/people$/, (_, body) => addPerson(body)],
      ["POST", /^\/api\/telegram\/people\/(\d+)\/deactivate$/, deactivate],
      ["POST", /^\/api\/telegram\/groups$/, (_, body) => view(addGroup(body))],
      ["POST", /^\/api\/telegram\/groups\/(-\d+)\/migrate$/, migrate],
      ["GET", /^\/api\/telegram\/chats$/, () => [...chats.values()].map(view)],
      ["PUT", /^\/api\/telegram\/chats\/(-?\d+)\/bot$/, setMembership],
      ["GET", /^\/api\/telegram\/chats\/(-?\d+)\/messages$/, ([id]) => find(id).messages],
      ["POST", /^\/api\/telegram\/chats\/(-?\d+)\/messages$/, send],
      ["POST", /^\/api\/telegram\/chats\/(-?\d+)\/messages\/(\d+)\/tap$/, tap],
      ["GET", /^\/api\/telegram\/callbacks\/(\d+)$/, ([id]) => taps.get(id)],
      [
        "GET",
        /^\/api\/telegram\/commands$/,
        (_, __, query) => commands[query.get("language_code")] ?? commands.en,
      ],
      [
        "GET",
        /^\/api\/telegram\/files\/([^/]+)$/,
        ([id]) => {
          const found = files.get(id);
          if (!found) throw new MockError(404, "not_found", "There is no such file.");
          return found;
        },
      ],
      ["GET", /^\/api\/telegram\/calls$/, () => calls],
      ["GET", /^\/api\/telegram\/violations$/, () => violations],
      [
        "GET",
        /^\/api\/telegram\/webhook$/,
        () => ({ url: "http://127.0.0.1:7071/telegram", pending_update_count: 0 }),
      ],
      ["GET", /^\/api\/telegram\/settings$/, () => settings],
      [
        "PUT",
        /^\/api\/telegram\/settings$/,
        (_, body) => {
          settings = { ...settings, ...body };
          return settings;
        },
      ],
      ["GET", /^\/api\/telegram\/faults$/, () => ({ calls: faults })],
      [
        "PUT",
        /^\/api\/telegram\/faults$/,
        (_, body) => {
          faults = body.calls;
          return { calls: faults };
        },
      ],
    ],
  };
}
