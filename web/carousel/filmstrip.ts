// The slides in a row. Each opens its editor.
import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Detail, Slide } from "./contract";
import { slideLink } from "./links";
import { directionOfLanguage, slideWords } from "./words";

export interface StripActions {
  /** Returns the link that a file is shown with. */
  linkOf: (link: string) => string;
  /** A picture did not load: its link may have expired. */
  broken: (link: string) => void;
}

export function filmstrip(detail: Detail, current: number, actions: StripActions): TemplateResult {
  const { pages, language, slides } = detail;
  if (pages.length === 0)
    return html`<p class="soft small">The texts are not written yet. ${slides.total === 1 ? "The slide appears" : `${slides.total} slides appear`} here as they are drawn.</p>`;
  return html`<ol class="strip" aria-label="Slides" dir=${directionOfLanguage(language)}>
    ${repeat(
      pages,
      ({ number }) => number,
      (page) => frame(detail, page, current, actions),
    )}
  </ol>`;
}

function frame(
  { id, language, look }: Detail,
  page: Slide,
  current: number,
  { linkOf, broken }: StripActions,
): TemplateResult {
  const { number, type, title, alt, jpg, png, isDrawn } = page;
  const link = jpg ?? png;
  const kind = slideWords[type] ?? type;
  return html`<li>
    <a href=${slideLink(id, number)} aria-current=${number === current ? "true" : nothing}>
      ${
        link
          ? html`<img class=${look.format} src=${linkOf(link)} alt=${alt || title} lang=${language} loading="lazy" @error=${() => broken(link)} />`
          : html`<span class="blank ${look.format}"><span dir="auto">${title || "Not written yet"}</span></span>`
      }
      <span class="under" dir="ltr"><span class="only-read">Edit slide </span><span class="figures">${number}</span> ${kind}${isDrawn ? nothing : html` <span class="badge warn">drawing</span>`}</span>
    </a>
  </li>`;
}

export const filmstripStyle = css`
  .strip {
    /* What is for screen readers only is cut off with the rest. */
    position: relative;
    display: flex;
    gap: var(--s3);
    margin-inline: calc(-1 * var(--s1));
    padding: var(--s1) var(--s1) var(--s3);
    overflow-x: auto;
    scroll-snap-type: x proximity;
  }
  .strip li {
    flex: none;
    inline-size: 11rem;
    scroll-snap-align: start;
    scroll-margin-inline: var(--s1);
  }
  .strip a {
    display: grid;
    gap: var(--s1);
    border-radius: var(--r2);
    color: inherit;
    text-decoration: none;
  }
  .strip img,
  .strip .blank {
    display: block;
    inline-size: 100%;
    aspect-ratio: 4 / 5;
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--sunken);
    object-fit: cover;
    transition: border-color var(--quick);
  }
  .strip .square {
    aspect-ratio: 1;
  }
  .strip .story {
    aspect-ratio: 9 / 16;
  }
  .strip a:hover img,
  .strip a:hover .blank {
    border-color: var(--line-strong);
  }
  .strip a[aria-current] img,
  .strip a[aria-current] .blank {
    border-color: var(--accent);
    outline: 1px solid var(--accent);
  }
  .strip .blank {
    display: grid;
    place-items: center;
    padding: var(--s3);
    color: var(--ink-soft);
    font-size: var(--t2);
    text-align: center;
    overflow-wrap: anywhere;
  }
  .strip .under {
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .strip .under .figures {
    color: var(--ink);
    font-weight: 600;
  }
`;
