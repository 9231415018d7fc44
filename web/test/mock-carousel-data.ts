// Invented texts, pictures and figures of carousels.

const looks = {
  essay: ["#f6f1e7", "#1f1b16", "#a84a22"],
  night: ["#0b1020", "#ffffff", "#a5b4fc"],
  swiss: ["#ffffff", "#111111", "#e5322d"],
  verse: ["#17443a", "#f4ebd7", "#d6b262"],
  bento: ["#f3eeff", "#1d1433", "#6d4aff"],
  bold: ["#c93a17", "#fff6ee", "#1b0b06"],
};
const heights = { portrait: 1350, square: 1080, story: 1920 };

/** A title and the texts of slides, by language. */
const texts = {
  en: {
    title: "Small habits that last",
    slides: [
      ["Small habits that last", "Five ideas for the next ordinary Tuesday"],
      [
        "Begin smaller than you want",
        "Two minutes are enough. What is easy to start is done again tomorrow.",
      ],
      [
        "Tie it to something old",
        "After the coffee, before the shower: an old habit carries a new one.",
      ],
      ["Miss once, never twice", "A gap is an accident, two are the beginning of another habit."],
      [
        "Keep the tools in sight",
        "What lies on the table is used. What lies in the drawer is forgotten.",
      ],
      ["Count what you did", "A row of crosses on a calendar is hard to break."],
      ["Start today", "Choose one. Do it for two minutes. That is all."],
    ],
  },
  he: {
    title: "הרגלים קטנים שנשארים",
    slides: [
      ["הרגלים קטנים שנשארים", "חמישה רעיונות ליום שלישי רגיל"],
      ["התחילו בקטן", "שתי דקות מספיקות. מה שקל להתחיל, קל לחזור אליו מחר."],
      ["חברו להרגל ישן", "אחרי הקפה, לפני המקלחת: הרגל ישן נושא הרגל חדש."],
      ["לא להחמיץ פעמיים", "פעם אחת היא תאונה, פעמיים הן התחלה של הרגל אחר."],
      ["התחילו היום", "בחרו אחד. שתי דקות. זה הכול."],
    ],
  },
  ru: {
    title: "Маленькие привычки, которые остаются",
    slides: [
      ["Маленькие привычки, которые остаются", "Пять идей для обычного вторника"],
      ["Начните с малого", "Двух минут достаточно. Что легко начать, то легко повторить."],
      ["Привяжите к старому", "После кофе, перед душем: старая привычка несёт новую."],
      ["Начните сегодня", "Выберите одну. Две минуты. Это всё."],
    ],
  },
  ar: {
    title: "عادات صغيرة تدوم",
    slides: [
      ["عادات صغيرة تدوم", "أفكار ليوم عادي"],
      ["ابدأ بأصغر مما تريد", "دقيقتان تكفيان. ما يسهل بدؤه يسهل تكراره غدا."],
      ["ابدأ اليوم", "اختر واحدة. دقيقتان. هذا كل شيء."],
    ],
  },
};

export function slidesOf(language, count) {
  const known = texts[language] ?? texts.en;
  return Array.from({ length: count }, (_, index) => {
    const [title, body] = known.slides[index % known.slides.length];
    const type = index === 0 ? "title" : index === count - 1 ? "summary" : "principle";
    return { number: index + 1, type, kicker: "", title, body, verse: null, alt: title };
  });
}

export function titleOf(language) {
  return (texts[language] ?? texts.en).title;
}

const escaped = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

function lines(text, width) {
  const rows = [""];
  for (const word of text.split(" ")) {
    const row = rows.at(-1);
    if (row && row.length + word.length >= width) rows.push(word);
    else rows[rows.length - 1] = row ? `${row} ${word}` : word;
  }
  return rows;
}

/** Draws a slide as SVG, so that the repository holds no binary file. */
export function drawn({ template, format, language, pages }, { number, title, body }) {
  const [paper, ink, accent] = looks[template];
  const height = heights[format];
  const isRightToLeft = ["he", "ar", "fa", "ur"].includes(language);
  const x = isRightToLeft ? 984 : 96;
  const write = (rows, y, size, step, weight) =>
    rows
      .map(
        (row, index) =>
          `<text x="${x}" y="${y + index * step}" font-size="${size}" font-weight="${weight}" fill="${ink}">${escaped(row)}</text>`,
      )
      .join("");
  const titles = lines(title, 18);
  const top = height / 2 - titles.length * 55;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1080" height="${height}" viewBox="0 0 1080 ${height}" font-family="sans-serif" direction="${isRightToLeft ? "rtl" : "ltr"}">
    <rect width="1080" height="${height}" fill="${paper}"/>
    <rect x="${isRightToLeft ? 888 : 96}" y="${top - 150}" width="96" height="10" fill="${accent}"/>
    ${write(titles, top, 96, 110, 700)}${write(lines(body, 38), top + titles.length * 110 + 20, 44, 64, 400)}
    <text x="96" y="${height - 90}" font-size="30" fill="${accent}" direction="ltr">${number} / ${pages.length}</text>
  </svg>`;
}

const HOUR_MS = 3_600_000;
const stages = { write: 900, first_slide: 1150, slides: 1900, delivery: 800, total: 2900 };

/** Durations with a busy evening. */
export function stageHours(now, hours) {
  const start = Math.floor(now / HOUR_MS) * HOUR_MS;
  return Array.from({ length: Math.min(hours, 48) }, (_, back) => {
    const hour = start - back * HOUR_MS;
    const load = 1 + 0.5 * Math.sin(back / 3) ** 2 + (back % 11 === 4 ? 0.8 : 0);
    return Object.entries(stages).map(([stage, base]) => ({
      hour: new Date(hour).toISOString(),
      stage,
      count: 4 + ((back * 7) % 19),
      p50Millis: Math.round(base * load),
      p95Millis: Math.round(base * load * 2.1),
      p99Millis: Math.round(base * load * 3.2),
    }));
  }).flat();
}

export const counters = {
  requested: 412,
  completed: 389,
  failed: 9,
  cancelled: 6,
  "requested.language.en": 260,
  "requested.language.he": 92,
  "requested.language.ru": 60,
  "completed.template.essay": 201,
  "completed.template.night": 188,
  "failed.reason.refused": 4,
  "failed.reason.unconfirmed": 5,
  slidesRendered: 2701,
  slidesReused: 318,
  edits: 74,
  composed: 21,
  refusals: 4,
  budgetStops: 0,
  telegramCalls: 3120,
  rateLimited: 2,
  "cost.micros": 1_284_310,
};

export const funnel = [
  { step: "start", people: 240 },
  { step: "topic", people: 198 },
  { step: "delivered", people: 181 },
  { step: "edited", people: 62 },
  { step: "exported", people: 40 },
];

/** Prices of one day: each row is rounded once, as the service does. */
export function costRows(slides, isComposed) {
  const row = (kind, units, microsPerBillion) => ({
    kind,
    units,
    microsPerBillion,
    priceDay: "2026-11-01",
    micros: Math.round((units * microsPerBillion) / 1e9),
  });
  const model = [
    row("input_tokens", 1830, 150_000_000),
    row("cached_tokens", 1024, 75_000_000),
    row("output_tokens", 912, 600_000_000),
  ];
  const files = [
    row("render_megabyte_millis", slides * 62 * 1769, 16_276),
    row("object_puts", slides * 2, 5_000_000_000),
    row("telegram_calls", slides + 4, 0),
  ];
  return isComposed ? files : [...model, ...files];
}
