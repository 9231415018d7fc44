// The choices of a purchase, and its price.
import { css } from "lit";

export const paySheetStyle = css`
  .all {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
  }
  .about {
    display: grid;
    gap: var(--s2);
    color: var(--ink-soft);
    text-wrap: pretty;
  }
  .about b {
    color: var(--ink);
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .said {
    padding-inline-start: var(--s3);
    border-inline-start: 3px solid var(--line-strong);
    color: var(--ink);
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .tiers {
    border: 1px solid var(--line);
    border-radius: 0.75rem;
    background: var(--raised);
    overflow: hidden;
  }
  .tiers li + li {
    border-block-start: 1px solid var(--line);
  }
  .amounts {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: var(--s2);
  }
  .choice {
    display: flex;
    align-items: center;
    gap: var(--s3);
    inline-size: 100%;
    min-block-size: 3.25rem;
    padding: var(--s2) var(--s4);
    border: 0;
    background: none;
    font-size: var(--t4);
    text-align: start;
    cursor: pointer;
    transition: background var(--quick);
  }
  .choice:hover {
    background: var(--accent-soft);
  }
  .choice:focus-visible {
    outline-offset: -3px;
    border-radius: 0.75rem;
  }
  .choice .words {
    flex: 1;
  }
  .choice svg {
    color: var(--ink-soft);
    font-size: var(--t3);
  }
  .price {
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .amounts .choice {
    justify-content: center;
    min-block-size: 4rem;
    border: 1px solid var(--line);
    border-radius: 0.75rem;
    background: var(--raised);
    font-size: var(--t5);
  }
  .amounts .choice:hover {
    border-color: var(--accent);
    background: var(--accent-soft);
  }
  .asking {
    opacity: 0.55;
  }
  .chosen {
    display: grid;
    justify-items: center;
    gap: var(--s1);
    padding-block: var(--s4) var(--s3);
    text-align: center;
  }
  .chosen b {
    font-size: 2.25rem;
    font-weight: 680;
    font-variant-numeric: tabular-nums;
    letter-spacing: -0.03em;
    line-height: 1.1;
  }
  .chosen span {
    color: var(--ink-soft);
  }
  .ways {
    display: grid;
    gap: var(--s2);
  }
  .ways .button {
    min-block-size: 3rem;
    font-size: var(--t4);
  }
  .small {
    color: var(--ink-soft);
    font-size: var(--t2);
    text-align: center;
    text-wrap: balance;
  }
`;
