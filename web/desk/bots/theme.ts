// Colours of the widget made of one, as functions/desk/domain/src/bot/appearance.rs makes them.

export interface Color {
  red: number;
  green: number;
  blue: number;
}

export interface WidgetTheme {
  accent: string;
  onAccent: "#ffffff" | "#000000";
  /** Links and outlines in the light and in the dark theme. */
  accentOnLight: string;
  accentOnDark: string;
}

const MIN_CONTRAST = 4.5;
const STEPS = 32;
const white: Color = { red: 255, green: 255, blue: 255 };
const black: Color = { red: 0, green: 0, blue: 0 };
const darkBackground: Color = { red: 0x16, green: 0x18, blue: 0x1d };

export function parseColor(text: string): Color | null {
  const digits = /^#([0-9a-f]{6})$/i.exec(text)?.[1];
  if (!digits) return null;
  const channel = (at: number) => Number.parseInt(digits.slice(at, at + 2), 16);
  return { red: channel(0), green: channel(2), blue: channel(4) };
}

export function colorText({ red, green, blue }: Color): string {
  return `#${[red, green, blue].map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

function luminance({ red, green, blue }: Color): number {
  const linear = (channel: number) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** The contrast of two colours, from 1 to 21. */
export function contrast(one: Color, other: Color): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function mixed(from: Color, to: Color, step: number): Color {
  const mix = (a: number, b: number) => Math.floor((a * (STEPS - step) + b * step) / STEPS);
  return {
    red: mix(from.red, to.red),
    green: mix(from.green, to.green),
    blue: mix(from.blue, to.blue),
  };
}

/** Returns the nearest colour, towards `to`, that can be read on a background. */
function readableOn(color: Color, background: Color, to: Color): Color {
  for (let step = 0; step <= STEPS; step += 1) {
    const candidate = mixed(color, to, step);
    if (contrast(candidate, background) >= MIN_CONTRAST) return candidate;
  }
  return to;
}

export function themeOf(accent: Color): WidgetTheme {
  const isLight = contrast(accent, white) >= contrast(accent, black);
  return {
    accent: colorText(accent),
    onAccent: isLight ? "#ffffff" : "#000000",
    accentOnLight: colorText(readableOn(accent, white, black)),
    accentOnDark: colorText(readableOn(accent, darkBackground, white)),
  };
}
