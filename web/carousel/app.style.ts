// Layout of the page: a bar with the views, and one column.
import { css } from "lit";

export const appStyle = css`
  :host {
    display: grid;
    grid-template: auto auto 1fr / minmax(0, 1fr);
    min-block-size: 100%;
  }
  cf-app-bar {
    position: sticky;
    inset-block-start: 0;
    z-index: 2;
  }
  cf-app-bar a {
    font-size: var(--t2);
  }
  nav {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s1);
    padding: var(--s2) var(--s3);
    border-block-end: 1px solid var(--line);
  }
  nav a {
    padding: var(--s1) var(--s2);
    border-radius: var(--r1);
    color: var(--ink-soft);
    font-size: var(--t3);
    text-decoration: none;
  }
  nav a:hover {
    background: var(--sunken);
    color: var(--ink);
  }
  nav a[aria-current] {
    background: var(--accent-soft);
    color: var(--accent-strong);
    font-weight: 500;
  }
  nav .icon-only {
    margin-inline-start: auto;
  }
  main {
    display: grid;
    grid-row: 3;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: var(--s4);
    inline-size: 100%;
    max-inline-size: 96rem;
    margin-inline: auto;
    padding: var(--s4) var(--s4) var(--s6);
  }
  @media (max-width: 30rem) {
    .wide {
      display: none;
    }
    /* Read, but not shown. */
    .long {
      position: absolute;
      inline-size: 1px;
      block-size: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
  }
`;
