// Styles of forms: one column, errors beside their fields, and a row of buttons at the end.
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
    align-content: start;
  }
  .input::placeholder {
    color: var(--ink-soft);
    opacity: 1;
  }
  select.input {
    inline-size: 100%;
  }
  .input[aria-invalid="true"] {
    border-color: var(--bad);
  }
  .wrong {
    color: var(--bad);
    font-size: var(--t2);
    font-weight: 400;
  }
  .two {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 12rem), 1fr));
    gap: var(--s3);
  }
  .check {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0 var(--s2);
    align-items: center;
    font-size: var(--t2);
    cursor: pointer;
  }
  .check small {
    grid-column: 2;
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  fieldset {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s2);
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    margin-block-end: var(--s1);
    padding: 0;
    font-size: var(--t2);
    font-weight: 500;
  }
  div.actions {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: var(--s2);
  }
  .big {
    min-block-size: 2.5rem;
    font-size: var(--t3);
  }
`;
