// The composer: reply or note, a text that grows, and a menu above it.
import { css } from "lit";

export const composerStyle = css`
  :host {
    display: block;
    padding: 0 var(--s3) max(var(--s3), env(safe-area-inset-bottom));
  }
  .hint {
    min-block-size: 1.375rem;
    padding: 0 var(--s1) var(--s1);
    color: var(--ink-soft);
    font-size: var(--t1);
    overflow-wrap: anywhere;
  }
  .box {
    position: relative;
    border: 1px solid var(--line-strong);
    border-radius: 0.75rem;
    background: var(--raised);
  }
  .box:focus-within {
    border-color: var(--accent);
    box-shadow: 0 0 0 1px var(--accent);
  }
  .box[data-mode="note"] {
    background: var(--warn-soft);
  }
  .modes {
    display: flex;
    gap: var(--s1);
    padding: var(--s1) var(--s1) 0;
  }
  .modes button {
    min-block-size: 1.625rem;
    padding: 0 var(--s2);
    border: 0;
    border-radius: var(--r2);
    background: none;
    color: var(--ink-soft);
    font-size: var(--t2);
    cursor: pointer;
  }
  .modes button[aria-pressed="true"] {
    background: color-mix(in srgb, var(--line) 55%, transparent);
    color: var(--ink);
    font-weight: 600;
  }
  .modes span {
    flex: 1;
    padding-inline-end: var(--s2);
    color: var(--ink-soft);
    font-size: var(--t1);
    line-height: 1.625rem;
    text-align: end;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .quoted {
    display: flex;
    align-items: center;
    gap: var(--s2);
    margin: var(--s1) var(--s2) 0;
    padding-inline-start: var(--s2);
    border-inline-start: 2px solid var(--accent);
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .quoted p {
    flex: 1;
    min-inline-size: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .line {
    display: flex;
    align-items: flex-end;
    gap: var(--s1);
    padding: 0 var(--s1) var(--s1);
  }
  textarea {
    flex: 1;
    min-inline-size: 0;
    min-block-size: 2.5rem;
    max-block-size: 12rem;
    padding: 0.5rem 0.625rem;
    border: 0;
    background: none;
    font-size: var(--t3);
    line-height: 1.45;
    resize: none;
    field-sizing: content;
  }
  textarea::placeholder {
    color: var(--ink-soft);
    opacity: 1;
  }
  textarea:focus-visible {
    outline: none;
  }
  .count {
    padding-block-end: 0.5rem;
    color: var(--ink-soft);
    font-size: var(--t1);
    font-variant-numeric: tabular-nums;
  }
  .count.over {
    color: var(--bad);
    font-weight: 600;
  }
  .suggestions {
    position: absolute;
    inset-block-end: calc(100% + var(--s1));
    inset-inline: 0;
    z-index: 5;
    max-block-size: 14rem;
    padding: var(--s1);
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--paper);
    box-shadow: var(--lift);
    overflow-y: auto;
  }
  .suggestions li {
    display: grid;
    grid-template-columns: minmax(4rem, max-content) minmax(0, 1fr);
    gap: var(--s3);
    padding: var(--s1) var(--s2);
    border-radius: var(--r1);
    font-size: var(--t2);
    cursor: pointer;
  }
  .suggestions li[aria-selected="true"] {
    background: var(--accent-soft);
  }
  .suggestions b {
    font-weight: 600;
  }
  .suggestions span {
    color: var(--ink-soft);
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .suggestions li[aria-selected="true"] span {
    color: var(--ink);
  }
  .suggestions p {
    padding: var(--s2);
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  @media (pointer: coarse) {
    textarea {
      font-size: 1rem;
    }
    .modes button {
      min-block-size: 2.25rem;
    }
    .suggestions li {
      padding-block: var(--s2);
    }
  }
`;
