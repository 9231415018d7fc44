// The ledger's API paths and links.
import { pathOf } from "../ui/action";
import { hashWith } from "../ui/hash";

export function books(parts: string[], query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  const text = new URLSearchParams(given).toString();
  return pathOf("ledger", ...parts) + (text ? `?${text}` : "");
}

export function orderLink(id: string): string {
  return hashWith({ order: id, account: null });
}

export function accountLink(product: string, payer: string): string {
  return hashWith({ account: `${product}/${payer}`, order: null });
}

export function traceLink(correlationId: string): string {
  return `/#${new URLSearchParams({ trace: correlationId })}`;
}
