// A third pane for what Telegram saw, from 75rem on.
import { css } from "lit";

export const appStyle = css`
  aside {
    min-inline-size: 0;
    padding: var(--s4);
    border-inline-start: 1px solid var(--line);
    background: var(--paper);
    overflow-y: auto;
  }
  .side > footer {
    justify-content: start;
  }
  .side > footer button + a {
    margin-inline-start: auto;
  }
  .alert {
    margin-block-end: var(--s4);
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }
  @media (min-width: 75rem) {
    .sides {
      grid-template-columns: minmax(15rem, 19rem) minmax(0, 1fr) minmax(20rem, 26rem);
    }
  }
`;
