// Generated scenes as PNG, so that the repository holds no binary file.
import { deflateSync } from "node:zlib";

const hex = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
const mix = (a, b, part) =>
  a.map((value, index) => value + (b[index] - value) * Math.max(0, Math.min(1, part)));

/** Sky from top to horizon, light, and hills or water from far to near. */
export const scenes = {
  harbour: {
    sky: ["#35507a", "#e8a87c", "#f6d7a8"],
    sun: [0.68, 0.5, 0.055, "#fff3d6"],
    layers: [
      ["#6d6a83", 0.56, 0.03, 3],
      ["#40506b", 0.62, 0.012, 9],
      ["#22344d", 0.8, 0.02, 5],
    ],
    water: 0.62,
    thumbhash: "YxgOLYZ3eIiJd3iAeHh3d4eJgLgI",
  },
  forest: {
    sky: ["#8fb8c9", "#cfe0d8", "#e9efe0"],
    sun: [0.3, 0.25, 0.04, "#fffbe8"],
    layers: [
      ["#9db8a2", 0.5, 0.08, 3],
      ["#6f9478", 0.62, 0.07, 5],
      ["#3f6b4d", 0.76, 0.08, 8],
      ["#23452f", 0.9, 0.06, 13],
    ],
    water: 2,
    thumbhash: "6scNFYJ4d4ePd4eDh3d4d3iAk7cI",
  },
  city: {
    sky: ["#1b1f3a", "#54406e", "#b56576"],
    sun: [0.5, 0.55, 0.001, "#ffffff"],
    layers: [
      ["#3a2f55", 0.55, 0.1, 31],
      ["#241f3e", 0.68, 0.12, 23],
      ["#12122a", 0.85, 0.08, 17],
    ],
    water: 2,
    thumbhash: "UScKDYJ4iHh5h3hweFeIiHhwhjgH",
  },
};

export function draw(name, width, height) {
  const { sky, sun, layers, water } = scenes[name];
  const [top, middle, low] = sky.map(hex);
  const [sunX, sunY, radius, sunColor] = sun;
  const rgb = new Uint8Array(width * height * 3);
  const ridge = (x, [, base, rough, waves]) => {
    const angular = waves > 15;
    const wave = angular ? Math.floor(x * waves) * 12.9898 : 0;
    return angular
      ? base - rough * Math.abs(Math.sin(wave))
      : base +
          rough *
            (Math.sin(x * waves + base * 20) * 0.6 +
              Math.sin(x * waves * 2.7 + base * 50) * 0.3 +
              Math.sin(x * waves * 6.1) * 0.1);
  };
  for (let py = 0; py < height; py += 1) {
    for (let px = 0; px < width; px += 1) {
      const x = px / width;
      const y = py / height;
      let color = y < 0.35 ? mix(top, middle, y / 0.35) : mix(middle, low, (y - 0.35) / 0.3);
      const away = Math.hypot((x - sunX) * (width / height), y - sunY);
      color = mix(color, hex(sunColor), away < radius ? 1 : 0.5 * Math.exp(-(away - radius) * 7));
      for (const layer of layers)
        if (y > ridge(x, layer))
          color = mix(hex(layer[0]), low, Math.max(0, 0.25 - (y - layer[1]) * 0.6));
      if (y > water && y < ridge(x, layers.at(-1))) {
        const glitter =
          Math.exp(-Math.abs(x - sunX) * 9) *
          (0.5 + 0.5 * Math.sin(py * 1.7 + Math.sin(px * 0.05) * 3));
        color = mix(mix(low, top, (y - water) * 2.4 + 0.25), hex(sunColor), glitter * 0.7);
      }
      const grain = ((px * 12.9898 + py * 78.233) % 7) - 3;
      rgb.set(
        color.map((value) => Math.max(0, Math.min(255, value + grain))),
        (py * width + px) * 3,
      );
    }
  }
  return { rgb, width, height };
}

export function png(name, width, height) {
  const { rgb } = draw(name, width, height);
  const rows = Buffer.alloc(height * (width * 3 + 1));
  for (let y = 0; y < height; y += 1)
    rows.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1);
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return ~sum >>> 0;
}
