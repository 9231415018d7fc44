// One column, read from the amount down to the button.
import { css } from "lit";

export const appStyle = css`
  :host {
    display: grid;
    justify-items: center;
    align-content: start;
    min-block-size: 100dvh;
    padding: var(--s4) var(--s4) max(var(--s6), env(safe-area-inset-bottom));
    background: var(--paper);
  }
  .page {
    display: grid;
    gap: var(--s5);
    inline-size: 100%;
    max-inline-size: 26rem;
  }
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  .what {
    display: grid;
    gap: var(--s1);
  }
  h1 {
    font-size: var(--t4);
    font-weight: 500;
    overflow-wrap: anywhere;
  }
  .amount {
    font-size: 2.25rem;
    font-weight: 650;
    letter-spacing: -0.02em;
    line-height: 1.15;
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }
  main,
  form {
    display: grid;
    gap: var(--s4);
  }
  fieldset {
    display: grid;
    gap: 0;
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    padding: 0;
    margin-block-end: var(--s2);
    font-size: var(--t2);
    font-weight: 600;
  }
  .choice {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0 var(--s3);
    align-items: center;
    min-block-size: 3.5rem;
    padding: var(--s2) var(--s3);
    border: 1px solid var(--line);
    border-block-end-width: 0;
    cursor: pointer;
    transition: background var(--quick);
  }
  .choice:first-of-type {
    border-start-start-radius: var(--r2);
    border-start-end-radius: var(--r2);
  }
  .choice:last-of-type {
    border-block-end-width: 1px;
    border-end-start-radius: var(--r2);
    border-end-end-radius: var(--r2);
  }
  .choice:hover {
    background: var(--sunken);
  }
  .choice:has(input:checked) {
    background: var(--accent-soft);
  }
  .choice input {
    grid-row: 1 / span 2;
  }
  .choice strong {
    font-weight: 500;
  }
  .choice small {
    grid-column: 2;
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .choice:has(input:checked) small {
    color: var(--ink);
  }
  .actions {
    display: grid;
    gap: var(--s2);
  }
  .actions .button {
    min-block-size: 2.75rem;
    font-size: var(--t3);
  }
  h2 {
    font-size: var(--t5);
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  h2:focus-visible {
    outline: none;
  }
  .note {
    color: var(--ink-soft);
    font-size: var(--t1);
  }
`;
