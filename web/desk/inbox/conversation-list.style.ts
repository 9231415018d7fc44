// The list of conversations: rows of one height, so that thousands of them scroll.
import { css } from "lit";

/** Height of a row. The style of `.row` and the arithmetic of the list agree. */
export const ROW_REM = 4.5;

export const conversationListStyle = css`
  :host {
    display: grid;
    grid-template-rows: auto auto minmax(0, 1fr);
    min-block-size: 0;
    min-inline-size: 0;
  }
  .head {
    display: grid;
    gap: var(--s2);
    padding: var(--s2) var(--s3);
    border-block-end: 1px solid var(--line);
  }
  .title {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-block-size: 2rem;
  }
  h1 {
    flex: 1;
    min-inline-size: 0;
    font-size: var(--t4);
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  .search {
    display: flex;
    align-items: center;
    gap: var(--s1);
    padding-inline-start: var(--s2);
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--raised);
    color: var(--ink-soft);
  }
  .search:focus-within {
    border-color: var(--accent);
  }
  .search input {
    flex: 1;
    min-inline-size: 0;
    min-block-size: 2rem;
    padding: 0;
    border: 0;
    background: none;
    color: var(--ink);
    font-size: var(--t2);
  }
  .search input::placeholder {
    color: var(--ink-soft);
    opacity: 1;
  }
  .search input:focus-visible {
    outline: none;
  }
  .search input::-webkit-search-cancel-button {
    display: none;
  }
  .fresh {
    margin: var(--s1) var(--s2);
    padding: 0 var(--s3);
    min-block-size: 1.75rem;
    border: 0;
    border-radius: var(--r2);
    background: var(--accent-soft);
    color: var(--accent-strong);
    font-size: var(--t1);
    cursor: pointer;
  }
  .scroller {
    grid-row: 3;
    min-block-size: 0;
    overflow-y: auto;
    overscroll-behavior: contain;
  }
  .space {
    position: relative;
  }
  .space:focus-visible {
    outline: none;
  }
  .space:focus-visible [aria-selected="true"] {
    outline: 2px solid var(--accent);
    outline-offset: -2px;
  }
  .around {
    padding: var(--s3);
  }
  .row {
    position: absolute;
    inset-inline: 0;
    inset-block-start: 0;
    display: grid;
    grid-template: 1.25rem 1.25rem 1.125rem / auto minmax(0, 1fr) auto;
    align-items: center;
    gap: 0 var(--s2);
    block-size: 4.5rem;
    padding: 0.375rem var(--s3);
    border-block-end: 1px solid var(--line);
    cursor: pointer;
    --avatar: 2rem;
  }
  .row:hover {
    background: var(--sunken);
  }
  .row[aria-selected="true"] {
    background: var(--accent-soft);
    box-shadow: inset 3px 0 var(--accent);
  }
  .row[aria-selected="true"]:dir(rtl) {
    box-shadow: inset -3px 0 var(--accent);
  }
  .row.gone .name {
    color: var(--ink-soft);
    font-weight: 400;
  }
  .row .avatar {
    grid-row: 1 / 3;
  }
  .row .name,
  .row .subject,
  .row .facts {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    /* A short Hebrew name begins beside the avatar; a long one is cut at its own end. */
    text-align: -webkit-match-parent;
    text-align: match-parent;
  }
  .row .name {
    font-size: var(--t2);
    font-weight: 500;
  }
  .row time,
  .row .at {
    color: var(--ink-soft);
    font-size: var(--t1);
    font-variant-numeric: tabular-nums;
  }
  .row .subject {
    grid-column: 2;
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  .row.unread .name {
    font-weight: 700;
  }
  .row.unread .subject {
    color: var(--ink);
  }
  .row .unread-count {
    justify-self: end;
    min-inline-size: 1.25rem;
    padding: 0 0.35rem;
    border-radius: 1rem;
    background: var(--accent);
    color: var(--on-accent);
    font-size: var(--t1);
    font-weight: 600;
    line-height: 1.25rem;
    text-align: center;
    font-variant-numeric: tabular-nums;
  }
  .row .facts {
    display: flex;
    grid-column: 2 / -1;
    gap: var(--s2);
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .row .facts > * {
    flex: none;
  }
  .row .facts .elastic {
    flex: 0 1 auto;
    min-inline-size: 0;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .row .facts .waits {
    color: var(--warn);
  }
  .row .facts .urgent {
    color: var(--bad);
    font-weight: 600;
  }
  .row .facts .high {
    color: var(--warn);
    font-weight: 600;
  }
  .placeholder {
    block-size: 4.5rem;
    padding: var(--s3);
    border-block-end: 1px solid var(--line);
  }
  .placeholder i {
    display: block;
    block-size: 0.75rem;
    margin-block-end: var(--s2);
    border-radius: var(--r1);
    background: var(--sunken);
  }
  .placeholder i:first-child {
    inline-size: 45%;
  }
  .more {
    padding: var(--s3);
    color: var(--ink-soft);
    font-size: var(--t1);
    text-align: center;
  }
`;
