// Sections of the editor: cards of repeated things, such as fields of the form and rules.
import { css } from "lit";

export const botSectionStyle = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
    align-content: start;
  }
  .card {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s3);
    padding: var(--s3);
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--paper);
  }
  .card-head {
    display: flex;
    align-items: center;
    gap: var(--s1);
  }
  .card-head strong {
    flex: 1;
    min-inline-size: 0;
    font-size: var(--t2);
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .effect {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: end;
    gap: var(--s2);
  }
  .lead {
    margin-block-start: calc(-1 * var(--s2));
  }
`;
