// Messages of a thread: the visitor at the start, bot and agents at the end, notes across.
import { css } from "lit";

export const messageStyle = css`
  .day,
  .event,
  .new {
    margin-block: var(--s3) var(--s2);
    color: var(--ink-soft);
    font-size: var(--t1);
    text-align: center;
    overflow-wrap: anywhere;
  }
  .day {
    font-weight: 600;
  }
  .event {
    margin-block: var(--s2);
  }
  .new {
    display: flex;
    align-items: center;
    gap: var(--s2);
    color: var(--accent-strong);
    font-weight: 600;
  }
  .new::before,
  .new::after {
    content: "";
    flex: 1;
    block-size: 1px;
    background: color-mix(in srgb, var(--accent) 45%, transparent);
  }
  .message {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    justify-items: start;
  }
  .message.first {
    margin-block-start: var(--s3);
  }
  .message:not(.first) {
    margin-block-start: 2px;
  }
  .message.out {
    justify-items: end;
  }
  .message.note {
    justify-items: stretch;
  }
  .line {
    display: flex;
    align-items: center;
    gap: var(--s1);
    max-inline-size: 100%;
    min-inline-size: 0;
  }
  .out .line {
    flex-direction: row-reverse;
  }
  .by {
    display: flex;
    align-items: center;
    gap: var(--s1);
    margin-block-end: 2px;
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .by b {
    color: var(--ink);
    font-weight: 600;
  }
  .bubble {
    max-inline-size: 36rem;
    min-inline-size: 0;
    padding: 0.375rem 0.75rem;
    border: 1px solid var(--line);
    border-radius: 0.75rem;
    background: var(--raised);
    font-size: var(--t3);
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }
  .out .bubble {
    border-color: transparent;
    background: var(--accent-soft);
  }
  .bot .bubble {
    border-color: var(--line);
    background: var(--sunken);
  }
  .note .bubble {
    flex: 1;
    max-inline-size: none;
    border-color: color-mix(in srgb, var(--warn) 28%, transparent);
    border-radius: var(--r2);
    background: var(--warn-soft);
  }
  .bubble.deleted {
    border-style: dashed;
    background: none;
    color: var(--ink-soft);
    font-style: italic;
  }
  .bubble mark {
    background: none;
    color: var(--accent-strong);
    font-weight: 600;
  }
  .quote {
    display: block;
    inline-size: 100%;
    margin-block-end: var(--s1);
    padding: 0 0 0 var(--s2);
    padding-inline: var(--s2) 0;
    border: 0;
    border-inline-start: 2px solid var(--line-strong);
    background: none;
    color: var(--ink-soft);
    font-size: var(--t1);
    text-align: start;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    cursor: pointer;
  }
  .file {
    display: flex;
    align-items: center;
    gap: var(--s2);
    max-inline-size: 100%;
    margin-block-start: var(--s1);
    padding: 0.125rem 0;
    border: 0;
    background: none;
    color: var(--accent-strong);
    font-size: var(--t2);
    text-align: start;
    cursor: pointer;
  }
  .file bdi {
    text-decoration: underline;
    text-underline-offset: 0.15em;
    overflow-wrap: anywhere;
  }
  .offers {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
    margin-block-start: var(--s1);
  }
  .offers span {
    padding: 0 var(--s2);
    border: 1px solid var(--line);
    border-radius: 1rem;
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .under {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
    margin-block-start: 2px;
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .under.failed {
    color: var(--bad);
  }
  .under button {
    font-size: var(--t1);
  }
  .pending .bubble {
    opacity: 0.7;
  }
  .pending.failed .bubble {
    border: 1px solid var(--bad);
    opacity: 1;
  }
  .tools {
    display: flex;
    flex: none;
    min-inline-size: 3.75rem;
    opacity: 0;
  }
  .out .tools {
    justify-content: flex-end;
  }
  .message:hover .tools,
  .message:focus-within .tools {
    opacity: 1;
  }
  .found .bubble {
    outline: 2px solid var(--accent);
  }
  @media (pointer: coarse) {
    .tools {
      opacity: 1;
    }
  }
  @media (max-width: 45rem) {
    .tools {
      min-inline-size: 0;
    }
  }
`;
