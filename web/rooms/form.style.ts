// Styles of forms in sheets: one column, large touch targets.
import { css } from "lit";

export const formStyle = css`
  form,
  .form {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
  }
  .field {
    grid-template-columns: minmax(0, 1fr);
  }
  .input {
    min-block-size: 2.75rem;
    padding-inline: var(--s3);
    /* Smaller letters make a phone zoom in. */
    font-size: var(--t4);
  }
  .input::placeholder {
    color: var(--ink-soft);
    opacity: 1;
  }
  .with-button {
    display: flex;
    gap: var(--s2);
  }
  .with-button .input {
    flex: 1;
    min-inline-size: 0;
  }
  .with-button .button {
    block-size: auto;
    min-block-size: 2.75rem;
    inline-size: 2.75rem;
    flex: none;
  }
  .field .wrong {
    color: var(--bad);
    font-size: var(--t2);
    font-weight: 400;
  }
  fieldset {
    display: grid;
    gap: var(--s2);
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    padding: 0;
    margin-block-end: var(--s2);
    font-size: var(--t2);
    font-weight: 500;
  }
  .choice {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0 var(--s3);
    align-items: center;
    padding-block: var(--s1);
    cursor: pointer;
  }
  .choice small {
    grid-column: 2;
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  .big {
    min-block-size: 2.75rem;
    font-size: var(--t3);
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
  }
  .chip {
    min-block-size: 2rem;
    padding: 0 var(--s3);
    border: 1px solid var(--line);
    border-radius: 1rem;
    background: none;
    color: var(--ink);
    font-size: var(--t2);
    cursor: pointer;
  }
  .chip:hover {
    border-color: var(--line-strong);
  }
  .chip:focus-visible {
    border-radius: 1rem;
  }
  @media (pointer: coarse) {
    .chip {
      min-block-size: 2.75rem;
      border-radius: 1.375rem;
    }
  }
`;
