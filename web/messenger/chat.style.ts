// Layout of a chat: header, scrolling messages, composer.
import { css } from "lit";

export const chatStyle = css`
  :host {
    display: flex;
    flex-direction: column;
    block-size: 100%;
  }
  header {
    display: flex;
    align-items: center;
    gap: var(--s3);
    min-block-size: 3.75rem;
    padding: var(--s1) var(--s4);
    border-block-end: 1px solid var(--line);
    background: var(--paper);
  }
  header .avatar {
    inline-size: 2.25rem;
    block-size: 2.25rem;
    font-size: var(--t2);
  }
  .who {
    min-inline-size: 0;
  }
  .who h2 {
    font-size: var(--t4);
    font-weight: 600;
  }
  .who p {
    font-size: var(--t1);
  }
  .who h2,
  .who p {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  cf-notice {
    border-radius: 0;
  }
  .body {
    position: relative;
    flex: 1;
    min-block-size: 0;
  }
  .scroll {
    block-size: 100%;
    padding: var(--s2) max(var(--s4), calc((100% - 46rem) / 2)) var(--s4);
    overflow-y: auto;
    overscroll-behavior: contain;
  }
  .scroll:focus-visible {
    outline-offset: -3px;
  }
  .hello {
    display: grid;
    align-content: center;
    justify-items: center;
    gap: var(--s3);
    block-size: 100%;
    text-align: center;
  }
  .day {
    padding-block: var(--s4) var(--s2);
    color: var(--ink-soft);
    font-size: var(--t1);
    font-weight: 500;
    text-align: center;
  }
  .pill {
    position: absolute;
    inset-block-end: var(--s3);
    inset-inline-end: var(--s4);
    display: flex;
    align-items: center;
    gap: var(--s1);
    min-block-size: 2.5rem;
    padding-inline: var(--s3);
    border: 1px solid var(--line);
    border-radius: 1.25rem;
    background: var(--raised);
    box-shadow: var(--lift);
    font-weight: 600;
    cursor: pointer;
  }
  .pill:focus-visible {
    border-radius: 1.25rem;
  }
  .drop {
    position: absolute;
    inset: var(--s3);
    display: grid;
    place-items: center;
    border: 2px dashed var(--accent);
    border-radius: var(--r3);
    background: color-mix(in srgb, var(--accent-soft) 92%, transparent);
    color: var(--accent-strong);
    font-weight: 500;
    pointer-events: none;
  }
  @media (min-width: 48rem) {
    .back {
      display: none;
    }
  }
  @media (max-width: 48rem) {
    header {
      padding-inline-start: var(--s1);
    }
  }
`;
