// Forms in dialogs: fields below each other, and choices with a hint.
import { css } from "lit";

export const formStyle = css`
  form {
    display: grid;
    gap: var(--s4);
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
    padding: 0 0 var(--s1);
    font-size: var(--t2);
    font-weight: 500;
  }
  .choice {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0 var(--s2);
    align-items: center;
    font-size: var(--t3);
  }
  .choice small {
    grid-column: 2;
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .pair {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
    gap: var(--s3);
  }
`;
