// Decodes a thumbhash (https://evanw.github.io/thumbhash, MIT) to a few pixels, as a placeholder.
// Photos have no alpha.

export interface Thumb {
  width: number;
  height: number;
  rgba: Uint8ClampedArray<ArrayBuffer>;
  /** The photo's OKLCH hue in degrees, and its chroma. */
  hue: number;
  chroma: number;
}

export function decodeThumbhash(base64: string): Thumb | null {
  let hash: Uint8Array;
  try {
    hash = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
  if (hash.length < 5) return null;
  const byte = (index: number) => hash[index] ?? 0;
  const head = byte(0) | (byte(1) << 8) | (byte(2) << 16);
  const tail = byte(3) | (byte(4) << 8);
  const hasAlpha = head >> 23 === 1;
  if (hasAlpha) return null;
  const isLandscape = tail >> 15 === 1;
  const lx = Math.max(3, isLandscape ? 7 : tail & 7);
  const ly = Math.max(3, isLandscape ? tail & 7 : 7);
  let at = 0;
  const channel = (nx: number, ny: number, scale: number): number[] => {
    const factors: number[] = [];
    for (let cy = 0; cy < ny; cy += 1) {
      for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx += 1, at += 1) {
        factors.push((((byte(5 + (at >> 1)) >> ((at & 1) << 2)) & 15) / 7.5 - 1) * scale);
      }
    }
    return factors;
  };
  const lightness = (head & 63) / 63;
  const yellow = ((head >> 6) & 63) / 31.5 - 1;
  const red = ((head >> 12) & 63) / 31.5 - 1;
  const lFactors = channel(lx, ly, ((head >> 18) & 31) / 31);
  // Restores the saturation that quantization lost.
  const pFactors = channel(3, 3, (((tail >> 3) & 63) / 63) * 1.25);
  const qFactors = channel(3, 3, (((tail >> 9) & 63) / 63) * 1.25);

  const ratio = lx / ly;
  const width = Math.round(ratio > 1 ? 32 : 32 * ratio);
  const height = Math.round(ratio > 1 ? 32 / ratio : 32);
  const rgba = new Uint8ClampedArray(width * height * 4);
  const wave = (size: number, position: number) =>
    Array.from({ length: 7 }, (_, index) => Math.cos((Math.PI / size) * (position + 0.5) * index));
  for (let y = 0; y < height; y += 1) {
    const fy = wave(height, y);
    for (let x = 0; x < width; x += 1) {
      const fx = wave(width, x);
      const sum = (nx: number, ny: number, factors: number[]) => {
        let total = 0;
        let index = 0;
        for (let cy = 0; cy < ny; cy += 1) {
          for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx += 1, index += 1)
            total += (factors[index] ?? 0) * (fx[cx] ?? 0) * (fy[cy] ?? 0) * 2;
        }
        return total;
      };
      rgba.set(
        [
          ...rgb(
            lightness + sum(lx, ly, lFactors),
            yellow + sum(3, 3, pFactors),
            red + sum(3, 3, qFactors),
          ).map((value) => value * 255),
          255,
        ],
        (y * width + x) * 4,
      );
    }
  }
  return { width, height, rgba, ...hueOf(rgb(lightness, yellow, red)) };
}

function rgb(l: number, p: number, q: number): [number, number, number] {
  const blue = l - (2 / 3) * p;
  const red = (3 * l - blue + q) / 2;
  const clamp = (value: number) => Math.max(0, Math.min(1, value));
  return [clamp(red), clamp(red - q), clamp(blue)];
}

function hueOf(color: [number, number, number]): { hue: number; chroma: number } {
  const [r, g, b] = color.map((value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  ) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const along = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const across = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  return {
    hue: Math.round(((Math.atan2(across, along) * 180) / Math.PI + 360) % 360),
    chroma: Math.hypot(along, across),
  };
}
