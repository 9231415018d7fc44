// Amounts as people read and write them. Stored amounts are integers in the currency's smallest
// unit.

function format(currency: string, signed = false): Intl.NumberFormat {
  return new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    signDisplay: signed ? "exceptZero" : "auto",
  });
}

function digits(currency: string): number {
  return format(currency).resolvedOptions().maximumFractionDigits ?? 2;
}

export function money(minor: number, currency: string): string {
  return format(currency).format(minor / 10 ** digits(currency));
}

/** A signed change. */
export function change(minor: number, currency: string): string {
  return format(currency, true).format(minor / 10 ** digits(currency));
}

/** The value of an amount field: `19.00`. */
export function formatAmount(minor: number, currency: string): string {
  return (minor / 10 ** digits(currency)).toFixed(digits(currency));
}

export function parseAmount(text: string, currency: string): number {
  return Math.round(Number(text) * 10 ** digits(currency));
}

export function amountStep(currency: string): string {
  return formatAmount(1, currency);
}
