// A part of the settings: a heading with its action, and panels.
import { css } from "lit";

export const partStyle = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
    align-content: start;
    padding: 0;
  }
`;
