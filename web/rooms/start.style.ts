// The start: a drop area beside the list of rooms; stacked on a narrow screen.
import { css } from "lit";

export const startStyle = css`
  :host {
    display: grid;
    gap: var(--s6);
    inline-size: 100%;
    max-inline-size: 44rem;
    margin-inline: auto;
    padding: var(--s5) var(--s4) max(var(--s6), env(safe-area-inset-bottom));
  }
  @media (min-width: 60rem) {
    :host {
      grid-template-columns: minmax(0, 7fr) minmax(0, 5fr);
      align-items: start;
      gap: var(--s6) 4rem;
      max-inline-size: 68rem;
      padding-block-start: 3.5rem;
    }
    .begin {
      --drop: 24rem;
      grid-row: 1 / span 3;
    }
    .mine {
      padding-block-start: var(--s3);
    }
  }
  .begin {
    display: grid;
    gap: var(--s5);
  }
  h1 {
    font-size: clamp(2rem, 1.5rem + 2.5vw, 2.75rem);
    font-weight: 700;
    letter-spacing: -0.03em;
    line-height: 1.1;
  }
  .lead {
    margin-block-start: var(--s2);
    max-inline-size: 40ch;
    color: var(--ink-soft);
    font-size: 1.0625rem;
    text-wrap: pretty;
  }
  .drop {
    display: grid;
    align-content: center;
    justify-items: center;
    gap: var(--s4);
    min-block-size: var(--drop, 15rem);
    padding: var(--s5) var(--s4);
    border: 2px dashed light-dark(#cfc7b8, #4a463e);
    border-radius: 1.25rem;
    background: var(--sunken);
    text-align: center;
    transition:
      border-color var(--quick),
      background var(--quick);
  }
  .drop.over {
    border-color: var(--accent);
    background: var(--accent-soft);
  }
  .drop > svg {
    inline-size: 3rem;
    block-size: 3rem;
    stroke-width: 1.25;
    color: var(--ink-soft);
  }
  .buttons {
    display: grid;
    gap: var(--s2);
    inline-size: min(100%, 18rem);
  }
  .buttons .button {
    min-block-size: 3rem;
    border-radius: 1.5rem;
    font-size: var(--t4);
    font-weight: 600;
  }
  .buttons .button:focus-visible {
    border-radius: 1.5rem;
  }
  .take {
    display: none;
  }
  @media (pointer: coarse) {
    .take {
      display: inline-flex;
    }
    .take + .choose {
      border-color: transparent;
      background: none;
      color: var(--ink);
    }
    .mouse {
      display: none;
    }
  }
  h2 {
    margin-block-end: var(--s2);
    font-size: var(--t4);
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  .rooms {
    margin-inline: calc(-1 * var(--s2));
  }
  .rooms a {
    display: flex;
    align-items: center;
    gap: var(--s3);
    padding: var(--s2);
    border-radius: var(--r3);
    color: inherit;
    text-decoration: none;
    transition: background var(--quick);
  }
  .rooms a:hover {
    background: var(--sunken);
  }
  .rooms a:focus-visible {
    border-radius: var(--r3);
  }
  room-picture {
    flex: none;
    inline-size: 3.25rem;
    block-size: 3.25rem;
    border-radius: 0.875rem;
  }
  .words {
    flex: 1;
    min-inline-size: 0;
  }
  .name {
    display: flex;
    align-items: center;
    gap: var(--s2);
    font-size: var(--t4);
    font-weight: 600;
  }
  .name bdi,
  .about {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .name svg {
    color: var(--ink-soft);
    font-size: var(--t3);
  }
  .about {
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  .about b {
    color: var(--good);
    font-weight: 500;
  }
  .unread {
    flex: none;
    min-inline-size: 1.375rem;
    padding: 0 0.4rem;
    border-radius: 0.6875rem;
    background: var(--accent);
    color: var(--on-accent);
    font-size: var(--t1);
    font-weight: 600;
    line-height: 1.375rem;
    text-align: center;
    font-variant-numeric: tabular-nums;
  }
  .code {
    display: flex;
    gap: var(--s2);
    max-inline-size: 24rem;
  }
  .code .input {
    flex: 1;
    min-inline-size: 0;
  }
  .code .button {
    min-block-size: 2.75rem;
  }
  .other {
    display: grid;
    gap: var(--s2);
    justify-items: start;
  }
  .other form {
    inline-size: 100%;
  }
`;
