// Initials in a colour that stays the same for one person.
import { css, html, type TemplateResult } from "lit";
import { hueOf, initials } from "./words";

export function avatar(id: string, name: string): TemplateResult {
  return html`<span class="avatar" aria-hidden="true" .style=${`--hue:${hueOf(id)}`}>${initials(name)}</span>`;
}

export const avatarStyle = css`
  .avatar {
    display: inline-grid;
    flex: none;
    place-items: center;
    inline-size: var(--avatar, 1.5rem);
    block-size: var(--avatar, 1.5rem);
    border-radius: 50%;
    background: light-dark(oklch(0.9 0.045 var(--hue)), oklch(0.36 0.05 var(--hue)));
    color: light-dark(oklch(0.36 0.08 var(--hue)), oklch(0.92 0.05 var(--hue)));
    font-size: calc(var(--avatar, 1.5rem) * 0.4);
    font-weight: 600;
    line-height: 1;
    user-select: none;
  }
`;
