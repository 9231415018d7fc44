// Micro-dollars: written in full, because a carousel costs less than a cent.
import type { CostRow } from "./contract";

export function dollars(micros: number): string {
  const sign = micros < 0 ? "-" : "";
  const digits = String(Math.abs(micros)).padStart(7, "0");
  return `${sign}$${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

export function sumOf(rows: CostRow[]): number {
  return rows.reduce((sum, { micros }) => sum + micros, 0);
}

/** The price of a million units, with all of its digits. */
export function pricePerMillion(microsPerBillion: number): string {
  return `$${(microsPerBillion / 1e9).toFixed(9).replace(/0{1,7}$/, "")}`;
}
