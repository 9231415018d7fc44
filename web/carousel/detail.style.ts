// Layout of one carousel: a head, the slides, and two columns.
import { css } from "lit";

export const detailStyle = css`
  :host,
  .column,
  .part {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: var(--s5);
  }
  :host {
    gap: var(--s4);
  }
  .part {
    gap: var(--s2);
  }
  .back {
    display: inline-flex;
    align-items: center;
    gap: var(--s1);
    justify-self: start;
    font-size: var(--t2);
    text-decoration: none;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: start;
    justify-content: space-between;
    gap: var(--s3) var(--s5);
  }
  .head > div:first-child {
    flex: 1 1 20rem;
    min-inline-size: 0;
  }
  h2 {
    font-size: var(--t6);
    font-weight: 650;
    letter-spacing: -0.02em;
    line-height: 1.25;
    overflow-wrap: anywhere;
  }
  h3 {
    font-size: var(--t4);
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  .facts,
  .actions,
  .files {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: var(--s1) var(--s4);
    font-size: var(--t2);
  }
  .facts {
    margin-block-start: var(--s1);
  }
  .actions {
    gap: var(--s2);
  }
  .small {
    font-size: var(--t2);
  }
  .two {
    display: grid;
    grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
    gap: var(--s5) var(--s6);
    align-items: start;
  }
  .text {
    max-block-size: 14rem;
    padding: var(--s3);
    border-radius: var(--r2);
    background: var(--sunken);
    font-size: var(--t2);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    overflow-y: auto;
  }
  .sum {
    display: flex;
    justify-content: space-between;
    gap: var(--s4);
    font-size: var(--t2);
  }
  th small {
    display: block;
    color: var(--ink-soft);
    font-size: var(--t1);
    font-weight: 400;
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
  @media (max-width: 60rem) {
    .two {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
