// The rooms API of docs/rooms.md on its own origin, with faults that a test sets.
import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { MockError } from "./mock-error";
import { png, scenes } from "./mock-photos";
import { accept } from "./mock-socket";
import { portOf, type Route } from "./mock-types";

const letters = "abcdefghjkmnpqrstuvwxyz23456789";
const day = 86_400_000;
const kept = 500;
const free = ["Blue Heron", "Quiet Fox", "Amber Owl", "Little Crane", "Lucky Otter"];
const adviceFor = {
  harbour: {
    caption: {
      title: "Harbour at sunset",
      category: "place",
      visible_text: "",
      caption: "A low sun over calm water, hills on the other side.",
    },
    suggestions: [
      ["Golden Hour Harbour", "Watching the sun go down together"],
      ["The Quiet Pier", "For everybody who came to hear nothing"],
      ["Last Light Lookout", "Where is the best spot? Tell the others"],
      ["Harbour Regulars", "You are here every week. So are they"],
      ["Sundown Swimmers", "Who is going in?"],
      ["Photographers of the Bay", "Settings, spots and the one good picture"],
      ["After-Work Shore", "Shoes off, laptop closed"],
      ["Anchors and Ice Cream", "What to eat around here"],
      ["Windless Evening Club", "No waves, no plans"],
      ["חוף השקיעה", "לכל מי שבא לראות את השמש יורדת"],
    ],
  },
};

const usd = (minor) => ({ minor, currency: "USD" });
const tiers = { 100: 10, 200: 15, 500: 20, 1000: 30, 1500: 45, 2000: 60 };
const tips = [100, 300, 500, 1000];

/** Names only some users of a popular reaction. */
const everybody = Symbol("everybody");
export const reactionOf = (emoji, users) => ({
  emoji,
  count: users.length,
  users: users.slice(0, 20),
  [everybody]: users,
});

const fold = (name) =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\p{M}\p{Cf}\s]/gu, "")
    .replace(/[0oо]/g, "o")
    .replace(/[1lі]/g, "i")
    .replace(/а/g, "a")
    .replace(/е/g, "e");

export async function createRooms({ demo = false } = {}) {
  const people = new Map();
  const rooms = new Map();
  const photos = new Map();
  const tickets = new Map();
  const images = new Map();
  /** What each open order pays for. */
  const offered = new Map();
  /** Final states of orders that were not fulfilled. */
  const fates = new Map();
  /** Faults of the next frames and calls. */
  const faults = {
    dropFrames: 0,
    double: false,
    shuffle: false,
    delayMs: 0,
    down: false,
    deaf: false,
    refusePhoto: null,
    photoMs: 1200,
    socketLives: 2 * 60 * 60_000,
    limited: false,
    notSold: null,
    busy: {},
  };
  let url = "";

  const now = () => new Date().toISOString();
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  function fresh() {
    const user_id = `usr_${randomUUID().slice(0, 12)}`;
    people.set(user_id, { user_id });
    return user_id;
  }

  function tokenOf(user_id) {
    return Buffer.from(`${user_id}.${randomUUID().slice(0, 8)}`).toString("base64url");
  }

  function whoIs(request) {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (!token) return null;
    const [user_id] = Buffer.from(token, "base64url").toString().split(".");
    if (!people.has(user_id)) throw new MockError(401, "bad_token", "Your session has ended.");
    return user_id;
  }

  function needed(request) {
    const user = whoIs(request);
    if (!user) throw new MockError(401, "no_token", "This needs a session.");
    return user;
  }

  function onlyFields(body, ...names) {
    const extra = Object.keys(body).find((name) => !names.includes(name));
    if (extra) throw new MockError(400, "unknown_field", `There is no field ${extra}.`);
    return body;
  }

  function nameOf(text, least, most, what) {
    const name = String(text ?? "")
      .normalize("NFKC")
      .trim()
      .replace(/[\p{Cc}\p{Cf}]/gu, "");
    if ([...name].length < least || [...name].length > most)
      throw new MockError(
        400,
        "bad_name",
        `The name of a ${what} has ${least} to ${most} characters.`,
      );
    return name;
  }

  function pictureOf(scene) {
    return {
      url: `${url}/images/${scene}-1200.png`,
      small_url: `${url}/images/${scene}-240.png`,
      width: 1200,
      height: 900,
      thumbhash: scenes[scene].thumbhash,
    };
  }

  // Rooms

  function addRoom(
    user_id,
    {
      name,
      description = "",
      photo = null,
      username,
      is_private = false,
      access_code = null,
      is_public = true,
    },
  ) {
    const code = [...randomBytes(10)].map((byte) => letters[byte % letters.length]).join("");
    const room = {
      code,
      name,
      description,
      host: user_id,
      created_at: now(),
      is_private,
      is_public: is_public && !is_private,
      is_read_only: false,
      access_code,
      photo,
      pins: [],
      tips: [],
      back_room: null,
      present: null as string[] | null,
      front: null,
      entered: new Set(),
      first: 1,
      messages: [],
      members: new Map(),
      banned: new Set(),
      names: new Map(),
      sockets: new Set(),
    };
    room.members.set(user_id, { user_id, username, muted: false, since: Date.now() });
    rooms.set(code, room);
    return room;
  }

  const last = (room) => room.first + room.messages.length - 1;
  const onlineIn = (room) =>
    new Set([...[...room.sockets].map(({ user_id }) => user_id), ...(room.present ?? [])]).size;

  function roleIn(room, user_id) {
    if (user_id && room.host === user_id) return "host";
    if (user_id && room.members.has(user_id)) return "member";
    return !room.is_private && room.is_public && !room.banned.has(user_id) ? "reader" : "stranger";
  }

  function newsOf(room) {
    const {
      code,
      name,
      description,
      created_at,
      is_private,
      is_public,
      is_read_only,
      photo,
      front,
    } = room;
    const host = room.members.get(room.host);
    return {
      code,
      name,
      description,
      host: { user_id: room.host, username: host.username },
      created_at,
      is_private,
      is_public,
      is_read_only,
      last_seq: last(room),
      online: onlineIn(room),
      photo,
      pin: pinOf(room),
      back_room: room.back_room && { code: null },
      front,
    };
  }

  function viewOf(room, user_id) {
    const role = roleIn(room, user_id);
    const member = room.members.get(user_id);
    const you = {
      role,
      username: member?.username ?? null,
      is_muted: member?.muted ?? false,
      read_seq: null,
    };
    if ((room.is_private || room.front) && role === "stranger")
      return { code: room.code, name: room.name, is_private: true, front: room.front, you };
    const news = newsOf(room);
    if (room.back_room && (role === "host" || room.entered.has(user_id)))
      news.back_room.code = room.back_room;
    return { ...news, you };
  }

  // Payments

  const topOf = (room) =>
    room.pins.filter(({ until }) => until > Date.now()).sort((a, b) => b.tier - a.tier)[0] ?? null;

  function pinOf(room) {
    const top = topOf(room);
    if (!top) return null;
    const { username, text } = room.messages.find(({ seq }) => seq === top.seq);
    const next = Object.keys(tiers).find((tier) => tier > top.tier);
    return {
      seq: top.seq,
      username,
      text: [...text].slice(0, 200).join(""),
      until: new Date(top.until).toISOString(),
      price: usd(top.tier),
      next_price: next ? usd(Number(next)) : null,
    };
  }

  function pinUp(room, seq, tier, minutes = tiers[tier]) {
    room.pins = room.pins.filter((pin) => pin.tier !== tier);
    room.pins.push({ seq, tier, until: Date.now() + minutes * 60_000 });
    broadcast(room, { type: "pin", pin: pinOf(room) });
  }

  function sell(price, give, extra = {}) {
    if (faults.notSold) throw faults.notSold;
    const order_id = `ord_${randomUUID().slice(0, 12)}`;
    offered.set(order_id, give);
    return [
      201,
      {
        order_id,
        pay_url: `${url}/pay/${order_id}`,
        price: usd(price),
        ...extra,
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      },
    ];
  }

  function pay(order_id) {
    const give = offered.get(order_id);
    offered.delete(order_id);
    give?.();
  }

  function tip(room, user_id, amount) {
    say(room, user_id, { client_msg_id: `ord_${randomUUID()}`, text: "", tip: usd(amount) });
    room.tips.unshift({
      username: room.members.get(user_id).username,
      price: usd(amount),
      at: now(),
      is_returned: false,
    });
  }

  function openBehind(room) {
    const back = addRoom(room.host, {
      name: room.name,
      photo: room.photo,
      username: room.members.get(room.host).username,
      is_private: true,
    });
    back.front = room.code;
    room.back_room = back.code;
    broadcast(room, { type: "room", room: newsOf(room) });
    return back.code;
  }

  function membership(room, user_id) {
    if (room.host === user_id) throw new MockError(409, "the_host", "You are the host.");
    if (!room.members.has(user_id))
      throw new MockError(403, "not_a_member", "Join the room first.");
  }

  function find(code) {
    const room = rooms.get(code);
    if (!room) throw new MockError(404, "not_found", "Room not found.");
    return room;
  }

  function readable(code, user_id) {
    const room = find(code);
    if (room.banned.has(user_id))
      throw new MockError(403, "banned", "You cannot come into this room.");
    if (roleIn(room, user_id) === "stranger")
      throw new MockError(404, "not_found", "Room not found.");
    return room;
  }

  function hosted(code, user_id) {
    const room = find(code);
    if (roleIn(room, user_id) === "stranger")
      throw new MockError(404, "not_found", "Room not found.");
    if (room.host !== user_id)
      throw new MockError(403, "not_the_host", "Only the host can do that.");
    return room;
  }

  function isTaken(room, name: string, user_id?: string) {
    return [...room.members.values()].some(
      (member) => member.user_id !== user_id && fold(member.username) === fold(name),
    );
  }

  function mayTalk(room, user_id) {
    if (!room.members.has(user_id)) return ["not_a_member", "Join the room to talk."];
    if (room.members.get(user_id).muted) return ["muted", "The host has muted you."];
    if (room.is_read_only && room.host !== user_id)
      return ["read_only", "Only the host can post right now."];
    return null;
  }

  function say(
    room,
    user_id: string,
    {
      client_msg_id,
      text,
      reply_to = null,
      tip,
    }: { client_msg_id: string; text: string; reply_to?: unknown; tip?: unknown },
    at = now(),
  ) {
    const known = room.messages.find(
      (message) => message.user_id === user_id && message.client_msg_id === client_msg_id,
    );
    if (known) return { message: known, isNew: false };
    const original = reply_to === null ? null : room.messages.find(({ seq }) => seq === reply_to);
    const quote = original
      ? {
          seq: original.seq,
          username: original.username,
          text: [...original.text].slice(0, 120).join(""),
        }
      : null;
    const message = {
      seq: last(room) + 1,
      at,
      user_id,
      username: room.members.get(user_id)?.username ?? "Someone",
      text,
      client_msg_id,
      reply_to: quote,
      is_deleted: false,
      reactions: [],
      rev: 0,
      ...(tip ? { tip } : {}),
    };
    room.messages.push(message);
    while (room.messages.length > kept) {
      room.messages.shift();
      room.first += 1;
    }
    broadcast(room, { type: "messages", messages: [message], last_seq: last(room) });
    return { message, isNew: true };
  }

  function change(room, seq, changes) {
    const message = room.messages.find((each) => each.seq === seq);
    if (!message) throw new MockError(404, "not_found", "There is no such message.");
    Object.assign(message, changes(message), { rev: message.rev + 1 });
    broadcast(room, { type: "changed", message });
    return message;
  }

  function broadcast(room, frame, except = null) {
    for (const socket of room.sockets) {
      if (socket === except || !socket.greeted) continue;
      if (faults.dropFrames > 0 && frame.type === "messages") {
        faults.dropFrames -= 1;
        continue;
      }
      const delay = faults.delayMs + (faults.shuffle ? Math.random() * 300 : 0);
      const text = JSON.stringify({ v: 1, ...frame });
      const copies = faults.double ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        if (delay > 0) setTimeout(() => socket.send(text), delay * (copy + 1));
        else socket.send(text);
      }
    }
  }

  function showOut(room, user_id, reason) {
    for (const socket of [...room.sockets]) {
      if (user_id !== null && socket.user_id !== user_id) continue;
      socket.send(JSON.stringify({ v: 1, type: "kicked", reason }));
      socket.close();
    }
  }

  // Socket

  function hear(room, socket, text) {
    if (faults.deaf) return;
    const answer = (frame) => socket.send(JSON.stringify({ v: 1, ...frame }));
    const { user_id } = socket;
    const frame = JSON.parse(text);
    if (frame.type === "hello") {
      socket.greeted = true;
      answer({
        type: "welcome",
        last_seq: last(room),
        online: onlineIn(room),
        now: now(),
        until: new Date(Date.now() + faults.socketLives).toISOString(),
      });
      const from = frame.last_seq ?? 0;
      const missed = room.messages.filter(({ seq }) => seq > from);
      if (missed.length > 100)
        answer({ type: "backfill_overflow", first_seq: room.first, last_seq: last(room) });
      else if (missed.length > 0)
        answer({ type: "backfill", messages: missed, last_seq: last(room) });
    }
    if (frame.type === "ping")
      answer({ type: "pong", last_seq: last(room), online: onlineIn(room), now: now() });
    if (frame.type === "typing" && !mayTalk(room, user_id))
      broadcast(
        room,
        { type: "typing", user_id, username: room.members.get(user_id).username, on: frame.on },
        socket,
      );
    if (frame.type === "message") {
      const refused =
        mayTalk(room, user_id) ??
        ([...frame.text].length > 2000
          ? ["too_long", "A message has at most 2,000 characters."]
          : null);
      if (refused)
        return answer({
          type: "refused",
          code: refused[0],
          title: refused[1],
          client_msg_id: frame.client_msg_id,
        });
      say(room, user_id, frame);
    }
  }

  // Photos

  function addPhoto(user_id) {
    if (faults.limited)
      throw Object.assign(new MockError(429, "too_many", "Too many photos."), {
        headers: { "retry-after": "540" },
      });
    const photo_id = `pho_${randomUUID().slice(0, 12)}`;
    photos.set(photo_id, { at: Date.now(), user_id, refused: faults.refusePhoto });
    return photo_id;
  }

  function lookAt(photo_id) {
    const photo = photos.get(photo_id);
    if (!photo) throw new MockError(404, "not_found", "There is no such photo.");
    const step = Math.min(
      3,
      Math.floor(((Date.now() - photo.at) / Math.max(1, faults.photoMs)) * 3),
    );
    const isDone = step === 3;
    const state = isDone
      ? photo.refused
        ? "refused"
        : "done"
      : step === 0
        ? "waiting"
        : "looking";
    const { caption, suggestions } = adviceFor.harbour;
    const similar = [...rooms.values()].filter((room) => room.photo && room.is_public).slice(0, 3);
    const whys = ["the same photo", "a similar photo", "about the same"];
    const shown = state === "done";
    return {
      photo_id,
      state,
      step,
      steps: 3,
      code: state === "refused" ? photo.refused : null,
      expires_at: new Date(photo.at + 7 * day).toISOString(),
      photo: shown ? pictureOf("harbour") : null,
      caption: shown ? caption : null,
      suggestions: shown
        ? suggestions.map(([name, description]) => ({
            name,
            key: name.toLowerCase().replace(/\W+/g, "-"),
            description,
          }))
        : [],
      similar: shown
        ? similar.map((room, index) => ({
            code: room.code,
            name: room.name,
            online: room.ghosts ?? onlineIn(room),
            why: whys[index],
          }))
        : [],
    };
  }

  const routes: Route[] = [
    [
      "POST",
      /^\/api\/sessions\/$/,
      (request, _, body) => {
        onlyFields(body);
        const user_id = whoIs(request) ?? fresh();
        return [
          201,
          {
            user_id,
            token: tokenOf(user_id),
            expires_at: new Date(Date.now() + 30 * day).toISOString(),
          },
        ];
      },
    ],
    [
      "POST",
      /^\/api\/photo-analysis\/upload\/$/,
      (request, _, body) => {
        const user = whoIs(request);
        if (Buffer.isBuffer(body)) {
          if (body.length > 4_000_000)
            throw new MockError(
              413,
              "too_large",
              "A photo that is sent like this has at most 4 MB.",
            );
          return [202, { photo_id: addPhoto(user) }];
        }
        const { content_type, bytes } = onlyFields(body, "content_type", "bytes");
        if (!/^image\/(jpeg|png|webp|gif)$/.test(content_type) || bytes > 10_000_000)
          throw new MockError(
            400,
            "bad_photo",
            "A photo is JPEG, PNG, WebP or GIF and has at most 10 MB.",
          );
        const photo_id = addPhoto(user);
        return [
          201,
          {
            photo_id,
            upload: { url: `${url}/bucket`, fields: { key: photo_id, policy: "x" } },
            expires_at: new Date(Date.now() + 600_000).toISOString(),
          },
        ];
      },
    ],
    ["POST", /^\/bucket$/, () => [204, null]],
    ["GET", /^\/api\/photo-analysis\/([^/]+)\/$/, (_, [id]) => [200, lookAt(id)]],
    [
      "POST",
      /^\/api\/chats\/create\/$/,
      (request, _, body) => {
        const user = needed(request);
        const { name, description, photo_id, username, is_private, access_code, is_public } =
          onlyFields(
            body,
            "name",
            "description",
            "photo_id",
            "username",
            "is_private",
            "access_code",
            "is_public",
          );
        if (is_private && String(access_code ?? "").length < 4)
          throw new MockError(
            400,
            "bad_access_code",
            "An access code has at least four characters.",
          );
        const room = addRoom(user, {
          name: nameOf(name, 2, 60, "room"),
          description,
          photo: photo_id ? pictureOf("harbour") : null,
          username: nameOf(username, 2, 24, "person"),
          is_private,
          access_code,
          is_public,
        });
        return [201, viewOf(room, user)];
      },
    ],
    [
      "GET",
      /^\/api\/chats\/mine\/$/,
      (request) => {
        const user = needed(request);
        const mine = [...rooms.values()].filter((room) => room.members.has(user)).reverse();
        return [
          200,
          {
            rooms: mine.map((room) => ({
              ...viewOf(room, user),
              ...(room.ghosts ? { online: room.ghosts } : {}),
            })),
          },
        ];
      },
    ],
    [
      "GET",
      /^\/api\/chats\/([^/]+)\/$/,
      (request, [code]) => {
        const user = whoIs(request);
        const room = find(code);
        if (room.banned.has(user))
          throw new MockError(403, "banned", "You cannot come into this room.");
        return [200, viewOf(room, user)];
      },
    ],
    [
      "PATCH",
      /^\/api\/chats\/([^/]+)\/$/,
      (request, [code], body) => {
        const user = needed(request);
        const room = hosted(code, user);
        onlyFields(body, "name", "description", "is_read_only", "is_public", "access_code");
        if (body.name !== undefined) body.name = nameOf(body.name, 2, 60, "room");
        Object.assign(room, body);
        broadcast(room, { type: "room", room: newsOf(room) });
        return [200, viewOf(room, user)];
      },
    ],
    [
      "DELETE",
      /^\/api\/chats\/([^/]+)\/$/,
      (request, [code]) => {
        const room = hosted(code, needed(request));
        showOut(room, null, "closed");
        rooms.delete(code);
        return [204, null];
      },
    ],
    [
      "GET",
      /^\/api\/chats\/([^/]+)\/join\/$/,
      (_, [code]) => [200, { suggestions: free.filter((name) => !isTaken(find(code), name)) }],
    ],
    [
      "POST",
      /^\/api\/chats\/([^/]+)\/join\/$/,
      (request, [code], body) => {
        const user = needed(request);
        const { username, access_code } = onlyFields(body, "username", "access_code");
        const room = find(code);
        if (room.banned.has(user))
          throw new MockError(403, "banned", "You cannot come into this room.");
        if (room.front && !room.members.has(user) && !find(room.front).entered.has(user))
          throw new MockError(
            403,
            "not_paid",
            "Pay the entrance in the room in front of this one.",
          );
        if (
          room.is_private &&
          !room.front &&
          !room.members.has(user) &&
          access_code !== room.access_code
        )
          throw new MockError(403, "wrong_access_code", "That is not the access code.");
        const name = nameOf(username, 2, 24, "person");
        if (isTaken(room, name, user)) throw new MockError(409, "name_taken", "The name is taken.");
        room.members.set(user, {
          user_id: user,
          muted: false,
          since: Date.now(),
          ...room.members.get(user),
          username: name,
        });
        return [200, viewOf(room, user)];
      },
    ],
    [
      "DELETE",
      /^\/api\/chats\/([^/]+)\/join\/$/,
      (request, [code]) => {
        find(code).members.delete(needed(request));
        return [204, null];
      },
    ],
    [
      "GET",
      /^\/api\/chats\/([^/]+)\/people\/$/,
      (request, [code]) => {
        const room = readable(code, whoIs(request));
        const here = new Set([...room.sockets].map(({ user_id }) => user_id));
        for (const id of room.present ?? []) here.add(id);
        const list = [...room.members.values()].map(({ user_id, username, muted }) => ({
          user_id,
          username,
          role: user_id === room.host ? "host" : "member",
          is_online: here.has(user_id),
          is_muted: muted,
        }));
        const banned =
          whoIs(request) === room.host
            ? {
                banned: [...room.banned].map((user_id) => ({
                  user_id,
                  username: room.names.get(user_id),
                })),
              }
            : {};
        return [
          200,
          {
            online: here.size,
            people: list.sort((a, b) => Number(b.is_online) - Number(a.is_online)),
            ...banned,
          },
        ];
      },
    ],
    [
      "POST",
      /^\/api\/chats\/([^/]+)\/people\/([^/]+)\/$/,
      (request, [code, target], body) => {
        const room = hosted(code, needed(request));
        const { act } = onlyFields(body, "act");
        const member = room.members.get(target);
        if (act === "mute" || act === "unmute") {
          member.muted = act === "mute";
          for (const socket of room.sockets)
            if (socket.user_id === target)
              socket.send(JSON.stringify({ v: 1, type: "muted", is_muted: member.muted }));
        }
        if (act === "kick" || act === "ban") {
          room.members.delete(target);
          if (act === "ban") {
            room.banned.add(target);
            room.names.set(target, member.username);
          }
          showOut(room, target, act === "ban" ? "banned" : "kicked");
        }
        if (act === "unban") room.banned.delete(target);
        return [204, null];
      },
    ],
    [
      "GET",
      /^\/api\/chats\/([^/]+)\/messages\/$/,
      (request, [code], _, query) => {
        const room = readable(code, whoIs(request));
        const limit = Math.min(100, Number(query.get("limit") ?? 50));
        const after = query.get("after");
        const before = Number(query.get("before") ?? Infinity);
        const messages =
          after === null
            ? room.messages.filter(({ seq }) => seq < before).slice(-limit)
            : room.messages.filter(({ seq }) => seq > Number(after)).slice(0, limit);
        return [200, { messages, last_seq: last(room), first_seq: room.first }];
      },
    ],
    [
      "POST",
      /^\/api\/chats\/([^/]+)\/messages\/$/,
      (request, [code], body) => {
        const user = needed(request);
        const room = readable(code, user);
        onlyFields(body, "client_msg_id", "text", "reply_to");
        const refused = mayTalk(room, user);
        if (refused) throw new MockError(403, refused[0], refused[1]);
        const { message, isNew } = say(room, user, body);
        return [isNew ? 201 : 200, message];
      },
    ],
    [
      "DELETE",
      /^\/api\/chats\/([^/]+)\/messages\/(\d+)\/$/,
      (request, [code, seq]) => {
        const user = needed(request);
        const room = readable(code, user);
        change(room, Number(seq), ({ user_id }) => {
          if (user_id !== user && room.host !== user)
            throw new MockError(403, "not_yours", "Only who wrote it, or the host, can delete it.");
          return { text: "", is_deleted: true, reactions: [], reply_to: null };
        });
        return [204, null];
      },
    ],
    [
      "POST",
      /^\/api\/chats\/([^/]+)\/messages\/(\d+)\/reactions\/$/,
      (request, [code, seq], body) => {
        const user = needed(request);
        const { emoji, on } = onlyFields(body, "emoji", "on");
        const room = readable(code, user);
        const refused = mayTalk(room, user);
        if (refused) throw new MockError(403, refused[0], refused[1]);
        return [
          200,
          change(room, Number(seq), ({ reactions }) => {
            const others =
              reactions
                .find((each) => each.emoji === emoji)
                ?.[everybody].filter((each) => each !== user) ?? [];
            const next = reactionOf(emoji, on ? [...others, user] : others);
            const rest = reactions.map((each) => (each.emoji === emoji ? next : each));
            return {
              reactions: (reactions.some((each) => each.emoji === emoji)
                ? rest
                : [...rest, next]
              ).filter(({ count }) => count > 0),
            };
          }),
        ];
      },
    ],
    [
      "GET",
      /^\/api\/chats\/([^/]+)\/offers\/$/,
      (request, [code]) => {
        const room = readable(code, whoIs(request));
        const top = topOf(room)?.tier ?? 0;
        const pins = Object.entries(tiers)
          .map(([tier, minutes]) => ({ tier: Number(tier), minutes, price: usd(Number(tier)) }))
          .filter(({ tier }) => tier > top);
        return [
          200,
          {
            pins,
            tips: tips.map((amount) => ({ amount, price: usd(amount) })),
            back_room: room.back_room && { price: usd(500) },
          },
        ];
      },
    ],
    [
      "POST",
      /^\/api\/chats\/([^/]+)\/pins\/$/,
      (request, [code], body) => {
        const user = needed(request);
        const room = readable(code, user);
        const { seq, tier } = onlyFields(body, "seq", "tier");
        const refused = mayTalk(room, user);
        if (refused) throw new MockError(403, refused[0], refused[1]);
        if (!room.messages.some((message) => message.seq === seq && !message.is_deleted))
          throw new MockError(404, "message_not_found", "There is no such message.");
        if ((topOf(room)?.tier ?? 0) >= tier)
          throw new MockError(
            409,
            "outbid",
            "Another pin is as high. Take a higher tier, or wait.",
          );
        return sell(tier, () => pinUp(room, seq, tier), { minutes: tiers[tier] });
      },
    ],
    [
      "POST",
      /^\/api\/chats\/([^/]+)\/tips\/$/,
      (request, [code], body) => {
        const user = needed(request);
        const room = readable(code, user);
        const { amount } = onlyFields(body, "amount");
        membership(room, user);
        return sell(amount, () => tip(room, user, amount));
      },
    ],
    [
      "GET",
      /^\/api\/chats\/([^/]+)\/tips\/$/,
      (request, [code]) => {
        const room = hosted(code, needed(request));
        const total = room.tips
          .filter(({ is_returned }) => !is_returned)
          .reduce((sum, { price }) => sum + price.minor, 0);
        return [200, { totals: total > 0 ? [usd(total)] : [], tips: room.tips }];
      },
    ],
    [
      "POST",
      /^\/api\/chats\/([^/]+)\/back-room\/$/,
      (request, [code], body) => {
        const user = needed(request);
        const room = readable(code, user);
        onlyFields(body);
        if (room.host === user)
          return room.back_room
            ? [200, { code: room.back_room }]
            : [201, { code: openBehind(room) }];
        if (!room.back_room)
          throw new MockError(404, "back_room_not_found", "There is no such back_room.");
        if (room.entered.has(user)) return [200, { code: room.back_room }];
        membership(room, user);
        return sell(500, () => {
          room.entered.add(user);
          rooms
            .get(room.back_room)
            .members.set(user, { ...room.members.get(user), since: Date.now() });
        });
      },
    ],
    [
      "GET",
      /^\/api\/payments\/orders\/([^/]+)$/,
      (_, [order]) => [
        200,
        { order_id: order, state: fates.get(order) ?? (offered.has(order) ? "pending" : "paid") },
      ],
    ],
    [
      "GET",
      /^\/pay\/([^/]+)$/,
      (_, [order]) => [
        200,
        {
          bytes: Buffer.from(
            `<!doctype html><html lang="en"><title>Pay</title><h1>Pay ${order}</h1></html>`,
          ),
          mime: "text/html",
        },
      ],
    ],
    [
      "POST",
      /^\/api\/ws-ticket$/,
      (request, _, body) => {
        const user = needed(request);
        const room = readable(onlyFields(body, "code").code, user);
        const ticket = randomUUID();
        tickets.set(ticket, { room, user_id: user, until: Date.now() + 30_000 });
        return [
          201,
          {
            url: `${url.replace("http", "ws")}/live?ticket=${ticket}`,
            expires_at: new Date(Date.now() + 30_000).toISOString(),
          },
        ];
      },
    ],
    [
      "GET",
      /^\/images\/(\w+)-(\d+)\.png$/,
      (_, [scene, width]) => {
        const key = `${scene}-${width}`;
        if (!scenes[scene]) throw new MockError(404, "not_found", "There is no such picture.");
        if (!images.has(key))
          images.set(key, png(scene, Number(width), Math.round((Number(width) * 3) / 4)));
        return [200, { bytes: images.get(key), mime: "image/png" }];
      },
    ],
  ];

  async function bodyOf(request) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (/^image\//.test(request.headers["content-type"] ?? "")) return bytes;
    if (bytes.length === 0 || !/json/.test(request.headers["content-type"] ?? "")) return {};
    return JSON.parse(bytes.toString());
  }

  const cors = (request) => ({
    "access-control-allow-origin": request.headers.origin ?? "*",
    "access-control-expose-headers": "retry-after",
    vary: "origin",
  });

  const server = createServer((request, response) => {
    const asked = new URL(request.url, url);
    const answer = async () => {
      if (faults.down) return request.socket.destroy();
      if (request.method === "OPTIONS") {
        response.writeHead(204, {
          ...cors(request),
          "access-control-allow-methods": "GET, POST, PATCH, DELETE",
          "access-control-allow-headers": "authorization, content-type",
          "access-control-max-age": "600",
        });
        return response.end();
      }
      for (const [method, pattern, handle] of routes) {
        const match = method === request.method && pattern.exec(asked.pathname);
        if (!match) continue;
        const busy = Object.keys(faults.busy).find(
          (part) => faults.busy[part] > 0 && `${method} ${asked.pathname}`.includes(part),
        );
        if (busy) {
          faults.busy[busy] -= 1;
          throw Object.assign(
            new MockError(429, "rate_limited", "This is too often. Try again later."),
            { headers: { "retry-after": "1" } },
          );
        }
        const body = method === "GET" ? {} : await bodyOf(request);
        if (faults.delayMs > 0) await wait(faults.delayMs);
        const [status, result] = handle(
          request,
          match.slice(1).map(decodeURIComponent),
          body,
          asked.searchParams,
        );
        if (result?.bytes) {
          response.writeHead(status, {
            ...cors(request),
            "content-type": result.mime,
            "cache-control": "max-age=3600",
          });
          return response.end(result.bytes);
        }
        response.writeHead(status, { ...cors(request), "content-type": "application/json" });
        return response.end(result === null ? "" : JSON.stringify(result));
      }
      throw new MockError(404, "not_found", "There is no such thing.");
    };
    answer().catch(({ status = 500, code = "internal", message, headers = {} }) => {
      response.writeHead(status, {
        ...cors(request),
        ...headers,
        "content-type": "application/problem+json",
      });
      response.end(JSON.stringify({ title: message, status, code, correlation_id: "cor_mock" }));
    });
  });
  server.on("upgrade", (request, socket) => {
    const id = new URL(request.url, url).searchParams.get("ticket");
    const ticket = tickets.get(id);
    tickets.delete(id);
    if (
      faults.down ||
      !ticket ||
      ticket.until < Date.now() ||
      ticket.room.banned.has(ticket.user_id)
    )
      return socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
    const { room, user_id } = ticket;
    const own = accept(request, socket, {
      heard: (text) => hear(room, own, text),
      closed: () => room.sockets.delete(own),
    });
    Object.assign(own, { user_id, greeted: false });
    room.sockets.add(own);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  url = `http://127.0.0.1:${portOf(server)}`;

  const ghost = (room, username) => {
    const user_id = fresh();
    room.members.set(user_id, { user_id, username, muted: false, since: Date.now() });
    return user_id;
  };

  if (demo) fill();

  /** Demo rooms with a history. */
  function fill() {
    const host = fresh();
    const room = addRoom(host, {
      name: "Golden Hour Harbour",
      description:
        "Watching the sun go down together. Bring a blanket, the stones are cold.\nBoats: https://example.com/boats",
      photo: pictureOf("harbour"),
      username: "Dana",
    });
    rooms.delete(room.code);
    room.code = "k7m2p9q4xw";
    rooms.set(room.code, room);
    room.created_at = new Date(Date.now() - day - 5_000_000).toISOString();
    const omer = ghost(room, "Omer");
    const noa = ghost(room, "נועה");
    const mira = ghost(room, "Mira Sollenberg-Achter");
    room.present = [host, omer, noa];
    let id = 0;
    const past = (who, ago, text, extra: { reply_to?: unknown; [field: string]: unknown } = {}) => {
      const { message } = say(
        room,
        who,
        { client_msg_id: `demo-${++id}`, text, reply_to: extra.reply_to ?? null },
        new Date(Date.now() - ago).toISOString(),
      );
      const { reply_to, ...rest } = extra;
      return Object.assign(message, rest);
    };
    for (let count = 120; count > 0; count -= 1)
      past(
        [host, omer, noa, mira][count % 4],
        day + count * 240_000,
        [
          "The light is changing already",
          "Anybody near the lighthouse?",
          "יש מקום ליד הספסל הארוך",
          "Two kites over the water now",
          "It was better yesterday",
          "No wind at all",
        ][count % 6],
      );
    past(host, 3_000_000, "Hello everybody! I am on the long bench at the end of the pier.");
    past(host, 2_990_000, "There is room for four more.", {
      reactions: [reactionOf("👍", [omer, noa]), reactionOf("🎉", [mira])],
    });
    const ask = past(
      omer,
      2_400_000,
      "Is the kiosk still open? I would bring coffee for anyone who wants one",
    );
    past(noa, 2_300_000, "כן, פתוח עד שמונה. אני אשמח לאחד עם חלב", { reply_to: ask.seq });
    past(noa, 2_290_000, "😍");
    past(
      mira,
      1_500_000,
      "If you like this view: the path behind the boatyard goes up to a rock from where you see both bays at once. About ten minutes, good shoes. Map: https://example.com/maps/both-bays?from=pier&to=rock",
    );
    past(omer, 700_000, "", { is_deleted: true, rev: 1 });
    past(omer, 690_000, "Coffee is on its way. Who else?");
    past(host, 90_000, "Sun touches the water in about ten minutes. Phones ready!", {
      reactions: [reactionOf("❤️", [omer, noa, mira])],
    });
    pinUp(room, ask.seq, 500, 14.4);
    const tip = usd(300);
    past(omer, 60_000, "", { tip });
    room.tips.push(
      { username: "Omer", price: tip, at: now(), is_returned: false },
      {
        username: "Mira Sollenberg-Achter",
        price: usd(1000),
        at: new Date(Date.now() - day).toISOString(),
        is_returned: true,
      },
    );
    openBehind(room);
    const wood = addRoom(host, {
      name: "Morning Fog Walkers",
      description: "Up before the sun",
      photo: pictureOf("forest"),
      username: "Dana",
    });
    Object.assign(wood, { code: "f0gwa1kers", ghosts: 2 });
    rooms.set(wood.code, wood);
    const private_ = addRoom(host, {
      name: "Rooftop on 5th, the tall one with the water tower",
      description: "",
      photo: pictureOf("city"),
      username: "Dana",
      is_private: true,
      access_code: "tower",
    });
    Object.assign(private_, { code: "r00ft0p5th" });
    rooms.set(private_.code, private_);
    for (const code of [...rooms.keys()]) if (rooms.get(code).code !== code) rooms.delete(code);
  }

  return {
    url,
    faults,
    rooms,
    /** Adds a room whose host has no browser. */
    add(options = {}) {
      const host = fresh();
      const room = addRoom(host, { name: "Test room", username: "Hosta", ...options });
      return { room, code: room.code, host };
    },
    join: (code, username) => ghost(find(code), username),
    say: (code, user_id, text, reply_to = null) =>
      say(find(code), user_id, { client_msg_id: randomUUID(), text, reply_to }).message,
    typing: (code, user_id) =>
      broadcast(find(code), {
        type: "typing",
        user_id,
        username: find(code).members.get(user_id).username,
        on: true,
      }),
    pin(code, seq, minutes, tier = 500) {
      pinUp(find(code), seq, tier, minutes);
    },
    /** Pays the latest order. */
    pays: () => pay([...offered.keys()].at(-1)),
    tip: (code, user_id, amount) => tip(find(code), user_id, amount),
    tellRoom(code, name) {
      const room = find(code);
      room.name = name;
      broadcast(room, { type: "room", room: newsOf(room) });
    },
    /** Refunds every entrance fee. */
    letOut(code) {
      const room = find(code);
      const back = find(room.back_room);
      for (const user_id of room.entered) {
        back.members.delete(user_id);
        showOut(back, user_id, "kicked");
      }
      room.entered.clear();
    },
    /** Lets everyone in the front room enter the back room, without a broadcast. */
    letIn(code) {
      const room = find(code);
      for (const member of room.members.values()) {
        room.entered.add(member.user_id);
        find(room.back_room).members.set(member.user_id, { ...member });
      }
    },
    openBehind: (code) => openBehind(find(code)),
    /** Sets the state of the unpaid orders. */
    comeTo: (state) => {
      for (const order of offered.keys()) fates.set(order, state);
    },
    payBack(code, seq) {
      const room = find(code);
      room.tips[0].is_returned = true;
      change(room, seq, () => ({ is_deleted: true, tip: undefined }));
    },
    kick: (code, user_id, reason = "kicked") => {
      const room = find(code);
      room.members.delete(user_id);
      if (reason === "banned") room.banned.add(user_id);
      showOut(room, user_id, reason);
    },
    /** Destroys every socket, as a lost network does. */
    kill() {
      for (const room of rooms.values()) for (const socket of room.sockets) socket.tear();
    },
    forgetPeople: () => people.clear(),
    async stop() {
      for (const room of rooms.values()) for (const socket of room.sockets) socket.tear();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
