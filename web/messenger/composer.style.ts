// The composer grows with its text up to a third of the screen.
import { css } from "lit";

export const composerStyle = css`
  :host {
    display: block;
  }
  form {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s2);
    padding: var(--s2) var(--s2) max(var(--s2), env(safe-area-inset-bottom));
    border-block-start: 1px solid var(--line);
    background: var(--paper);
  }
  .row {
    display: flex;
    align-items: end;
    gap: var(--s1);
  }
  textarea {
    flex: 1;
    min-inline-size: 0;
    min-block-size: 2.5rem;
    max-block-size: 33dvh;
    padding: 0.5rem 0.875rem;
    border: 1px solid var(--line-strong);
    border-radius: 1.25rem;
    background: var(--raised);
    font-size: var(--t4);
    line-height: 1.4;
    resize: none;
    field-sizing: content;
  }
  textarea:focus-visible {
    border-color: var(--accent);
    border-radius: 1.25rem;
    outline-width: 1px;
    outline-offset: 0;
  }
  .row .button.icon-only {
    inline-size: 2.5rem;
    block-size: 2.5rem;
  }
  /* Wins over the size that the slotted button has where it comes from. */
  ::slotted(.icon-only) {
    inline-size: 2.5rem !important;
    block-size: 2.5rem !important;
  }
  .row .send {
    border-radius: 50%;
    font-size: var(--t4);
  }
  .reply {
    display: flex;
    align-items: center;
    gap: var(--s2);
    padding-inline-start: var(--s3);
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  .reply p {
    flex: 1;
    text-align: -webkit-match-parent;
    text-align: match-parent;
    min-inline-size: 0;
    padding-inline-start: var(--s2);
    border-inline-start: 2px solid var(--accent);
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .tray {
    display: flex;
    gap: var(--s2);
    padding: var(--s1);
    overflow-x: auto;
  }
  .tray li {
    position: relative;
    flex: none;
  }
  .tray img {
    display: block;
    inline-size: 5rem;
    block-size: 5rem;
    border-radius: var(--r2);
    object-fit: cover;
  }
  .tray .file {
    display: grid;
    align-content: end;
    inline-size: 5rem;
    block-size: 5rem;
    padding: var(--s1);
    border: 1px solid var(--line);
    border-radius: var(--r2);
    font-size: var(--t1);
    overflow: hidden;
    overflow-wrap: anywhere;
  }
  .tray button {
    position: absolute;
    inset-block-start: 4px;
    inset-inline-end: 4px;
    display: grid;
    place-items: center;
    inline-size: 1.5rem;
    block-size: 1.5rem;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: rgb(0 0 0 / 0.65);
    color: #fff;
    font-size: var(--t1);
    cursor: pointer;
  }
`;
