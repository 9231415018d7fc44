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
  .parameters li {
    padding-block: 1px;
  }
  /* A short text has its time beside it, a long one below it. */
  .kind-text .bubbleContent,
  .kind-button_reply .bubbleContent,
  .kind-list_reply .inside {
    display: flex;
    flex-wrap: wrap;
    align-items: end;
    justify-content: end;
    gap: 0 var(--s3);
  }
  .kind-text .text,
  .kind-button_reply .text,
  .kind-list_reply .text {
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
  .bubble.kind-image {
    padding: 4px;
  }
  .bubble.kind-image .text,
  .bubble.kind-image .meta {
    padding-inline: 0.5rem;
  }
  .bubble.kind-image .meta {
    padding-block: 2px;
  }
  .album {
    display: grid;
    gap: 3px;
    inline-size: min(17rem, 62vw);
    border-radius: calc(var(--corner) - 4px);
    overflow: hidden;
  }
  .album:not(.of-1) {
    grid-template-columns: 1fr 1fr;
  }
  .album.of-3 button:first-child {
    grid-column: 1 / -1;
    aspect-ratio: 2;
  }
  .album button {
    position: relative;
    aspect-ratio: 1;
    padding: 0;
    border: 0;
    background: var(--sunken);
    cursor: zoom-in;
  }
  .album.of-1 button {
    aspect-ratio: 4 / 3;
  }
  .album button:focus-visible {
    outline-offset: -4px;
    outline-color: #fff;
    box-shadow: inset 0 0 0 4px var(--accent);
  }
  .album img {
    display: block;
    inline-size: 100%;
    block-size: 100%;
    object-fit: cover;
  }
  .more {
    position: absolute;
    inset: 0;
    display: grid;
    place-items: center;
    background: rgb(0 0 0 / 0.55);
    color: #fff;
    font-size: var(--t5);
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
  .reaction {
    z-index: 1;
    margin: -0.35rem 0.6rem 0;
    padding: 0.1rem 0.4rem;
    border: 2px solid var(--sunken);
    border-radius: 1rem;
    background: var(--raised);
    line-height: 1.2;
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
  .emojis {
    position: absolute;
    inset-block-end: 100%;
    inset-inline-end: -4.5rem;
    z-index: 2;
    display: flex;
    padding: var(--s1);
    border: 1px solid var(--line);
    border-radius: 1.5rem;
    background: var(--raised);
    box-shadow: var(--lift);
  }
  .emojis button {
    inline-size: 2.25rem;
    block-size: 2.25rem;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: none;
    font-size: 1.25rem;
    cursor: pointer;
  }
  .emojis button:hover,
  .emojis [aria-pressed="true"] {
    background: var(--accent-soft);
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
