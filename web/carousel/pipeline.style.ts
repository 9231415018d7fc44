// Layout of the pipeline: six columns, three where the window is narrower, one on a phone.
import { css } from "lit";

export const pipelineStyle = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
    justify-items: start;
  }
  :host > * {
    min-inline-size: 0;
    inline-size: 100%;
  }
  :host > .button {
    inline-size: auto;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: var(--s2) var(--s4);
  }
  .head h2 {
    font-size: var(--t5);
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  .head label {
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  .head select {
    color: var(--ink);
  }
  .board {
    display: grid;
    grid-template-columns: repeat(6, minmax(0, 1fr));
    align-items: start;
    gap: var(--s3);
  }
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s2);
    padding: var(--s2);
    border-radius: var(--r2);
    background: var(--sunken);
  }
  section h3 {
    display: flex;
    justify-content: space-between;
    gap: var(--s2);
    padding: var(--s1);
    font-size: var(--t2);
    font-weight: 600;
  }
  .count {
    color: var(--ink-soft);
    font-variant-numeric: tabular-nums;
    font-weight: 400;
  }
  ol {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s2);
  }
  @media (max-width: 72rem) {
    .board {
      grid-template-columns: repeat(3, minmax(0, 1fr));
    }
  }
  @media (max-width: 45rem) {
    .board {
      grid-template-columns: minmax(0, 1fr);
    }
    .bare ol {
      display: none;
    }
  }
`;
