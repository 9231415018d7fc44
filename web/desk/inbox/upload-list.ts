// The files of a message that is being written.
import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { byteSize } from "../../ui/format";
import { icon } from "../../ui/icons";
import type { Uploads } from "./uploads";

export function uploadList(uploads: Uploads | null): TemplateResult | typeof nothing {
  if (!uploads || uploads.list.length === 0) return nothing;
  return html`<ul class="uploads" aria-label="Files to send">
    ${repeat(
      uploads.list,
      ({ key }) => key,
      ({ key, name, bytes, isReady, problem }) => html`<li class=${problem ? "failed" : ""}>
        ${icon("file")}<bdi>${name}</bdi>
        <span role="status">${problem || (isReady ? byteSize(bytes) : "Checking")}</span>
        <button class="button bare small" type="button" aria-label="Remove ${name}" @click=${() => uploads.remove(key)}>${icon("close")}</button>
      </li>`,
    )}
  </ul>`;
}

export const uploadListStyle = css`
  .uploads {
    display: grid;
    gap: 2px;
    padding: var(--s1) var(--s2) 0;
  }
  .uploads li {
    display: flex;
    align-items: center;
    gap: var(--s2);
    font-size: var(--t2);
  }
  .uploads bdi {
    min-inline-size: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .uploads span {
    flex: 1;
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .uploads .failed span {
    color: var(--bad);
  }
`;
