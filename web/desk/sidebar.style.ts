// The sidebar: a column beside the page, or a bar with a drawer on narrow screens.
import { css } from "lit";

export const sidebarStyle = css`
  :host {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr) auto;
    inline-size: 13.5rem;
    border-inline-end: 1px solid var(--line);
    background: var(--sunken);
  }
  .top {
    display: flex;
    align-items: center;
    gap: var(--s1);
    min-block-size: 3rem;
    padding: var(--s1) var(--s2);
  }
  .top sidebar-menu {
    flex: 1;
    min-inline-size: 0;
  }
  .menu-button {
    display: none;
  }
  nav {
    padding: var(--s1) var(--s2);
    overflow-y: auto;
  }
  nav h2 {
    margin: var(--s4) var(--s2) var(--s1);
    color: var(--ink-soft);
    font-size: var(--t1);
    font-weight: 500;
  }
  nav a {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-block-size: 1.875rem;
    padding: 0 var(--s2);
    border-radius: var(--r2);
    color: var(--ink);
    font-size: var(--t2);
    text-decoration: none;
  }
  nav a svg {
    color: var(--ink-soft);
  }
  nav a:hover {
    background: color-mix(in srgb, var(--line) 60%, transparent);
  }
  nav a[aria-current] {
    background: var(--raised);
    box-shadow: 0 0 0 1px var(--line);
    font-weight: 550;
  }
  nav a[aria-current] svg {
    color: var(--accent);
  }
  nav a.view {
    padding-inline-start: 2.125rem;
  }
  nav a span {
    flex: 1;
    min-inline-size: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  nav a b {
    color: var(--ink-soft);
    font-size: var(--t1);
    font-weight: 400;
    font-variant-numeric: tabular-nums;
  }
  nav a b.fresh {
    color: var(--accent-strong);
    font-weight: 600;
  }
  .bottom {
    display: flex;
    align-items: center;
    gap: var(--s1);
    padding: var(--s2);
    border-block-start: 1px solid var(--line);
  }
  .bottom sidebar-menu {
    flex: 1;
    min-inline-size: 0;
  }
  @media (max-width: 56rem) {
    :host {
      display: flex;
      align-items: center;
      inline-size: auto;
      border-inline-end: 0;
      border-block-end: 1px solid var(--line);
    }
    .menu-button {
      display: inline-flex;
      margin-inline-start: var(--s1);
    }
    .top {
      flex: 1;
      min-inline-size: 0;
      padding-inline: var(--s1);
    }
    :host(:not([open])) nav {
      display: none;
    }
    nav {
      position: fixed;
      inset-block: 3.0625rem 0;
      inset-inline-start: 0;
      z-index: 30;
      inline-size: min(17rem, 85vw);
      border-inline-end: 1px solid var(--line);
      background: var(--sunken);
      box-shadow: var(--lift);
    }
    nav a {
      min-block-size: 2.75rem;
    }
    .bottom {
      border: 0;
      padding: var(--s1);
    }
  }
`;

/** The buttons that open the workspace's and the person's menu. */
export const sidebarButtonStyle = css`
  .wide {
    display: flex;
    align-items: center;
    gap: var(--s2);
    inline-size: 100%;
    min-block-size: 2.25rem;
    padding: var(--s1) var(--s2);
    border: 0;
    border-radius: var(--r2);
    background: none;
    font-size: var(--t2);
    text-align: start;
    cursor: pointer;
  }
  .wide:hover {
    background: color-mix(in srgb, var(--line) 60%, transparent);
  }
  .wide strong {
    flex: 1;
    min-inline-size: 0;
    font-weight: 600;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .wide svg {
    color: var(--ink-soft);
  }
  .dot {
    flex: none;
    inline-size: 0.5rem;
    block-size: 0.5rem;
    border-radius: 50%;
    background: var(--line-strong);
  }
  .dot.online {
    background: var(--good);
  }
  @media (max-width: 56rem) {
    .person strong,
    .person .dot {
      display: none;
    }
  }
`;
