// The parts of the rooms' page that need no page: QR codes, placeholders, names, texts and times.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { load } from "./modules.mjs";
import { scenes } from "./mock-photos.mjs";

const { qrOf, thumbOf, likeness, someName, linked, onlyEmoji, when, left, length, itemsOf, threadOf, withMine, typingWords } = await load("rooms/qr.ts", "rooms/thumbhash.ts", "rooms/names.ts", "rooms/words.ts", "rooms/thread.ts", "rooms/reactions.ts", "ui/text.ts");

describe("QR codes", () => {
  const drawn = (rows) => rows.map((row) => row.map((dark) => (dark ? "1" : "0")).join("")).join("\n");

  // Made with the npm package qrcode 1.5.4 (byte mode, error correction M, mask 3).
  const known = {
    "https://rooms.example/rooms#room=k7m2p9q4xw": [33, "68e4dcc85f7a22d645ae15656eeef7f7783c47f208df6e820ed0b220e97f2e7e"],
    ["y".repeat(152)]: [49, "98439d850327df542d74f8a9dfd434388894f591fc0af365461c8a01c66367f2"],
    ["q".repeat(213)]: [57, "bc1e849386435044d89d44a5c155a859abdbe65715579cc6eda7cb4fb7039e34"],
  };
  for (const [text, [size, hash]] of Object.entries(known)) {
    test(`${text.length} bytes are drawn as others draw them`, () => {
      const rows = qrOf(text, 3);
      assert.equal(rows.length, size);
      assert.equal(createHash("sha256").update(drawn(rows)).digest("hex"), hash);
    });
  }

  test("the smallest one, to be seen", () => {
    const rows = qrOf("HI");
    assert.equal(rows.length, 21);
    assert.deepEqual(rows[0].slice(0, 8), [true, true, true, true, true, true, true, false]);
    assert.deepEqual(rows[3].slice(0, 8), [true, false, true, true, true, false, true, false]);
  });

  test("what is too long is none", () => assert.equal(qrOf("q".repeat(214)), null));
});

describe("placeholders", () => {
  test("a known thumbhash has its size and its colours", () => {
    const thumb = thumbOf("1QcSHQRnh493V4dIh4eXh1h4kJUI");
    assert.deepEqual([thumb.width, thumb.height], [23, 32]);
    const near = [64, 77, 113, 255].every((value, index) => Math.abs(thumb.rgba[index] - value) <= 1);
    assert.ok(near, `${thumb.rgba.slice(0, 4)}`);
  });

  test("a sunset is warm, a forest is green", () => {
    const { hue, chroma } = thumbOf(scenes.harbour.thumbhash);
    assert.ok(hue > 20 && hue < 100 && chroma > 0.015, `${hue} ${chroma}`);
    assert.ok(thumbOf(scenes.forest.thumbhash).hue > 120);
  });

  test("what is no thumbhash is none", () => {
    for (const text of ["", "AA==", "not base64!", "%%%"]) assert.equal(thumbOf(text), null);
  });
});

describe("names", () => {
  test("names that look alike are one", () => {
    for (const [one, other] of [["Dana", "dаna"], ["Dana", "DANA "], ["Omer", "0mer"], ["Bill", "Biil"], ["Bill", "BI11"], ["José", "Jose"], ["Dana", "Da\u200bna"], ["Marn", "Mam"], ["Blue Heron", "Blue_Heron"], ["Ｄana", "Dana"]]) assert.equal(likeness(one), likeness(other), `${one} and ${other}`);
    for (const [one, other] of [["Dana", "Dina"], ["נועה", "נועם"], ["Blue Heron", "Blue Fox"]]) assert.notEqual(likeness(one), likeness(other));
  });

  test("a first name fits the limits", () => {
    for (let count = 0; count < 200; count += 1) assert.ok(someName().length >= 2 && someName().length <= 24);
  });
});

describe("texts", () => {
  const links = (text) => linked(text).filter((part) => typeof part !== "string").map(({ values }) => values[0]);

  test("only web addresses become links, without what follows them", () => {
    assert.deepEqual(links("see https://a.example/x?y=1, and (http://b.example)."), ["https://a.example/x?y=1", "http://b.example"]);
    assert.deepEqual(links("https://a.example/wiki/Pier_(sea)"), ["https://a.example/wiki/Pier_(sea)"]);
    assert.deepEqual(links("javascript:alert(1) data:text/html,x ftp://a.example www.a.example"), []);
    assert.deepEqual(links("https://"), []);
    assert.deepEqual(linked("<b>no</b>"), ["<b>no</b>"]);
  });

  test("only emoji, up to three", () => {
    for (const text of ["😍", "👍🏽", "👨‍👩‍👧", "🇮🇱", "1️⃣", "😀 😀 😀", "❤️"]) assert.equal(onlyEmoji(text), true, text);
    for (const text of ["", "1", "a😀", "😀😀😀😀", "ok", "12"]) assert.equal(onlyEmoji(text), false, text);
  });

  test("characters are counted as people count them", () => assert.equal(length("😀ב"), 2));

  test("times", () => {
    const now = Date.parse("2026-01-05T10:00:00Z");
    assert.equal(when(now - 30_000, now), "now");
    assert.equal(when(now - 5 * 60_000, now), "5 min");
    assert.match(when(now - 5 * 3_600_000, now), /^\d\d:\d\d$/);
    assert.equal(left(now + 65_000, now), "1:05");
    assert.equal(left(now - 1, now), "0:00");
    assert.equal(left(now + 3_661_000, now), "1:01:01");
    assert.equal(typingWords(["A", "B", "C"]), "Several people are typing");
  });
});

describe("thread", () => {
  const message = (seq, user_id, minute, rest = {}) => ({ seq, user_id, username: user_id, at: new Date(Date.parse("2026-01-05T10:00:00") + minute * 60_000).toISOString(), text: `t${seq}`, client_msg_id: `c${seq}`, reply_to: null, is_deleted: false, reactions: [], rev: 0, ...rest });
  const view = (messages, pending = []) => itemsOf({ messages, pending, me: "me", myName: "Me", isBlocked: (id) => id === "bad" });

  test("what one person says in a row is one group, days are apart", () => {
    const days = threadOf(view([message(1, "a", 0), message(2, "a", 1), message(3, "b", 2), message(4, "b", 20), message(5, "b", 24 * 60)]));
    assert.deepEqual(days.map(({ groups }) => groups.map(({ items }) => items.map(({ seq }) => seq))), [[[1, 2], [3], [4]], [[5]]]);
  });

  test("a message keeps its key from writing to being there, and is never there twice", () => {
    const pending = { client_msg_id: "c1", text: "t", reply_to: null, at: 0, problem: "", seq: null };
    const [before] = view([], [pending]);
    const after = view([message(1, "me", 0)], [{ ...pending, seq: 1 }]);
    assert.deepEqual(after.map(({ key }) => key), [before.key]);
  });

  test("a name that is changed begins a new group, and who is blocked is marked", () => {
    const items = view([message(1, "a", 0), message(2, "a", 0, { username: "new" }), message(3, "bad", 0)]);
    assert.equal(threadOf(items)[0].groups.length, 3);
    assert.deepEqual(items.map(({ isBlocked }) => isBlocked), [false, false, true]);
  });

  test("one's reaction shows at once, and goes at once", () => {
    assert.deepEqual(withMine([], "👍", "me", true), [{ emoji: "👍", count: 1, users: ["me"] }]);
    assert.deepEqual(withMine([{ emoji: "👍", count: 2, users: ["a", "me"] }], "👍", "me", false), [{ emoji: "👍", count: 1, users: ["a"] }]);
    assert.deepEqual(withMine([{ emoji: "👍", count: 1, users: ["me"] }], "👍", "me", false), []);
  });
});
