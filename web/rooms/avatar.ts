// A user's avatar: the first letter in a colour derived from the id.
import { css, html, type TemplateResult } from "lit";
import { initial, userHue } from "./names";

export function avatar(userId: string, username: string): TemplateResult {
  return html`<span class="avatar" aria-hidden="true" .style=${`--own:${userHue(userId)}`}>${initial(username)}</span>`;
}

export const avatarStyle = css`
  .avatar {
    display: grid;
    flex: none;
    place-items: center;
    inline-size: 2.25rem;
    block-size: 2.25rem;
    border-radius: 50%;
    background: light-dark(oklch(0.9 0.055 var(--own)), oklch(0.36 0.06 var(--own)));
    color: light-dark(oklch(0.38 0.1 var(--own)), oklch(0.9 0.06 var(--own)));
    font-size: var(--t3);
    font-weight: 650;
    user-select: none;
  }
`;
