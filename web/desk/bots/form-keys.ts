// Keys of the fields of a form.

/** Makes a key of a label that no other field has. */
export function keyOf(label: string, taken: readonly string[]): string {
  const plain = label
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "")
    .slice(0, 28);
  const start = plain || "field";
  for (let number = 1; ; number += 1) {
    const key = number === 1 ? start : `${start}_${number}`;
    if (!taken.includes(key)) return key;
  }
}
