// Bubbles of the phone: templates and reactions.
import { css } from "lit";

export const phoneBubbleStyle = css`
  .parameters li {
    padding-block: 1px;
  }
  .reaction {
    z-index: 1;
    margin: -0.35rem 0.6rem 0;
    padding: 0.1rem 0.4rem;
    border: 2px solid var(--sunken);
    border-radius: 1rem;
    background: var(--raised);
    line-height: 1.2;
  }
  .emojis {
    position: absolute;
    inset-block-end: 100%;
    inset-inline-end: -4.5rem;
    z-index: 2;
    display: flex;
    padding: var(--s1);
    border: 1px solid var(--line);
    border-radius: 1.5rem;
    background: var(--raised);
    box-shadow: var(--lift);
  }
  .emojis button {
    inline-size: 2.25rem;
    block-size: 2.25rem;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: none;
    font-size: 1.25rem;
    cursor: pointer;
  }
  .emojis button:hover,
  .emojis [aria-pressed="true"] {
    background: var(--accent-soft);
  }
`;
