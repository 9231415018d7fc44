// The end of a paged list: a button for more, or why there is none.
import { html, nothing, type TemplateResult } from "lit";
import "../ui/notice";
import "../ui/skeleton";
import type { Paged } from "./paged";

export function pagedFooter<Item>(list: Paged<Item>): TemplateResult | typeof nothing {
  if (list.problem)
    return html`<cf-notice action="Try again" @retry=${list.more}>${list.problem.message}</cf-notice>`;
  if (!list.isReady) return html`<cf-skeleton lines="6"></cf-skeleton>`;
  if (!list.hasMore) return nothing;
  return html`<div class="actions"><button class="button" type="button" ?disabled=${list.isLoading} @click=${list.more}>${list.isLoading ? "Loading" : "More"}</button></div>`;
}
