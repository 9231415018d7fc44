// A titled section. Its heading is a target of the navigation and of links.
import { css, html, type TemplateResult } from "lit";

export function section(
  id: string,
  title: string,
  aside: unknown,
  content: unknown,
): TemplateResult {
  return html`<section id=${id} aria-labelledby="${id}-title">
    <header class="section-head">
      <h2 id="${id}-title" tabindex="-1">${title}</h2>
      ${aside}
    </header>
    ${content}
  </section>`;
}

export const sectionStyle = css`
  section {
    min-inline-size: 0;
    scroll-margin-block-start: var(--s4);
  }
  .section-head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: var(--s1) var(--s3);
    min-block-size: 2rem;
    margin-block-end: var(--s1);
  }
  .section-head h2 {
    margin-inline-end: auto;
    font-size: var(--t4);
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  .section-head .soft {
    font-size: var(--t2);
  }
`;
