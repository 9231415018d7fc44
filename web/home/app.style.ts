// Layout of the control room: a navigation rail and one column, with pairs side by side on wide
// screens.
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
  nav {
    display: flex;
    gap: var(--s1);
    padding: var(--s2) var(--s3);
    overflow-x: auto;
    border-block-end: 1px solid var(--line);
    scrollbar-width: none;
  }
  nav a {
    flex: none;
    padding: var(--s1) var(--s2);
    border-radius: var(--r1);
    color: var(--ink-soft);
    font-size: var(--t2);
    text-decoration: none;
  }
  nav a:hover {
    background: var(--sunken);
    color: var(--ink);
  }
  nav a[aria-current] {
    color: var(--accent);
    font-weight: 500;
  }
  main {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: var(--s5);
    inline-size: 100%;
    max-inline-size: 90rem;
    padding: var(--s4);
  }
  .products,
  .products ul {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1) var(--s5);
  }
  .products {
    justify-content: space-between;
  }
  .products ul + ul {
    font-size: var(--t2);
  }
  .products a {
    font-weight: 600;
  }
  .attention {
    display: grid;
    gap: var(--s1);
    padding: var(--s2) var(--s3);
    border-inline-start: 3px solid var(--bad);
    background: var(--bad-soft);
    font-size: var(--t2);
  }
  .attention li {
    overflow-wrap: anywhere;
  }
  .pair {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    gap: var(--s5) var(--s6);
  }
  tbody th small,
  td small {
    display: block;
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .about {
    max-inline-size: 80ch;
    margin-block-start: var(--s2);
    font-size: var(--t2);
  }
  .clip {
    display: flex;
    gap: var(--s1);
    max-inline-size: 13rem;
    white-space: nowrap;
  }
  .clip > :first-child {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  summary {
    inline-size: max-content;
    color: var(--ink-soft);
    font-size: var(--t1);
    cursor: pointer;
  }
  details pre {
    max-block-size: 20rem;
    margin-block-start: var(--s1);
    padding: var(--s2) var(--s3);
    overflow: auto;
    border-radius: var(--r1);
    background: var(--sunken);
  }
  @media (min-width: 64rem) {
    :host {
      grid-template: auto 1fr / 10rem minmax(0, 1fr);
    }
    cf-app-bar {
      grid-column: 1 / -1;
    }
    nav {
      position: sticky;
      inset-block-start: 3rem;
      align-self: start;
      flex-direction: column;
      padding: var(--s4) var(--s3);
      border: 0;
    }
    main {
      padding: var(--s4) var(--s5) var(--s6) var(--s4);
    }
    section,
    home-timeline,
    home-logs {
      scroll-margin-block-start: 4rem;
    }
    .pair {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }
`;
