// Layout of the ledger's drawers: sections with headings, and lists of ids.
import { css } from "lit";

export const drawerStyle = css`
  .body,
  .part {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: var(--s5);
  }
  .part {
    gap: var(--s2);
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: var(--s1) var(--s4);
  }
  .head strong {
    font-size: var(--t6);
    font-weight: 650;
    letter-spacing: -0.02em;
    line-height: 1.2;
    font-variant-numeric: tabular-nums;
  }
  h3 {
    font-size: var(--t3);
    font-weight: 600;
  }
  .ids {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: var(--s1) var(--s4);
    font-size: var(--t2);
  }
  .ids dt {
    color: var(--ink-soft);
  }
  .ids dd {
    overflow-wrap: anywhere;
  }
  .told {
    display: grid;
    gap: var(--s2);
    font-size: var(--t2);
  }
  .told li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) max-content;
    gap: 0 var(--s4);
    padding-block-end: var(--s2);
    border-block-end: 1px solid var(--line);
  }
  .told .by {
    grid-column: 1 / -1;
    font-size: var(--t1);
    overflow-wrap: anywhere;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    gap: var(--s2);
  }
  .row .field {
    flex: 0 1 8rem;
  }
  .row p {
    flex: 1 1 12rem;
    align-self: center;
    font-size: var(--t2);
  }
  @media (max-width: 30rem) {
    .ids {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
    .ids dd {
      margin-block-end: var(--s2);
    }
  }
`;
