// The photo beside its suggestions; stacked on a narrow screen.
import { css } from "lit";

export const photoAnalysisStyle = css`
  :host {
    display: block;
    inline-size: 100%;
    max-inline-size: 64rem;
    margin-inline: auto;
    padding: var(--s4) var(--s4) max(var(--s6), env(safe-area-inset-bottom));
  }
  .sides {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s5);
  }
  .photo {
    position: relative;
    overflow: hidden;
    aspect-ratio: 16 / 10;
    max-block-size: 36dvh;
    inline-size: 100%;
    border-radius: 1.25rem;
    background: var(--sunken);
  }
  .photo > * {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
    object-fit: cover;
  }
  .blank {
    display: grid;
    place-items: center;
    color: var(--ink-soft);
  }
  .blank svg {
    inline-size: 3rem;
    block-size: 3rem;
    stroke-width: 1.25;
  }
  .seen {
    display: grid;
    gap: var(--s1);
    margin-block-start: var(--s3);
  }
  h1 {
    font-size: var(--t6);
    font-weight: 680;
    letter-spacing: -0.02em;
    line-height: 1.2;
    overflow-wrap: anywhere;
    text-wrap: balance;
  }
  h1:focus-visible {
    outline: none;
  }
  h2 {
    margin-block-end: var(--s2);
    font-size: var(--t4);
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  .progress {
    display: grid;
    gap: var(--s2);
    margin-block-start: var(--s4);
  }
  .track {
    block-size: 6px;
    border-radius: 3px;
    background: var(--line);
    overflow: hidden;
  }
  .track i {
    display: block;
    block-size: 100%;
    border-radius: 3px;
    background: var(--accent);
    transition: inline-size 180ms linear;
  }
  .progress p {
    display: flex;
    justify-content: space-between;
    gap: var(--s3);
    color: var(--ink-soft);
    font-variant-numeric: tabular-nums;
  }
  .names li + li::before {
    content: "";
    display: block;
    block-size: 1px;
    margin-inline: var(--s3);
    background: var(--line);
  }
  .names button,
  .similar a {
    display: flex;
    align-items: center;
    gap: var(--s3);
    inline-size: 100%;
    min-block-size: 3.75rem;
    padding: var(--s2) var(--s3);
    border: 0;
    border-radius: var(--r2);
    background: none;
    color: inherit;
    text-align: start;
    text-decoration: none;
    cursor: pointer;
    transition: background var(--quick);
  }
  .names,
  .similar {
    margin-inline: calc(-1 * var(--s3));
  }
  .names button:hover,
  .similar a:hover {
    background: var(--sunken);
  }
  .names button:focus-visible,
  .similar a:focus-visible {
    border-radius: var(--r2);
    outline-offset: -2px;
  }
  .words {
    flex: 1;
    min-inline-size: 0;
  }
  .words b {
    display: block;
    font-size: var(--t4);
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .words small {
    color: var(--ink-soft);
    font-size: var(--t2);
    overflow-wrap: anywhere;
  }
  .names svg,
  .similar svg {
    color: var(--ink-soft);
  }
  .online {
    color: var(--good);
    font-size: var(--t2);
    font-weight: 500;
    white-space: nowrap;
  }
  .similar {
    margin-block-end: var(--s5);
  }
  .bone {
    display: grid;
    align-content: center;
    gap: 0.4rem;
    min-block-size: 3.75rem;
    padding-inline: var(--s3);
  }
  .bone i {
    block-size: 0.875rem;
    inline-size: 45%;
    border-radius: var(--r1);
    background: var(--sunken);
  }
  .bone i + i {
    block-size: 0.6875rem;
    inline-size: 70%;
  }
  li:nth-child(3n + 2) .bone i {
    inline-size: 58%;
  }
  .appears {
    animation: appear 180ms ease-out;
  }
  @keyframes appear {
    from {
      opacity: 0;
      translate: 0 6px;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .appears {
      animation: none;
    }
    .track i {
      transition: none;
    }
  }
  .ways {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    margin-block-start: var(--s4);
  }
  .ways .button {
    min-block-size: 2.75rem;
  }
  .own {
    margin-block-start: var(--s3);
  }
  @media (min-width: 52rem) {
    :host {
      padding-block-start: var(--s5);
    }
    .sides {
      grid-template-columns: minmax(0, 5fr) minmax(0, 6fr);
      gap: var(--s6);
    }
    .side {
      position: sticky;
      inset-block-start: var(--s5);
      align-self: start;
    }
    .photo {
      aspect-ratio: 4 / 3;
      max-block-size: 60dvh;
    }
  }
`;
