// Layout of the slide editor: texts above, preview and picture side by side below.
import { css } from "lit";

export const slideEditorStyle = css`
  .body,
  form {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
  }
  form {
    gap: var(--s3);
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2);
  }
  .verse,
  .conflict blockquote {
    padding-inline-start: var(--s3);
    border-inline-start: 3px solid var(--line-strong);
    font-size: var(--t3);
    overflow-wrap: anywhere;
  }
  .verse figcaption {
    margin-block: var(--s1) 0;
    font-size: var(--t1);
    font-weight: 400;
  }
  blockquote {
    margin: 0;
  }
  .conflict {
    display: grid;
    gap: var(--s2);
    padding: var(--s3);
    border-radius: var(--r2);
    background: var(--warn-soft);
    font-size: var(--t2);
  }
  .pictures {
    display: grid;
    grid-template-columns: repeat(2, minmax(0, 1fr));
    gap: var(--s4);
  }
  @media (max-width: 30rem) {
    .pictures {
      gap: var(--s2);
    }
  }
`;
