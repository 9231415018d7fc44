// Layout of the ledger: one column under a bar with the day and its actions.
import { css } from "lit";

export const appStyle = css`
  :host {
    display: grid;
    grid-template: auto 1fr / minmax(0, 1fr);
    min-block-size: 100%;
  }
  cf-app-bar {
    position: sticky;
    inset-block-start: 0;
    z-index: 2;
  }
  cf-app-bar a {
    font-size: var(--t2);
  }
  main {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: var(--s5);
    inline-size: 100%;
    max-inline-size: 82rem;
    margin-inline: auto;
    padding: var(--s4) var(--s4) var(--s6);
  }
  .bar,
  .day,
  .find {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s2);
  }
  .bar {
    justify-content: space-between;
    gap: var(--s3) var(--s5);
  }
  .day h2 {
    margin-inline-end: var(--s2);
    font-size: var(--t5);
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  .day .icon {
    scale: 1 1;
  }
  [dir="rtl"] .day .icon,
  :host(:dir(rtl)) .day .icon {
    scale: -1 1;
  }
  .find .input {
    flex: 1 1 11rem;
    inline-size: 15rem;
  }
  .find select.input {
    flex: 0 1 auto;
    inline-size: auto;
  }
  tbody th small,
  td small {
    display: block;
    color: var(--ink-soft);
    font-size: var(--t1);
    font-weight: 400;
  }
  td small.bad {
    color: var(--bad);
  }
  td small.warn {
    color: var(--warn);
  }
  .aside {
    padding-block: var(--s2);
    font-size: var(--t2);
  }
  .aside cf-status {
    white-space: normal;
  }
  .more {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    padding-block: var(--s3);
  }
  @media (max-width: 45rem) {
    .day h2 {
      flex-basis: 100%;
    }
    .find,
    .find + .button {
      flex: 1 1 100%;
    }
  }
`;
