// Layout of the pages besides the inbox: a heading with its actions, and one column.
import { css } from "lit";

export const pageStyle = css`
  :host {
    display: block;
    padding: var(--s5) clamp(var(--s3), 3vw, var(--s6)) var(--s6);
  }
  .column {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
    max-inline-size: 64rem;
    margin-inline: auto;
  }
  .narrow {
    max-inline-size: 40rem;
  }
  .page-head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2) var(--s3);
    min-block-size: 2.25rem;
  }
  .page-head h1 {
    flex: 1;
    min-inline-size: 8rem;
    font-size: var(--t5);
    font-weight: 650;
    letter-spacing: -0.015em;
    overflow-wrap: anywhere;
  }
  .lead {
    max-inline-size: 60ch;
    color: var(--ink-soft);
    font-size: var(--t3);
  }
  .panel {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
    padding: var(--s4);
    border: 1px solid var(--line);
    border-radius: var(--r3);
    background: var(--raised);
  }
  .panel h2,
  .panel h3 {
    font-size: var(--t4);
    font-weight: 600;
  }
  .panel .table {
    --paper: var(--raised);
  }
  .table thead th {
    vertical-align: bottom;
  }
  .crumb {
    font-size: var(--t2);
  }
  @media (max-width: 45rem) {
    :host {
      padding-block-start: var(--s4);
    }
    .panel {
      padding: var(--s3);
    }
  }
`;
