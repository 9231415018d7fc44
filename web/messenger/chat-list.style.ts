// A list of chats: avatar, name, latest message, time and unread count.
import { css } from "lit";

export const chatListStyle = css`
  :host {
    display: block;
    overflow-y: auto;
  }
  .none {
    padding: var(--s2) var(--s4);
    color: var(--ink-soft);
  }
  a {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: 0 var(--s3);
    align-items: center;
    padding: var(--s2) var(--s4);
    color: inherit;
    text-decoration: none;
  }
  a:hover {
    background: var(--sunken);
  }
  a[aria-current] {
    background: var(--accent-soft);
  }
  a:focus-visible {
    outline-offset: -2px;
  }
  .avatar {
    grid-row: span 2;
  }
  .name {
    font-weight: 550;
  }
  .name,
  .cut {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .said {
    display: flex;
    align-items: center;
    gap: 0.3em;
    min-inline-size: 0;
  }
  .cut {
    min-inline-size: 0;
    text-align: -webkit-match-parent;
    text-align: match-parent;
  }
  .said,
  time {
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  time {
    font-size: var(--t1);
  }
  .typing {
    color: var(--accent);
  }
  .unread {
    justify-self: end;
    min-inline-size: 1.25rem;
    padding-inline: 0.35rem;
    border-radius: 1rem;
    background: var(--accent);
    color: var(--on-accent);
    font-size: var(--t1);
    font-weight: 600;
    line-height: 1.25rem;
    text-align: center;
  }
`;
