// Parts of the carousel's page that need no browser: counts, amounts, columns, texts, drafts, order and polling.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, mock, test } from "node:test";
import { alertValue, inOrder } from "../carousel/alert-list";
import {
  columnsOf,
  mergeCards,
  refreshCards,
  runningStates,
  unreadStates,
} from "../carousel/board";
import type {
  Alert,
  Card,
  Cards,
  CarouselEvent,
  CostRow,
  Slide,
  StageHour,
  State,
} from "../carousel/contract";
import { splitCounters } from "../carousel/counts";
import { draftOf, isChanged, isTooLong, keepMine, rebase } from "../carousel/draft";
import { loadWhenDrawn } from "../carousel/drawing";
import { summaryOf } from "../carousel/event-data";
import { eventTypes, queryOf } from "../carousel/event-query";
import { shareOf } from "../carousel/funnel";
import { graphemes } from "../carousel/graphemes";
import { dollars, pricePerMillion, sumOf } from "../carousel/micros";
import { normalizeLine, normalizeParagraphs } from "../carousel/normalize";
import { nextDelay, Poller } from "../carousel/poller";
import { niceTop, pointsOf } from "../carousel/scale";
import { SignedLinks } from "../carousel/signed-links";
import { asWords, directionOfLanguage, failureText } from "../carousel/words";

const at = (minute) => new Date(Date.UTC(2026, 10, 30, 9, minute)).toISOString();
/** The fields that a test is about. */
const invented = <T>(part: Partial<T>) => part as T;
const card = (id: string, state: State, minute: number, changed = minute) =>
  invented<Card>({ id, state, requestedAt: at(minute), changedAt: at(changed) });
const newest = (carousels) => ({ carousels, next: "cursor" });
/** Answers of the requests of all columns; those without cards are empty. */
const answered = (first: Cards | null, cards: Partial<Record<State, Cards | null>> = {}) => ({
  newest: first,
  running: runningStates.map((state) => ({
    state,
    cards: state in cards ? cards[state] : newest([]),
  })),
});
const idsOf = (cards) => cards.map(({ id }) => id);

describe("graphemes", () => {
  for (const [text, count] of [
    ["", 0],
    ["habits", 6],
    ["👨‍👩‍👧‍👦🇮🇱👍🏽", 3],
    ["שָׁלוֹם", 4],
    ["e\u0301", 1],
  ] as const)
    test(`${JSON.stringify(text)} has ${count}`, () => assert.equal(graphemes(text), count));

  test("a title of 70 emoji fits, and one more is too long", () => {
    const title = "👨‍👩‍👧‍👦".repeat(70);
    assert.equal(isTooLong({ title, body: "" }), false);
    assert.equal(isTooLong({ title: `${title}!`, body: "" }), true);
    assert.equal(isTooLong({ title: "", body: "a".repeat(221) }), true);
  });

  test("a quotation may be longer than a text, and its title may not", () => {
    const body = "a".repeat(221);
    assert.equal(isTooLong({ title: "", body }, true), false);
    assert.equal(isTooLong({ title: "a".repeat(71), body }, true), true);
  });
});

describe("amounts", () => {
  test("micro-dollars are written to the last one", () => {
    assert.equal(dollars(0), "$0.000000");
    assert.equal(dollars(152), "$0.000152");
    assert.equal(dollars(1_284_310), "$1.284310");
    assert.equal(dollars(-5), "-$0.000005");
  });

  test("rows add up without rounding", () => {
    const rows = [1, 2, 3].map((micros) => invented<CostRow>({ micros }));
    assert.equal(sumOf(rows), 6);
  });

  test("a price is for a million units", () => {
    assert.equal(pricePerMillion(150_000_000), "$0.15");
    assert.equal(pricePerMillion(5_000_000_000), "$5.00");
    assert.equal(pricePerMillion(16_276), "$0.000016276");
    assert.equal(pricePerMillion(0), "$0.00");
  });
});

describe("columns", () => {
  test("of two copies the later change is kept, in any order", () => {
    const old = card("a", "requested", 1);
    const now = card("a", "rendering", 1, 2);
    assert.deepEqual(mergeCards([old], [now]), [now]);
    assert.deepEqual(mergeCards([now], [old]), [now]);
  });

  test("of two changes in one millisecond the later state is kept", () => {
    const one = card("a", "delivering", 1);
    const two = card("a", "delivered", 1);
    assert.deepEqual(mergeCards([two], [one]), [two]);
    assert.deepEqual(mergeCards([one], [two]), [two]);
  });

  test("work is listed oldest first, results newest first", () => {
    const columns = columnsOf([
      card("new", "rendering", 5),
      card("old", "rendering", 1),
      card("early", "delivered", 1, 6),
      card("late", "delivered", 0, 9),
    ]);
    assert.deepEqual(idsOf(columns.get("rendering")), ["old", "new"]);
    assert.deepEqual(idsOf(columns.get("delivered")), ["late", "early"]);
    assert.deepEqual(idsOf(columns.get("failed")), []);
  });

  test("a card that left the newest page stays known", () => {
    const known = [card("old", "delivered", 1), card("new", "delivered", 9)];
    const answers = answered(newest([card("newer", "delivered", 10), known[1]]));
    assert.deepEqual(idsOf(refreshCards(known, answers)).sort(), ["new", "newer", "old"]);
  });

  test("a deleted card and one that is no longer at work go", () => {
    const known = [
      card("deleted", "delivered", 9),
      card("done", "rendering", 1),
      card("new", "delivered", 5),
    ];
    assert.deepEqual(idsOf(refreshCards(known, answered(newest([known[2]])))), ["new"]);
  });

  test("an old carousel that is still at work is shown", () => {
    const answers = answered(newest([card("new", "delivered", 9)]), {
      requested: newest([card("stuck", "requested", 0)]),
    });
    assert.deepEqual(idsOf(refreshCards([], answers)).sort(), ["new", "stuck"]);
  });

  test("a list without a next page is all there is", () => {
    const known = [card("gone", "delivered", 1)];
    assert.deepEqual(refreshCards(known, answered({ carousels: [], next: null })), []);
    assert.deepEqual(
      refreshCards(known, answered(newest([]))),
      known,
      "an empty page with a next one says nothing",
    );
  });

  test("a state that could not be read keeps its cards while the others move on", () => {
    const known = [card("stays", "rendering", 1), card("goes", "delivering", 1)];
    const answers = answered(newest([card("new", "delivered", 9)]), {
      requested: newest([card("waits", "requested", 2)]),
      rendering: null,
    });
    assert.deepEqual(unreadStates(answers), ["rendering"]);
    assert.deepEqual(idsOf(refreshCards(known, answers)).sort(), ["new", "stays", "waits"]);
  });

  test("without the newest page finished cards stay, and those at work move on", () => {
    const known = [card("done", "delivered", 9), card("goes", "rendering", 1)];
    const answers = answered(null, { requested: newest([card("waits", "requested", 2)]) });
    assert.deepEqual(unreadStates(answers), ["delivered", "failed", "cancelled"]);
    assert.deepEqual(idsOf(refreshCards(known, answers)).sort(), ["done", "waits"]);
  });
});

describe("normalized texts", () => {
  // The cases of functions/carousel/domain/src/content/text/tests.rs.
  for (const [text, expected] of [
    ["  small\t\r\n habits\u{a0} ", "small habits"],
    ["\u{202e}evil\u{202c} \u{2067}x\u{2069}\u{200f}", "evil x"],
    ["ig\u{200b}nore\u{feff} \u{ad}all\0\u{7}", "ignore all"],
    ["a\u{200d}b \u{200c}c\u{200d} d", "ab c d"],
    ["hi\u{e0049}\u{e0067}\u{e006e}", "hi"],
    ["Cafe\u{301}", "Caf\u{e9}"],
    ["می\u{200c}خواهم", "می\u{200c}خواهم"],
    ["می\u{200c} خواهم", "می خواهم"],
    ["क्\u{200d}ष", "क्\u{200d}ष"],
    ["👩\u{200d}💻 ❤\u{fe0f} 1\u{fe0f}\u{20e3}", "👩\u{200d}💻 ❤\u{fe0f} 1\u{fe0f}\u{20e3}"],
    [`x${"\u{33c}".repeat(9)}`, `x${"\u{33c}".repeat(6)}`],
  ])
    test(`${JSON.stringify(text)} is ${JSON.stringify(expected)}`, () =>
      assert.equal(normalizeLine(text), expected.normalize("NFC")));

  test("lines are trimmed, with one empty line between paragraphs", () => {
    assert.equal(normalizeParagraphs("\n a  b \u2028c\n \n\t\n\nd\n "), "a b\nc\n\nd");
  });
});

describe("drafts", () => {
  const slide = (title, body = "body") => invented<Slide>({ title, body });

  test("a revision of other slides moves the number only", () => {
    const draft = { ...draftOf(slide("one"), 1), title: "mine" };
    const { draft: moved, isConflict } = rebase(draft, slide("one"), 2);
    assert.deepEqual([moved.title, moved.revision, isConflict], ["mine", 2, false]);
  });

  test("an unchanged draft takes the new text", () => {
    const { draft, isConflict } = rebase(draftOf(slide("one"), 1), slide("two"), 2);
    assert.deepEqual([draft.title, draft.revision, isConflict], ["two", 2, false]);
  });

  test("two different changes are a conflict, and the own text stays", () => {
    const mine = { ...draftOf(slide("one"), 1), title: "mine" };
    const { draft, isConflict } = rebase(mine, slide("theirs"), 2);
    assert.deepEqual([draft, isConflict], [mine, true]);
  });

  test("the same change on both sides is no conflict", () => {
    const mine = { ...draftOf(slide("one"), 1), title: "same" };
    assert.equal(rebase(mine, slide("same"), 2).isConflict, false);
  });

  test("an own save comes back normalized and is no conflict", () => {
    const draft = draftOf(slide("one"), 1);
    const mine = { ...draft, title: " mi\u200bne  too ", body: "a \r\n\n\n\n b" };
    const { draft: saved, isConflict } = rebase(mine, slide("mine too", "a\n\nb"), 2);
    assert.deepEqual([saved, isConflict], [draftOf(slide("mine too", "a\n\nb"), 2), false]);
  });

  test("a text that the API would keep as it is counts as unchanged", () => {
    const draft = draftOf(slide("one", "a\nb"), 1);
    assert.equal(isChanged({ ...draft, title: "one ", body: " a\nb\n" }), false);
    assert.equal(isChanged({ ...draft, body: "a b" }), true);
  });

  test("an answer from before the save changes nothing", () => {
    const saved = draftOf(slide("mine"), 3);
    assert.deepEqual(rebase(saved, slide("old"), 2), { draft: saved, isConflict: false });
  });

  test("keeping mine continues from their revision", () => {
    const mine = { ...draftOf(slide("one"), 1), title: "mine" };
    const kept = keepMine(mine, slide("theirs"), 2);
    assert.deepEqual([kept.title, kept.base.title, kept.revision], ["mine", "theirs", 2]);
    assert.equal(rebase(kept, slide("theirs"), 2).isConflict, false);
  });
});

describe("events", () => {
  const event = (data) => invented<CarouselEvent>({ data });

  test("data is summed up without the subject", () => {
    const data = {
      subject: { carousel: "x" },
      millis: 2140,
      micros: 152,
      hashes: ["a", "b"],
      is_composed: false,
      reason: "refused",
      gone: null,
    };
    assert.equal(
      summaryOf(event(data)),
      "2.14 s, $0.000152, hashes 2, not composed, reason refused",
    );
  });

  test("each type of the carousel's contract can be filtered", async () => {
    const contract = new URL("../../shared/contracts/src/carousel.rs", import.meta.url);
    const declared = (await readFile(contract, "utf8")).matchAll(/const TYPE: .* = "(.+)";/g);
    const types = [...declared].map(([, type]) => type);
    assert.ok(types.length > 10, `${types}`);
    for (const type of types) assert.ok(eventTypes.includes(type), type);
  });

  test("empty filters are left out, and local times become instants", () => {
    const none = { type: "", correlation: "", from: "", to: "not a time" };
    assert.deepEqual(
      Object.entries(queryOf(none, null, 50)).filter(([, value]) => value !== undefined),
      [["limit", "50"]],
    );
    const all = queryOf(
      { type: "carousel.failed", correlation: "cor_1", from: "2026-11-30T09:00", to: "" },
      "k",
      5,
    );
    assert.equal(all.from, new Date(2026, 10, 30, 9).toISOString());
    assert.deepEqual(
      [all.type, all.correlationId, all.after, all.limit],
      ["carousel.failed", "cor_1", "k", "5"],
    );
  });
});

describe("figures", () => {
  test("totals are told from their parts", () => {
    const { totals, breakdowns } = splitCounters({
      failed: 9,
      "failed.reason.refused": 4,
      "failed.reason.a.b": 5,
      "telegram.unknown": 1,
    });
    assert.deepEqual(totals, [
      ["failed", 9],
      ["telegram.unknown", 1],
    ]);
    assert.deepEqual(breakdowns, [
      {
        name: "failed.reason",
        parts: [
          ["a.b", 5],
          ["refused", 4],
        ],
      },
    ]);
  });

  const row = (hour, p95Millis) =>
    invented<StageHour>({
      hour: new Date(Date.UTC(2026, 10, 30, hour)).toISOString(),
      p95Millis,
    });
  const plot = { left: 0, right: 100, top: 0, bottom: 50, max: 10 };

  test("hours are placed by their time, with gaps", () => {
    const points = pointsOf([row(0, 0), row(1, 5), row(4, 10)], ({ p95Millis }) => p95Millis, plot);
    assert.deepEqual(points, [
      { x: 0, y: 50 },
      { x: 25, y: 25 },
      { x: 100, y: 0 },
    ]);
  });

  test("a single hour stands in the middle", () => {
    assert.deepEqual(
      pointsOf([row(7, 5)], () => 5, plot),
      [{ x: 50, y: 25 }],
    );
  });

  test("an axis ends at a round number that holds all", () => {
    assert.deepEqual([0, 1, 3, 10, 11, 4999, 5001].map(niceTop), [1, 1, 5, 10, 20, 5000, 10000]);
  });

  test("a share is of the step before", () => {
    assert.equal(shareOf(181, 198), "91%");
    assert.equal(shareOf(5, undefined), "");
    assert.equal(shareOf(0, 0), "");
  });

  test("the value of an alert has the unit of its rule", () => {
    assert.equal(alertValue("failures", 81), "8.1%");
    assert.equal(alertValue("slow_carousels", 1250), "1.25 s");
    assert.equal(alertValue("carousel_overdue", 540), "9 min");
    assert.equal(alertValue("a_new_rule", 1234), "1,234");
  });

  test("open alerts come first, the newest before older ones", () => {
    const alert = (rule, minute, resolved = null) =>
      invented<Alert>({
        rule,
        since: at(minute),
        resolvedAt: resolved,
      });
    const alerts = [alert("a", 1), alert("b", 9, at(10)), alert("c", 5)];
    assert.deepEqual(
      inOrder(alerts).map(({ rule }) => rule),
      ["c", "a", "b"],
    );
  });
});

describe("words", () => {
  test("unknown names are readable", () => {
    for (const name of ["budgetStops", "budget_stops", "budget.stops", "BUDGET-STOPS"])
      assert.equal(asWords(name), "Budget stops");
    assert.equal(failureText("new_reason").what, "New reason");
  });

  test("Hebrew, Arabic, Persian and Urdu run from right to left", () => {
    assert.deepEqual(["he", "ar", "fa", "ur", "en", "hi"].map(directionOfLanguage), [
      "rtl",
      "rtl",
      "rtl",
      "rtl",
      "ltr",
      "ltr",
    ]);
  });
});

describe("signed links", () => {
  test("a file keeps its link until the signature is old", () => {
    let now = 0;
    const links = new SignedLinks(() => now);
    assert.equal(links.of("https://s3/a?s=1"), "https://s3/a?s=1");
    assert.equal(links.of("https://s3/a?s=2"), "https://s3/a?s=1");
    assert.equal(links.of("https://s3/b?s=2"), "https://s3/b?s=2");
    now += 5 * 60_000;
    assert.equal(links.of("https://s3/a?s=3"), "https://s3/a?s=3");
  });

  test("a link that did not load is replaced", () => {
    const links = new SignedLinks(() => 0);
    links.of("https://s3/a?s=1");
    links.forget("https://s3/a?s=1");
    assert.equal(links.of("https://s3/a?s=2"), "https://s3/a?s=2");
  });
});

describe("pictures that are being drawn", () => {
  const loaded = async (failures, isWanted = () => true) => {
    const waits = [];
    let attempts = 0;
    const load = async () => {
      attempts += 1;
      if (attempts <= failures) throw new Error("404");
    };
    const isDrawn = await loadWhenDrawn(load, isWanted, async (ms) => void waits.push(ms));
    return { isDrawn, attempts, waits };
  };

  test("the waits double from 0.3 seconds", async () => {
    assert.deepEqual(await loaded(3), { isDrawn: true, attempts: 4, waits: [300, 600, 1200] });
    assert.deepEqual(await loaded(0), { isDrawn: true, attempts: 1, waits: [] });
  });

  test("after ten seconds it is given up", async () => {
    const { isDrawn, waits } = await loaded(99);
    const sum = waits.reduce((a, b) => a + b);
    assert.equal(isDrawn, false);
    assert.ok(sum > 9_000 && sum <= 10_000, `${sum}`);
  });

  test("what is no longer wanted is not loaded again", async () => {
    let asked = 0;
    const { isDrawn, attempts } = await loaded(99, () => ++asked <= 2);
    assert.deepEqual([isDrawn, attempts], [false, 2]);
  });
});

describe("polling", () => {
  const polled = (work) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    let count = 0;
    const poller = new Poller(() => (count += 1));
    try {
      poller.start();
      work(poller, () => count);
    } finally {
      poller.stop();
      mock.timers.reset();
    }
  };

  test("the wait grows to a minute", () => {
    let delay = 3_000;
    for (let index = 0; index < 20; index += 1) delay = nextDelay(delay);
    assert.equal(delay, 60_000);
  });

  test("it slows down while nothing changes, and hurries after news", () => {
    polled((poller, count) => {
      mock.timers.tick(3_000);
      assert.equal(count(), 1);
      mock.timers.tick(3_000);
      assert.equal(count(), 1, "the second wait is longer");
      mock.timers.tick(1_500);
      assert.equal(count(), 2);
      poller.hurry();
      mock.timers.tick(3_000);
      assert.equal(count(), 3);
    });
  });

  test("beside a stream it looks every 15 seconds", () => {
    polled((poller, count) => {
      poller.setStreaming(true);
      mock.timers.tick(14_999);
      assert.equal(count(), 0);
      mock.timers.tick(1);
      assert.equal(count(), 1);
      poller.setStreaming(false);
      mock.timers.tick(3_000);
      assert.equal(count(), 2, "without the stream it does not wait for the rest of 15 seconds");
    });
  });
});
