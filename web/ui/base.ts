// Base styles of every shadow root: reset, focus ring, native controls, badges. Layout belongs to
// the elements.
import { css } from "lit";

export const base = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  pre,
  figure {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  a {
    color: var(--accent);
    text-underline-offset: 0.15em;
  }
  :focus {
    outline: none;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
    border-radius: var(--r1);
  }
  button,
  input,
  select,
  textarea {
    font: inherit;
    color: inherit;
  }
  .only-read {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .soft {
    color: var(--ink-soft);
  }
  .bad {
    color: var(--bad);
  }
  .warn {
    color: var(--warn);
  }
  .mono {
    font-family: var(--mono);
    font-size: 0.93em;
  }
  .figures {
    font-variant-numeric: tabular-nums;
  }
  svg.icon {
    inline-size: 1.25em;
    block-size: 1.25em;
    flex: none;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
    vertical-align: -0.25em;
  }
`;

export const controls = css`
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--s2);
    min-block-size: 2rem;
    padding: 0 var(--s3);
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--raised);
    color: var(--ink);
    font-size: var(--t2);
    font-weight: 500;
    text-decoration: none;
    cursor: pointer;
    transition:
      background var(--quick),
      border-color var(--quick);
  }
  .button:hover {
    border-color: var(--line-strong);
  }
  .button:active {
    background: var(--sunken);
  }
  .button:focus-visible {
    border-radius: var(--r2);
  }
  .button[disabled] {
    opacity: 0.55;
    cursor: default;
  }
  .button.main {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }
  .button.main:hover {
    border-color: var(--accent-strong);
    background: var(--accent-strong);
  }
  .button.danger {
    color: var(--bad);
  }
  .button.small {
    min-block-size: 1.75rem;
    padding: 0 var(--s2);
    font-size: var(--t1);
  }
  .button.bare {
    border-color: transparent;
    background: transparent;
  }
  .button.bare:hover {
    background: var(--sunken);
  }
  .button.icon-only {
    inline-size: 2.25rem;
    block-size: 2.25rem;
    padding: 0;
    font-size: var(--t4);
  }
  .link {
    padding: 0;
    border: 0;
    background: none;
    color: var(--accent);
    text-align: start;
    text-decoration: underline;
    text-decoration-color: transparent;
    text-underline-offset: 0.15em;
    cursor: pointer;
    overflow-wrap: anywhere;
  }
  .link:hover {
    text-decoration-color: currentColor;
  }
  .field {
    display: grid;
    gap: var(--s1);
    font-size: var(--t2);
    font-weight: 500;
  }
  .field small,
  .hint {
    color: var(--ink-soft);
    font-size: var(--t1);
    font-weight: 400;
  }
  .input {
    min-inline-size: 0;
    min-block-size: 2rem;
    padding: 0 var(--s2);
    border: 1px solid var(--line-strong);
    border-radius: var(--r2);
    background: var(--raised);
    font-weight: 400;
  }
  textarea.input {
    padding-block: var(--s2);
    resize: vertical;
  }
  .input:focus-visible {
    outline-offset: 0;
    border-radius: var(--r2);
  }
  input[type="checkbox"],
  input[type="radio"] {
    inline-size: 1.125rem;
    block-size: 1.125rem;
    margin: 0;
    accent-color: var(--accent);
  }
  .badge {
    display: inline-block;
    padding: 0 0.4em;
    border-radius: var(--r1);
    background: var(--sunken);
    color: var(--ink-soft);
    font-size: var(--t1);
    line-height: 1.5;
    white-space: nowrap;
  }
  .badge.bad {
    background: var(--bad-soft);
    color: var(--bad);
  }
  .badge.warn {
    background: var(--warn-soft);
    color: var(--warn);
  }
  .badge.accent {
    background: var(--accent-soft);
    color: var(--accent-strong);
  }
  @media (pointer: coarse) {
    .button,
    .input {
      min-block-size: 2.75rem;
    }
    .button.icon-only {
      inline-size: 2.75rem;
      block-size: 2.75rem;
    }
  }
`;
