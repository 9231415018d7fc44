// Bubbles: ours at the end side in the accent's tint, theirs at the start side.
import { css } from "lit";

export const bubbleStyle = css`
  .message {
    display: flex;
    flex-direction: column;
    align-items: flex-start;
    margin-block-start: 2px;
    --corner: 1.125rem;
  }
  .message.first {
    margin-block-start: var(--s3);
  }
  .message:has(.handlers) + .message {
    margin-block-start: var(--s2);
  }
  .message.out {
    align-items: flex-end;
  }
  .line {
    display: flex;
    align-items: center;
    gap: var(--s1);
    inline-size: 100%;
  }
  .out .line {
    flex-direction: row-reverse;
  }
  .bubble {
    position: relative;
    min-inline-size: 4rem;
    max-inline-size: min(32rem, calc(100% - 4.25rem));
    padding: 0.4rem 0.8rem;
    border-radius: var(--corner);
    background: var(--raised);
    font-size: 0.9375rem;
    line-height: 1.4;
    overflow-wrap: anywhere;
    transition: background var(--quick);
  }
  .out .bubble {
    background: light-dark(#dbe4ff, #2a3768);
  }
  .in.last .bubble {
    border-end-start-radius: 5px;
  }
  .out.last .bubble {
    border-end-end-radius: 5px;
  }
  .found .bubble {
    background: light-dark(#fbe7b2, #5a4a1c);
  }
  .text {
    white-space: pre-wrap;
    unicode-bidi: plaintext;
  }
  .emoji {
    font-size: 2.25rem;
    line-height: 1.25;
  }
  .bubble code,
  .bubble pre {
    font-family: var(--mono);
    font-size: 0.9em;
  }
  .bubble pre {
    max-block-size: 14rem;
    overflow: auto;
    white-space: pre-wrap;
  }
  .head {
    font-weight: 600;
  }
  .foot {
    margin-block-start: 2px;
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  /* A short text has its time beside it, a long one below it. */
  .time-beside .inside {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    justify-content: end;
    gap: 0 var(--s3);
  }
  .time-beside .text {
    flex: 1 1 auto;
    min-inline-size: 0;
    max-inline-size: 100%;
  }
  .meta {
    display: block;
    color: var(--ink-soft);
    font-size: 0.6875rem;
    line-height: 1.2;
    text-align: end;
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }
  .out .meta {
    color: light-dark(#4c566f, #b9c2de);
  }
  .out .ticks.read {
    color: var(--accent);
  }
  .meta .ticks {
    font-size: 0.8125rem;
  }
  .quote {
    display: block;
    inline-size: 100%;
    margin-block: 0.1rem 0.3rem;
    padding: 0.2rem 0.5rem;
    border: 0;
    border-inline-start: 3px solid var(--accent);
    border-radius: var(--r1);
    background: color-mix(in srgb, var(--ink) 7%, transparent);
    color: inherit;
    font-size: var(--t2);
    text-align: start;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    cursor: pointer;
  }
  .bubble.with-photos {
    padding: 4px;
  }
  .bubble.with-photos .text,
  .bubble.with-photos .meta {
    padding-inline: 0.5rem;
  }
  .bubble.with-photos .meta {
    padding-block: 2px;
  }
  .handlers {
    display: grid;
    gap: 3px;
    inline-size: min(20rem, calc(100% - 4.25rem));
    margin-block-start: 3px;
  }
  .press {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: var(--s2);
    min-block-size: 2.5rem;
    padding: var(--s1) var(--s3);
    border: 0;
    border-radius: var(--r2);
    background: var(--raised);
    color: var(--accent);
    font-size: var(--t3);
    font-weight: 550;
    text-decoration: none;
    overflow-wrap: anywhere;
    cursor: pointer;
    transition: background var(--quick);
  }
  .press:hover {
    background: var(--accent-soft);
  }
  .press:focus-visible {
    border-radius: var(--r2);
  }
  .press:last-child {
    border-end-start-radius: var(--corner);
    border-end-end-radius: var(--corner);
  }
  .failure {
    max-inline-size: min(32rem, 100%);
    padding: 2px 0.4rem;
    color: var(--bad);
    font-size: var(--t1);
    overflow-wrap: anywhere;
  }
  .failure .link {
    margin-inline-start: var(--s2);
  }
  .actions {
    position: relative;
    display: flex;
    flex: none;
    inline-size: 0;
    opacity: 0;
    pointer-events: none;
    transition: opacity var(--quick);
  }
  .out .actions {
    flex-direction: row-reverse;
  }
  .line:hover .actions,
  .actions:focus-within,
  .actions.open {
    opacity: 1;
    pointer-events: auto;
  }
  .actions .icon-only {
    inline-size: 2rem;
    min-block-size: 2rem;
    block-size: 2rem;
    flex: none;
    color: var(--ink-soft);
  }
  .typing {
    display: inline-flex;
    gap: 4px;
    margin-block-start: var(--s3);
    padding: 0.75rem 0.9rem;
    border-radius: 1.125rem 1.125rem 1.125rem 5px;
    background: var(--raised);
  }
  .typing i {
    inline-size: 7px;
    block-size: 7px;
    border-radius: 50%;
    background: var(--line-strong);
    animation: typing 1.2s infinite;
  }
  .typing i:nth-of-type(2) {
    animation-delay: 0.15s;
  }
  .typing i:nth-of-type(3) {
    animation-delay: 0.3s;
  }
  @keyframes typing {
    0%,
    40%,
    100% {
      opacity: 0.35;
    }
    20% {
      opacity: 1;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .typing i {
      animation: none;
    }
  }
`;
