// Loading placeholder of the messages.
import { css, html, type TemplateResult } from "lit";

export function messagesPlaceholder(): TemplateResult {
  return html`<div class="talk-bones" aria-hidden="true"><i></i><i></i><i></i><i></i><i></i></div>`;
}

export const placeholderStyle = css`
  .talk-bones {
    display: grid;
    flex: 1;
    align-content: end;
    gap: var(--s3);
  }
  .talk-bones i {
    block-size: 2.25rem;
    border-radius: 1.125rem;
    background: light-dark(#e9e4db, #24221f);
  }
  .talk-bones i:nth-child(odd) {
    inline-size: 42%;
    justify-self: end;
  }
  .talk-bones i:nth-child(even) {
    inline-size: 58%;
    margin-inline-start: 2.75rem;
  }
  .talk-bones i:nth-child(3n + 2) {
    block-size: 3.5rem;
  }
`;
