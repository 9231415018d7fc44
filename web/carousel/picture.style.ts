// A slide's picture with its caption, or an empty place of its shape.
import { css } from "lit";

export const pictureStyle = css`
  figcaption {
    margin-block-end: var(--s2);
    font-size: var(--t2);
    font-weight: 500;
  }
  figcaption .soft {
    font-weight: 400;
  }
  img {
    display: block;
    inline-size: 100%;
    border-radius: var(--r2);
    transition: opacity var(--quick);
  }
  img.old {
    opacity: 0.45;
  }
  .blank {
    display: grid;
    place-items: center;
    padding: var(--s4);
    aspect-ratio: 4 / 5;
    border-radius: var(--r2);
    background: var(--sunken);
    color: var(--ink-soft);
    font-size: var(--t2);
    text-align: center;
  }
  .blank.square {
    aspect-ratio: 1;
  }
  .blank.story {
    aspect-ratio: 9 / 16;
  }
  @media (max-width: 30rem) {
    figcaption .soft {
      display: block;
      min-block-size: 1lh;
    }
  }
`;
