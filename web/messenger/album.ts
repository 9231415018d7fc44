// A mosaic of one to ten pictures that open full-screen.
import { css, html, nothing, type TemplateResult } from "lit";

export interface Picture {
  url: string;
  caption: string | null;
  /** A smaller copy for the mosaic. */
  preview?: string;
  /** In pixels; a single picture of known size is shown whole. */
  width?: number;
  height?: number;
}

/** `most` is the number of pictures that are shown; the last one then counts the rest. */
export function album(
  pictures: Picture[],
  most: number,
  open: (pictures: Picture[], index: number) => void,
): TemplateResult {
  const shown = pictures.slice(0, most);
  const hidden = pictures.length - shown.length;
  const isWhole = pictures.length === 1 && pictures[0]?.width !== undefined;
  // The order is that of the lightbox and its swipes, also beside a text from right to left.
  return html`<div dir="ltr" class="album of-${shown.length} ${isWhole ? "whole" : ""}">
    ${shown.map((picture, index) => {
      const more = hidden > 0 && index === shown.length - 1;
      const label = more
        ? `Photo ${index + 1} and ${hidden} more`
        : picture.caption || `Photo ${index + 1} of ${pictures.length}`;
      return html`<button type="button" aria-label=${label} @click=${() => open(pictures, index)}>
        <img src=${picture.preview ?? picture.url} alt="" width=${picture.width ?? nothing} height=${picture.height ?? nothing} loading="lazy" />${more ? html`<span class="more">+${hidden}</span>` : nothing}
      </button>`;
    })}
  </div>`;
}

export const albumStyle = css`
  .album {
    display: grid;
    gap: 3px;
    inline-size: 17rem;
    max-inline-size: 100%;
    border-radius: calc(var(--corner) - 4px);
    overflow: hidden;
  }
  .album:not(.of-1) {
    grid-template-columns: repeat(6, minmax(0, 1fr));
  }
  .album button {
    position: relative;
    grid-column: span 3;
    aspect-ratio: 1;
    padding: 0;
    border: 0;
    background: var(--sunken);
    cursor: zoom-in;
  }
  .album.of-1 button {
    grid-column: auto;
    aspect-ratio: 4 / 3;
  }
  .album.of-3 button:first-child {
    grid-column: 1 / -1;
    aspect-ratio: 2;
  }
  .album.of-5 button:nth-child(n + 3),
  .album.of-6 button,
  .album.of-7 button:nth-child(n + 5),
  .album.of-8 button:nth-child(n + 3),
  .album.of-9 button,
  .album.of-10 button:nth-child(n + 5) {
    grid-column: span 2;
  }
  .album button:focus-visible {
    outline-offset: -4px;
    outline-color: #fff;
    box-shadow: inset 0 0 0 4px var(--accent);
  }
  .album img {
    display: block;
    inline-size: 100%;
    block-size: 100%;
    object-fit: cover;
  }
  .album.whole button {
    aspect-ratio: auto;
  }
  .album.whole img {
    block-size: auto;
    max-block-size: 28rem;
  }
  .more {
    position: absolute;
    inset: 0;
    display: grid;
    place-items: center;
    background: rgb(0 0 0 / 0.55);
    color: #fff;
    font-size: var(--t5);
  }
`;
