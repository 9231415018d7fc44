// Two panes, or one at a time below 48rem.
import { css } from "lit";

export const panesStyle = css`
  :host {
    display: block;
    block-size: 100dvh;
  }
  .sides {
    display: grid;
    grid-template: minmax(0, 1fr) / minmax(0, 1fr);
    block-size: 100%;
  }
  .side {
    display: flex;
    flex-direction: column;
    min-inline-size: 0;
    background: var(--paper);
  }
  header {
    display: flex;
    align-items: center;
    gap: var(--s1);
    min-block-size: 3.75rem;
    padding-inline: var(--s4) var(--s2);
  }
  h1 {
    flex: 1;
    font-size: var(--t5);
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  .connection {
    margin-inline-end: var(--s2);
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .side > cf-notice,
  .side > cf-skeleton {
    margin: var(--s2) var(--s4);
  }
  .list {
    flex: 1;
    min-block-size: 0;
  }
  .side > cf-skeleton {
    flex: 1;
    align-content: start;
  }
  footer {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--s2) var(--s3);
    margin-block-start: auto;
    padding: var(--s3) var(--s4) max(var(--s3), env(safe-area-inset-bottom));
    border-block-start: 1px solid var(--line);
    font-size: var(--t2);
  }
  main {
    display: none;
    min-inline-size: 0;
    background: var(--sunken);
  }
  .chatting main {
    display: block;
  }
  .chatting .side {
    display: none;
  }
  .empty {
    display: grid;
    align-content: center;
    justify-items: center;
    gap: var(--s3);
    block-size: 100%;
    padding: var(--s5);
    text-align: center;
  }
  .empty h2 {
    font-size: var(--t5);
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  .empty p {
    max-inline-size: 44ch;
  }
  @media (min-width: 48rem) {
    .sides {
      grid-template-columns: minmax(16rem, 22rem) minmax(0, 1fr);
    }
    .side,
    .chatting .side {
      display: flex;
      border-inline-end: 1px solid var(--line);
    }
    main {
      display: block;
    }
  }
`;
