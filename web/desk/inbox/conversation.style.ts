// One conversation: its bar, the thread with the composer, and the details beside it.
import { css } from "lit";

export const conversationStyle = css`
  :host {
    display: grid;
    grid-template: auto auto minmax(0, 1fr) auto / minmax(0, 1fr) auto;
    min-block-size: 0;
    min-inline-size: 0;
  }
  .bar {
    grid-column: 1 / -1;
    display: flex;
    align-items: center;
    gap: var(--s1) var(--s2);
    min-block-size: 3rem;
    padding: var(--s1) var(--s2) var(--s1) var(--s4);
    padding-inline: var(--s4) var(--s2);
    border-block-end: 1px solid var(--line);
  }
  .bar .who {
    flex: 1;
    min-inline-size: 4rem;
  }
  .bar h2,
  .bar p {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .bar h2 {
    text-align: -webkit-match-parent;
    text-align: match-parent;
    font-size: var(--t3);
    font-weight: 650;
  }
  .bar p {
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .bar .back {
    display: none;
  }
  .bar .online {
    color: var(--good);
  }
  .notices {
    grid-column: 1;
    display: grid;
    gap: var(--s2);
  }
  .notices cf-notice {
    margin: var(--s2) var(--s4) 0;
  }
  desk-thread {
    grid-column: 1;
    grid-row: 3;
  }
  desk-composer {
    grid-column: 1;
    grid-row: 4;
  }
  desk-details {
    grid-column: 2;
    grid-row: 2 / -1;
    inline-size: 17.5rem;
    border-inline-start: 1px solid var(--line);
    overflow-y: auto;
  }
  .around {
    grid-column: 1 / -1;
    grid-row: 3;
    padding: var(--s5);
  }
  @media (max-width: 75rem) {
    desk-details {
      position: fixed;
      inset-block: 0;
      inset-inline-end: 0;
      z-index: 25;
      inline-size: min(20rem, 100vw);
      background: var(--paper);
      box-shadow: var(--lift);
    }
  }
  @media (max-width: 45rem) {
    .bar {
      padding-inline-start: var(--s1);
    }
    .bar .back {
      display: inline-flex;
    }
    .bar .long {
      display: none;
    }
    .bar .assign {
      display: none;
    }
  }
`;
