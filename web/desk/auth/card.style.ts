// The card that those who are not signed in see.
import { css } from "lit";

export const cardStyle = css`
  :host {
    display: grid;
    gap: var(--s4);
  }
  h1 {
    font-size: var(--t5);
    font-weight: 650;
    letter-spacing: -0.015em;
    overflow-wrap: anywhere;
  }
  p {
    color: var(--ink-soft);
    font-size: var(--t3);
    overflow-wrap: anywhere;
  }
  p strong {
    color: var(--ink);
    font-weight: 600;
  }
  .head {
    display: grid;
    gap: var(--s1);
  }
  .main {
    inline-size: 100%;
    min-block-size: 2.5rem;
    font-size: var(--t3);
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    gap: var(--s2) var(--s4);
    font-size: var(--t2);
  }
  .input {
    min-block-size: 2.5rem;
    padding-inline: var(--s3);
    font-size: var(--t4);
  }
`;
