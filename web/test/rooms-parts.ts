// Parts of the rooms page that need no browser: QR codes, placeholders, names, texts and times.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { retryAfterDelay, retryWhileBusy } from "../live/backoff";
import type { Failure, Scheduler } from "../live/types";
import type { Money } from "../rooms/contract";
import { nameSkeleton, randomName } from "../rooms/names";
import { isFulfilled, isOutbid, PaymentPoller, pinRefetchDelay } from "../rooms/payment";
import { encodeQr } from "../rooms/qr";
import { includeOwn, setOwn } from "../rooms/reactions";
import { groupByDay, toItems } from "../rooms/thread";
import { decodeThumbhash } from "../rooms/thumbhash";
import {
  busyText,
  characterCount,
  countdown,
  messageAge,
  onlineCount,
  priceOf,
  refusalText,
  tipText,
  typingText,
} from "../rooms/words";
import { linked, onlyEmoji } from "../ui/text";
import { scenes } from "./mock-photos";

describe("QR codes", () => {
  const drawn = (rows) =>
    rows.map((row) => row.map((dark) => (dark ? "1" : "0")).join("")).join("\n");

  // Made with the npm package qrcode 1.5.4 (byte mode, error correction M, mask 3).
  const known = {
    "https://rooms.example/rooms#room=k7m2p9q4xw": [
      33,
      "68e4dcc85f7a22d645ae15656eeef7f7783c47f208df6e820ed0b220e97f2e7e",
    ],
    ["y".repeat(152)]: [49, "98439d850327df542d74f8a9dfd434388894f591fc0af365461c8a01c66367f2"],
    ["q".repeat(213)]: [57, "bc1e849386435044d89d44a5c155a859abdbe65715579cc6eda7cb4fb7039e34"],
  };
  for (const [text, [size, hash]] of Object.entries(known)) {
    test(`${text.length} bytes match the reference encoder`, () => {
      const rows = encodeQr(text, 3);
      assert.equal(rows.length, size);
      assert.equal(createHash("sha256").update(drawn(rows)).digest("hex"), hash);
    });
  }

  test("the smallest version is drawn completely", () => {
    const rows = encodeQr("HI");
    assert.equal(rows.length, 21);
    assert.deepEqual(rows[0].slice(0, 8), [true, true, true, true, true, true, true, false]);
    assert.deepEqual(rows[3].slice(0, 8), [true, false, true, true, true, false, true, false]);
  });

  test("a text that is too long returns null", () => assert.equal(encodeQr("q".repeat(214)), null));
});

describe("placeholders", () => {
  test("a known thumbhash decodes to its size and colours", () => {
    const thumb = decodeThumbhash("1QcSHQRnh493V4dIh4eXh1h4kJUI");
    assert.deepEqual([thumb.width, thumb.height], [23, 32]);
    const near = [64, 77, 113, 255].every(
      (value, index) => Math.abs(thumb.rgba[index] - value) <= 1,
    );
    assert.ok(near, `${thumb.rgba.slice(0, 4)}`);
  });

  test("a thumbhash has the hue of its photo", () => {
    const { hue, chroma } = decodeThumbhash(scenes.harbour.thumbhash);
    assert.ok(hue > 20 && hue < 100 && chroma > 0.015, `${hue} ${chroma}`);
    assert.ok(decodeThumbhash(scenes.forest.thumbhash).hue > 120);
  });

  test("an invalid thumbhash returns null", () => {
    for (const text of ["", "AA==", "not base64!", "%%%"])
      assert.equal(decodeThumbhash(text), null);
  });
});

describe("names", () => {
  test("look-alike names have the same skeleton", () => {
    for (const [one, other] of [
      ["Dana", "dаna"],
      ["Dana", "DANA "],
      ["Omer", "0mer"],
      ["Bill", "Biil"],
      ["Bill", "BI11"],
      ["José", "Jose"],
      ["Dana", "Da\u200bna"],
      ["Marn", "Mam"],
      ["Blue Heron", "Blue_Heron"],
      ["Ｄana", "Dana"],
    ])
      assert.equal(nameSkeleton(one), nameSkeleton(other), `${one} and ${other}`);
    for (const [one, other] of [
      ["Dana", "Dina"],
      ["נועה", "נועם"],
      ["Blue Heron", "Blue Fox"],
    ])
      assert.notEqual(nameSkeleton(one), nameSkeleton(other));
  });

  test("random names fit the limits", () => {
    for (let count = 0; count < 200; count += 1)
      assert.ok(randomName().length >= 2 && randomName().length <= 24);
  });
});

describe("texts", () => {
  const links = (text) =>
    linked(text)
      .filter((part) => typeof part !== "string")
      .map(({ values }) => values[0]);

  test("only web addresses become links, without trailing punctuation", () => {
    assert.deepEqual(links("see https://a.example/x?y=1, and (http://b.example)."), [
      "https://a.example/x?y=1",
      "http://b.example",
    ]);
    assert.deepEqual(links("https://a.example/wiki/Pier_(sea)"), [
      "https://a.example/wiki/Pier_(sea)",
    ]);
    assert.deepEqual(
      links("javascript:alert(1) data:text/html,x ftp://a.example www.a.example"),
      [],
    );
    assert.deepEqual(links("https://"), []);
    assert.deepEqual(linked("<b>no</b>"), ["<b>no</b>"]);
  });

  test("up to three emoji alone count as emoji", () => {
    for (const text of ["😍", "👍🏽", "👨‍👩‍👧", "🇮🇱", "1️⃣", "😀 😀 😀", "❤️"])
      assert.equal(onlyEmoji(text), true, text);
    for (const text of ["", "1", "a😀", "😀😀😀😀", "ok", "12"])
      assert.equal(onlyEmoji(text), false, text);
  });

  test("characters are counted by code points", () => assert.equal(characterCount("😀ב"), 2));

  test("times are relative within an hour", () => {
    const now = Date.parse("2026-01-05T10:00:00Z");
    assert.equal(messageAge(now - 30_000, now), "now");
    assert.equal(messageAge(now - 5 * 60_000, now), "5 min");
    assert.match(messageAge(now - 5 * 3_600_000, now), /^\d\d:\d\d$/);
    assert.equal(countdown(now + 65_000, now), "1:05");
    assert.equal(countdown(now - 1, now), "0:00");
    assert.equal(countdown(now + 3_661_000, now), "1:01:01");
    assert.equal(typingText(["A", "B", "C"]), "Several people are typing");
  });
});

describe("thread", () => {
  const message = (seq, user_id, minute, rest = {}) => ({
    seq,
    user_id,
    username: user_id,
    at: new Date(Date.parse("2026-01-05T10:00:00") + minute * 60_000).toISOString(),
    text: `t${seq}`,
    client_msg_id: `c${seq}`,
    reply_to: null,
    is_deleted: false,
    reactions: [],
    rev: 0,
    ...rest,
  });
  const view = (messages, pending = []) =>
    toItems({ messages, pending, me: "me", myName: "Me", isBlocked: (id) => id === "bad" });

  test("consecutive messages of one user form a group, and days are separate", () => {
    const days = groupByDay(
      view([
        message(1, "a", 0),
        message(2, "a", 1),
        message(3, "b", 2),
        message(4, "b", 20),
        message(5, "b", 24 * 60),
      ]),
    );
    assert.deepEqual(
      days.map(({ groups }) => groups.map(({ items }) => items.map(({ seq }) => seq))),
      [[[1, 2], [3], [4]], [[5]]],
    );
  });

  test("a message keeps its key from pending to posted and appears once", () => {
    const pending = {
      client_msg_id: "c1",
      text: "t",
      reply_to: null,
      at: 0,
      problem: "",
      seq: null,
    };
    const [before] = view([], [pending]);
    const after = view([message(1, "me", 0)], [{ ...pending, seq: 1 }]);
    assert.deepEqual(
      after.map(({ key }) => key),
      [before.key],
    );
  });

  test("a renamed user starts a new group, and blocked users are marked", () => {
    const items = view([
      message(1, "a", 0),
      message(2, "a", 0, { username: "new" }),
      message(3, "bad", 0),
    ]);
    assert.equal(groupByDay(items)[0].groups.length, 3);
    assert.deepEqual(
      items.map(({ isBlocked }) => isBlocked),
      [false, false, true],
    );
  });

  test("a tip stands alone between messages of the same user", () => {
    const tip = { minor: 300, currency: "USD" };
    const items = view([
      message(1, "a", 0),
      message(2, "a", 0, { tip, text: "" }),
      message(3, "a", 0),
    ]);
    assert.deepEqual(
      items.map((item) => item.tip),
      [null, tip, null],
    );
    assert.deepEqual(
      groupByDay(items)[0].groups.map((group) => group.items.length),
      [1, 1, 1],
    );
  });

  test("an own reaction appears and disappears at once", () => {
    assert.deepEqual(setOwn([], "👍", "me", true), [{ emoji: "👍", count: 1, users: ["me"] }]);
    assert.deepEqual(setOwn([{ emoji: "👍", count: 2, users: ["a", "me"] }], "👍", "me", false), [
      { emoji: "👍", count: 1, users: ["a"] },
    ]);
    assert.deepEqual(setOwn([{ emoji: "👍", count: 1, users: ["me"] }], "👍", "me", false), []);
  });

  test("an own reaction can be removed when the server names only some users", () => {
    const named = ["a", "b"];
    assert.deepEqual(includeOwn([{ emoji: "👍", count: 3, users: named }], "👍", "me"), [
      { emoji: "👍", count: 3, users: ["a", "b", "me"] },
    ]);
    for (const others of [
      [{ emoji: "👍", count: 2, users: named }],
      [{ emoji: "🎉", count: 9, users: named }],
      [{ emoji: "👍", count: 9, users: ["me"] }],
      [],
    ]) {
      assert.deepEqual(includeOwn(others, "👍", "me"), others);
    }
  });
});

describe("payments", () => {
  const usd = (minor: number): Money => ({ minor, currency: "USD" });
  const pin = (seq, minor) => ({
    seq,
    username: "Dana",
    text: "t",
    until: "",
    price: usd(minor),
    next_price: null,
  });
  const payment = (what, rest = {}) => ({
    what,
    orderId: "ord_1",
    payUrl: "https://pay.example",
    price: usd(500),
    seq: 5,
    until: 600_000,
    ...rest,
  });
  const seen = (rest = {}) => ({ pin: null, mayEnter: false, messages: [], me: "me", ...rest });

  test("amounts are formatted in their currency", () => {
    assert.equal(priceOf(usd(300)), "$3.00");
    assert.equal(priceOf({ minor: 123_456, currency: "EUR" }), "€1,234.56");
    assert.equal(priceOf({ minor: 5, currency: "ILS" }), "₪0.05");
    assert.equal(tipText("Omer", usd(300), false), "Omer gave $3.00");
    assert.equal(tipText("Omer", usd(300), true), "Omer gave you $3.00");
  });

  test("a refusal states the next step", () => {
    const refused = (status, code, retryAfterMs = null) =>
      refusalText({ status, code, message: "as the server says", retryAfterMs });
    assert.match(refused(409, "outbid"), /Choose a higher pin/);
    assert.match(refused(404, "message_not_found"), /no longer available/);
    assert.match(refused(422, "not_for_sale"), /not available right now/);
    assert.equal(refused(403, "muted"), "as the server says");
    assert.match(refused(429, "too_many", 9_100), /Try again in 10 seconds/);
    assert.match(refused(429, "too_many", 61_000), /Try again in 2 minutes/);
  });

  test("a pin is fulfilled when its message is pinned at its price", () => {
    assert.equal(isFulfilled(payment("pin"), seen()), false);
    assert.equal(isFulfilled(payment("pin"), seen({ pin: pin(5, 500) })), true);
    assert.equal(isFulfilled(payment("pin"), seen({ pin: pin(4, 500) })), false);
    assert.equal(
      isFulfilled(payment("pin"), seen({ pin: pin(5, 200) })),
      false,
      "a lower one of the same message, from before",
    );
  });

  test("a higher pin outbids a payment", () => {
    assert.equal(isOutbid(payment("pin"), null), false);
    assert.equal(isOutbid(payment("pin"), pin(4, 200)), false);
    assert.equal(isOutbid(payment("pin"), pin(4, 500)), true);
    assert.equal(isOutbid(payment("pin"), pin(5, 1_000)), true);
    assert.equal(isOutbid(payment("pin"), pin(5, 500)), false, "it is ours");
    assert.equal(isOutbid(payment("tip"), pin(4, 2_000)), false);
  });

  test("a tip is fulfilled by a later own message with its amount", () => {
    const message = (rest) =>
      seen({ messages: [{ seq: 6, user_id: "me", tip: usd(500), ...rest }] });
    assert.equal(isFulfilled(payment("tip"), message({})), true);
    for (const other of [
      { seq: 5 },
      { user_id: "omer" },
      { tip: usd(300) },
      { tip: { minor: 500, currency: "EUR" } },
      { tip: undefined },
    ])
      assert.equal(isFulfilled(payment("tip"), message(other)), false, JSON.stringify(other));
  });

  test("the back room is fulfilled when its code is known", () => {
    assert.equal(isFulfilled(payment("back_room"), seen()), false);
    assert.equal(isFulfilled(payment("back_room"), seen({ mayEnter: true })), true);
  });

  test("refetches after a pin are jittered and back off", () => {
    assert.deepEqual(
      [0, 0.5, 1].map((luck) => pinRefetchDelay(10_000, 4_000, 0, luck)),
      [6_500, 8_500, 10_500],
    );
    assert.equal(pinRefetchDelay(4_000, 10_000, 0, 0), 500, "the time is over already");
    assert.ok(pinRefetchDelay(0, 0, 3, 1) <= 36_000);
  });

  describe("payment poller", () => {
    function visit({ until = 600_000, takes = 0 } = {}) {
      const state = {
        now: 0,
        asked: [],
        overs: 0,
        isVisible: true,
        timers: new Set<{ at: number; run: () => void }>(),
        underway: 0,
        most: 0,
      };
      const later = (ms, run) => {
        const timer = { at: state.now + ms, run };
        state.timers.add(timer);
        return () => state.timers.delete(timer);
      };
      const ask = async () => {
        state.asked.push(state.now);
        state.underway += 1;
        state.most = Math.max(state.most, state.underway);
        if (takes > 0) await new Promise((resolve) => later(takes, resolve));
        state.underway -= 1;
      };
      const asking = new PaymentPoller(
        { now: () => state.now, random: () => 0.5, later, isVisible: () => state.isVisible },
        until,
        ask,
        () => (state.overs += 1),
      );
      const settle = async () => {
        for (let round = 0; round < 8; round += 1) await Promise.resolve();
      };
      const pass = async (ms) => {
        const end = state.now + ms;
        for (;;) {
          const [next] = [...state.timers]
            .filter(({ at }) => at <= end)
            .sort((a, b) => a.at - b.at);
          if (!next) break;
          state.timers.delete(next);
          state.now = next.at;
          next.run();
          await settle();
        }
        state.now = end;
      };
      return { state, asking, pass, settle };
    }

    test("polls back off and end when the checkout expires", async () => {
      const { state, pass } = visit();
      await pass(10_000);
      assert.equal(state.asked.length, 3);
      await pass(590_000);
      const gaps = state.asked.slice(1).map((at, index) => Math.round(at - state.asked[index]));
      assert.ok(Math.max(...gaps) === 20_000, `${gaps}`);
      assert.equal(state.asked.at(-1), 600_000, "once more at the end");
      assert.equal(state.overs, 1);
      const { length } = state.asked;
      await pass(600_000);
      assert.equal(state.asked.length, length);
      assert.equal(state.timers.size, 0);
    });

    test("a hidden page does not poll, and polls at once when visible", async () => {
      const { state, asking, pass, settle } = visit();
      state.isVisible = false;
      await pass(60_000);
      assert.deepEqual(state.asked, []);
      state.isVisible = true;
      asking.wake();
      await settle();
      assert.deepEqual(state.asked, [60_000]);
    });

    test("the last poll runs after the expiry of a hidden page", async () => {
      const { state, asking, pass, settle } = visit();
      state.isVisible = false;
      await pass(599_000);
      assert.deepEqual(state.asked, []);
      state.now = 700_000;
      asking.wake();
      await settle();
      assert.deepEqual([state.asked, state.overs], [[700_000], 1]);
    });

    test("polls never overlap", async () => {
      const { state, asking, pass } = visit({ takes: 20_000 });
      await pass(5_000);
      for (let count = 0; count < 5; count += 1) asking.wake();
      await pass(60_000);
      assert.equal(state.most, 1);
      assert.ok(state.asked.length >= 2);
    });

    test("a stopped poller does not poll", async () => {
      const { state, asking, pass } = visit({ takes: 1_000 });
      await pass(3_000);
      asking.stop();
      asking.wake();
      await pass(900_000);
      assert.deepEqual([state.asked.length, state.overs], [1, 0]);
    });
  });
});

describe("online counts", () => {
  test("a count expires after ninety seconds, and zero is not shown", () => {
    assert.equal(onlineCount(302, 0, 89_000), "302 here now");
    assert.equal(onlineCount(1, 0, 90_000), "1 here now");
    assert.equal(onlineCount(302, 0, 90_001), "");
    assert.equal(onlineCount(0, 0, 0), "");
    assert.equal(onlineCount(3, -Infinity, 0), "");
  });
});

describe("retries of a busy server", () => {
  const busy = (seconds) => ({
    status: 429,
    code: "rate_limited",
    message: "This is too often.",
    retryAfterMs: seconds * 1000,
  });
  const clockOf = () => {
    const clock = {
      now: 0,
      timers: [] as { at: number; run: () => void }[],
      pace: (_random?: () => number) => ({}) as Scheduler,
      run: async () => {},
    };
    clock.pace = (random = () => 0.5) => ({
      now: () => clock.now,
      random,
      later: (ms, run) => {
        clock.timers.push({ at: clock.now + ms, run });
        return () => {};
      },
    });
    clock.run = async () => {
      for (let round = 0; round < 20; round += 1) await Promise.resolve();
      while (clock.timers.length > 0) {
        clock.timers.sort((a, b) => a.at - b.at);
        const { at, run } = clock.timers.shift();
        clock.now = at;
        run();
        for (let round = 0; round < 20; round += 1) await Promise.resolve();
      }
    };
    return clock;
  };

  test("a call waits for the retry-after, reports the wait, and is repeated", async () => {
    const clock = clockOf();
    const asked = [];
    const waits = [];
    const answer = retryWhileBusy(
      async () => {
        asked.push(clock.now);
        if (asked.length < 3) throw busy(3);
        return "in";
      },
      (error) => error as Failure,
      (until) => waits.push(until),
      clock.pace(() => 0),
    );
    await clock.run();
    assert.equal(await answer, "in");
    assert.deepEqual(asked, [0, 3_000, 6_000]);
    assert.deepEqual(waits, [3_000, 6_000, null]);
  });

  test("clients refused in the same second come back spread out, and all succeed", async () => {
    const clock = clockOf();
    let seed = 7;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    // A token bucket: twenty at once, then five a second.
    let [tokens, at] = [20, 0];
    const ask = async () => {
      tokens = Math.min(20, tokens + (clock.now - at) / 200);
      at = clock.now;
      if (tokens < 1) throw busy(1);
      tokens -= 1;
    };
    const all = Array.from({ length: 100 }, () =>
      retryWhileBusy(
        ask,
        (error) => error as Failure,
        () => {},
        clock.pace(random),
      ),
    );
    const returns = new Set<number>();
    await clock.run();
    await Promise.all(all);
    for (let who = 0; who < 100; who += 1) returns.add(retryAfterDelay(1_000, 0, random()));
    assert.equal(returns.size, 100);
    assert.ok(Math.min(...returns) >= 1_000);
    assert.ok(clock.now < 120_000, `${clock.now} ms`);
  });

  test("refusals and long rate limits are reported at once", async () => {
    for (const failure of [
      { status: 403, code: "banned", message: "", retryAfterMs: null },
      { status: 500, code: "internal", message: "", retryAfterMs: null },
      busy(540),
    ]) {
      const clock = clockOf();
      await assert.rejects(
        retryWhileBusy(
          async () => Promise.reject(failure),
          (error) => error as Failure,
          () => {},
          clock.pace(),
        ),
        (error) => error === failure,
      );
      assert.equal(clock.timers.length, 0);
    }
  });

  test("the text counts down", () => {
    assert.equal(busyText("Joining", 3_000, 0), "The room is busy. Joining in 3 s…");
    assert.equal(busyText("Joining", 3_000, 2_999), "The room is busy. Joining in 1 s…");
  });
});
