// The list beside the trace; stacked on a narrow screen.
import { css } from "lit";

export const timelineStyle = css`
  .follow {
    display: flex;
    align-items: center;
    gap: var(--s2);
    font-size: var(--t2);
  }
  .two {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    border-block: 1px solid var(--line);
  }
  .traces {
    max-block-size: 13rem;
    overflow-y: auto;
  }
  .traces a {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 0 var(--s3);
    padding: var(--s2) var(--s3);
    border-inline-start: 3px solid transparent;
    color: inherit;
    font-size: var(--t1);
    text-decoration: none;
  }
  .traces a:hover {
    background: var(--sunken);
  }
  .traces a:focus-visible {
    outline-offset: -2px;
  }
  .traces a[aria-current] {
    border-color: var(--accent);
    background: var(--accent-soft);
  }
  .traces cf-time,
  .traces .steps {
    justify-self: end;
  }
  .traces .title {
    font-size: var(--t2);
    font-weight: 500;
  }
  .traces .title,
  .traces .id {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .way {
    padding: var(--s3) var(--s1) var(--s3) 0;
    overflow-y: auto;
    border-block-start: 1px solid var(--line);
  }
  .sum {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--s3);
    margin-block-end: var(--s3);
    font-size: var(--t2);
    overflow-wrap: anywhere;
  }
  .entries li {
    display: grid;
    grid-template-columns: 4.5rem 1.75rem minmax(0, 1fr) 5rem;
    gap: 0 var(--s2);
    font-size: var(--t2);
  }
  .after,
  .took {
    padding-block-start: 0.2rem;
    font-size: var(--t1);
    font-variant-numeric: tabular-nums;
    text-align: end;
  }
  .node {
    position: relative;
    display: grid;
    place-items: center;
    inline-size: 1.75rem;
    block-size: 1.75rem;
    border: 1px solid var(--line);
    border-radius: 50%;
    background: var(--raised);
    color: var(--accent);
    font-size: var(--t1);
  }
  .entries li:not(:last-child) .node::after {
    content: "";
    position: absolute;
    inset-block-start: calc(1.75rem - 1px);
    inline-size: 1px;
    block-size: 10rem;
    background: var(--line);
  }
  .entries li {
    overflow: hidden;
  }
  .what {
    min-inline-size: 0;
    padding-block: 0.2rem var(--s3);
    overflow-wrap: anywhere;
  }
  .ref {
    font-size: var(--t1);
  }
  .took svg {
    display: block;
    inline-size: 100%;
    block-size: 3px;
    margin-block-start: 2px;
  }
  .took rect {
    fill: var(--accent);
  }
  .failed .node {
    border-color: var(--bad);
    color: var(--bad);
  }
  .failed .text {
    color: var(--bad);
  }
  .failed rect {
    fill: var(--bad);
  }
  @media (max-width: 40rem) {
    .entries li {
      grid-template-columns: 1.75rem minmax(0, 1fr) auto;
    }
    .after {
      display: none;
    }
  }
  @media (min-width: 48rem) {
    .two {
      grid-template-columns: minmax(14rem, 20rem) minmax(0, 1fr);
    }
    .traces,
    .way {
      max-block-size: 28rem;
    }
    .traces {
      border-inline-end: 1px solid var(--line);
    }
    .way {
      padding-inline-start: var(--s3);
      border: 0;
    }
  }
`;
