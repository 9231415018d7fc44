// An event pattern in words: type, source and conditions. The JSON stays authoritative.

const MAX_SHOWN_VALUES = 3;

type Fields = Record<string, unknown>;

export function patternWords(pattern: unknown): string {
  const { "detail-type": types, source, ...others } = isFields(pattern) ? pattern : {};
  const plain = (value: unknown) =>
    Array.isArray(value) && value.every((one) => typeof one === "string")
      ? few(value, "and")
      : undefined;
  const what = plain(types) ?? "anything";
  const whom = plain(source);
  const conditions = [
    ...(types !== undefined && plain(types) === undefined ? wordsOf("detail-type", types) : []),
    ...(source !== undefined && whom === undefined ? wordsOf("source", source) : []),
    ...wordsOf("", others),
  ];
  return `${what}${whom ? ` from ${whom}` : ""}${conditions.length > 0 ? ` where ${conditions.join(" and ")}` : ""}`;
}

function wordsOf(path: string, wanted: unknown): string[] {
  if (Array.isArray(wanted)) {
    if (/(^|\.)\$or$/.test(path))
      return [
        `(${wanted.map((one) => wordsOf(path.replace(/\.?\$or$/, ""), one).join(" and ")).join(" or ")})`,
      ];
    const equal = wanted.filter((one) => !isFields(one)).map(String);
    const ways = [
      ...(equal.length > 0 ? [`= ${few(equal, "or")}`] : []),
      ...wanted.filter(isFields).map(way),
    ];
    return [`${path} ${ways.join(" or ")}`];
  }
  if (!isFields(wanted)) return [];
  // Every custom field sits under `detail`, so the word adds nothing.
  return Object.entries(wanted).flatMap(([name, value]) =>
    wordsOf(path === "" ? (name === "detail" ? "" : name) : `${path}.${name}`, value),
  );
}

function way(matcher: Fields): string {
  const [[name, value] = ["", undefined]] = Object.entries(matcher);
  const values = Array.isArray(value) ? value.map(String) : [String(value)];
  switch (name) {
    case "exists":
      return value === false ? "is missing" : "is there";
    case "prefix":
      return `begins with ${values[0]}`;
    case "suffix":
      return `ends with ${values[0]}`;
    case "equals-ignore-case":
      return `= ${values[0]} in any case`;
    case "anything-but":
      return `is not ${few(values, "or")}`;
    case "numeric":
      // Operators and bounds alternate.
      return values
        .map((part, index) => (index === 0 ? part : `${index % 2 === 0 ? " and " : " "}${part}`))
        .join("");
    default:
      return JSON.stringify(matcher);
  }
}

function few(values: string[], word: "and" | "or"): string {
  if (values.length > MAX_SHOWN_VALUES)
    return `${values.slice(0, MAX_SHOWN_VALUES - 1).join(", ")} ${word} ${values.length - MAX_SHOWN_VALUES + 1} more`;
  return word === "and" ? values.join(", ") : values.join(" or ");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
