// A link as a QR code (ISO/IEC 18004): bytes, error correction M, versions 1 to 10, which is up to 213 bytes.

/** Rows of modules; true is dark. Null when the text is too long. */
export function encodeQr(text: string, mask?: number): boolean[][] | null {
  const data = new TextEncoder().encode(text);
  const version = versions.findIndex(
    ({ blocks }, index) =>
      index > 0 &&
      data.length + (index < 10 ? 2 : 3) <=
        blocks.reduce((sum, [count, size]) => sum + count * size, 0),
  );
  if (version < 1) return null;
  const bits = interleaved(data, version);
  const all = (mask === undefined ? [0, 1, 2, 3, 4, 5, 6, 7] : [mask]).map((each) =>
    drawn(version, bits, each),
  );
  return all.reduce((best, next) => (penalty(next) < penalty(best) ? next : best));
}

/**
 * For error correction M: correction bytes of each block, data bytes as [blocks, bytes each],
 * centres of the alignment patterns.
 */
const versions: { correction: number; blocks: [number, number][]; centres: number[] }[] = [
  { correction: 0, blocks: [], centres: [] },
  { correction: 10, blocks: [[1, 16]], centres: [] },
  { correction: 16, blocks: [[1, 28]], centres: [6, 18] },
  { correction: 26, blocks: [[1, 44]], centres: [6, 22] },
  { correction: 18, blocks: [[2, 32]], centres: [6, 26] },
  { correction: 24, blocks: [[2, 43]], centres: [6, 30] },
  { correction: 16, blocks: [[4, 27]], centres: [6, 34] },
  { correction: 18, blocks: [[4, 31]], centres: [6, 22, 38] },
  {
    correction: 22,
    blocks: [
      [2, 38],
      [2, 39],
    ],
    centres: [6, 24, 42],
  },
  {
    correction: 22,
    blocks: [
      [3, 36],
      [2, 37],
    ],
    centres: [6, 26, 46],
  },
  {
    correction: 26,
    blocks: [
      [4, 43],
      [1, 44],
    ],
    centres: [6, 28, 50],
  },
];

/** The text with length, padding and error correction, blocks interleaved, as bits. */
function interleaved(text: Uint8Array, version: number): number[] {
  const { blocks, correction } = versions[version]!;
  const sizes = blocks.flatMap(([count, size]) => Array<number>(count).fill(size));
  const room = sizes.reduce((sum, size) => sum + size, 0);
  const bits: number[] = [];
  const push = (value: number, length: number) => {
    for (let bit = length - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  push(0b0100, 4);
  push(text.length, version < 10 ? 8 : 16);
  for (const byte of text) push(byte, 8);
  push(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8 > 0) bits.push(0);
  const bytes: number[] = [];
  for (let index = 0; index < bits.length; index += 8)
    bytes.push(parseInt(bits.slice(index, index + 8).join(""), 2));
  for (let pad = 0xec; bytes.length < room; pad ^= 0xec ^ 0x11) bytes.push(pad);

  let from = 0;
  const parts = sizes.map((size) => {
    from += size;
    return bytes.slice(from - size, from);
  });
  const divisor = generator(correction);
  const corrections = parts.map((part) => remainder(part, divisor));
  const woven = (rows: number[][]) =>
    Array.from({ length: Math.max(...rows.map(({ length }) => length)) }, (_, index) =>
      rows.flatMap((row) => row.slice(index, index + 1)),
    ).flat();
  return [...woven(parts), ...woven(corrections)].flatMap((byte) =>
    [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1),
  );
}

/** Multiplies in GF(256) over x^8 + x^4 + x^3 + x^2 + 1. */
function times(x: number, y: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((y >> bit) & 1) * x;
  }
  return product;
}

function generator(degree: number): number[] {
  const factors = [...Array<number>(degree - 1).fill(0), 1];
  let root = 1;
  for (let round = 0; round < degree; round += 1) {
    for (let index = 0; index < degree; index += 1)
      factors[index] = times(factors[index]!, root) ^ (factors[index + 1] ?? 0);
    root = times(root, 2);
  }
  return factors;
}

function remainder(data: number[], divisor: number[]): number[] {
  const rest = Array<number>(divisor.length).fill(0);
  for (const byte of data) {
    const factor = byte ^ rest.shift()!;
    rest.push(0);
    divisor.forEach((each, index) => {
      rest[index]! ^= times(each, factor);
    });
  }
  return rest;
}

const masks: ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function drawn(version: number, bits: number[], mask: number): boolean[][] {
  const size = version * 4 + 17;
  const rows = Array.from({ length: size }, () => Array<boolean | null>(size).fill(null));
  const set = (x: number, y: number, dark: boolean) => {
    if (rows[y]?.[x] !== undefined) rows[y]![x] = dark;
  };

  const finder = (cx: number, cy: number) => {
    for (let dy = -4; dy <= 4; dy += 1)
      for (let dx = -4; dx <= 4; dx += 1)
        set(cx + dx, cy + dy, ![2, 4].includes(Math.max(Math.abs(dx), Math.abs(dy))));
  };
  for (let index = 0; index < size; index += 1) {
    set(6, index, index % 2 === 0);
    set(index, 6, index % 2 === 0);
  }
  finder(3, 3);
  finder(size - 4, 3);
  finder(3, size - 4);
  const { centres } = versions[version]!;
  const last = centres.length - 1;
  for (const [row, cy] of centres.entries()) {
    for (const [column, cx] of centres.entries()) {
      const inFinder =
        (row === 0 && column === 0) ||
        (row === 0 && column === last) ||
        (row === last && column === 0);
      if (inFinder) continue;
      for (let dy = -2; dy <= 2; dy += 1)
        for (let dx = -2; dx <= 2; dx += 1)
          set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
    }
  }
  formatted(set, size, mask);
  if (version >= 7) {
    const word = (version << 12) | checked(version, 12, 0x1f25);
    for (let bit = 0; bit < 18; bit += 1) {
      const dark = ((word >> bit) & 1) === 1;
      const far = size - 11 + (bit % 3);
      set(far, Math.floor(bit / 3), dark);
      set(Math.floor(bit / 3), far, dark);
    }
  }

  // Two columns at a time from the right, up and down in turn, around the timing pattern.
  let next = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (rows[y]![x] !== null) continue;
        rows[y]![x] = (bits[next] === 1) !== masks[mask]!(x, y);
        next += 1;
      }
    }
  }
  return rows as boolean[][];
}

function formatted(
  set: (x: number, y: number, dark: boolean) => void,
  size: number,
  mask: number,
): void {
  // Error correction M is 00.
  const word = ((mask << 10) | checked(mask, 10, 0x537)) ^ 0x5412;
  const dark = (bit: number) => ((word >> bit) & 1) === 1;
  for (let bit = 0; bit <= 5; bit += 1) set(8, bit, dark(bit));
  set(8, 7, dark(6));
  set(8, 8, dark(7));
  set(7, 8, dark(8));
  for (let bit = 9; bit < 15; bit += 1) set(14 - bit, 8, dark(bit));
  for (let bit = 0; bit < 8; bit += 1) set(size - 1 - bit, 8, dark(bit));
  for (let bit = 8; bit < 15; bit += 1) set(8, size - 15 + bit, dark(bit));
  set(8, size - 8, true);
}

/** The check bits of a BCH code. */
function checked(value: number, length: number, polynomial: number): number {
  let rest = value;
  for (let round = 0; round < length; round += 1)
    rest = (rest << 1) ^ ((rest >> (length - 1)) * polynomial);
  return rest;
}

/** Penalty score of a mask: runs, blocks, finder look-alikes, and dark-light imbalance. */
function penalty(rows: boolean[][]): number {
  const size = rows.length;
  const columns = rows.map((_, x) => rows.map((row) => row[x]!));
  let sum = 0;
  for (const line of [...rows, ...columns]) {
    const text = line.map((dark) => (dark ? "1" : "0")).join("");
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2;
    for (const finder of ["10111010000", "00001011101"])
      for (let at = text.indexOf(finder); at >= 0; at = text.indexOf(finder, at + 1)) sum += 40;
  }
  for (let y = 1; y < size; y += 1)
    for (let x = 1; x < size; x += 1)
      if (new Set([rows[y]![x], rows[y - 1]![x], rows[y]![x - 1], rows[y - 1]![x - 1]]).size === 1)
        sum += 3;
  const share = (rows.flat().filter(Boolean).length * 100) / (size * size);
  return sum + Math.floor(Math.abs(share - 50) / 5) * 10;
}
