// A chat's avatar: its initials on one of six tints.
import { css, html, type TemplateResult } from "lit";

const TINT_COUNT = 6;

export function avatar({ id, name }: { id: string; name: string }): TemplateResult {
  const initials = name
    .trim()
    .split(/\s+/u)
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("");
  const tint = [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % TINT_COUNT;
  return html`<span class="avatar tint-${tint}" aria-hidden="true">${initials}</span>`;
}

export const avatarStyle = css`
  .avatar {
    display: grid;
    flex: none;
    place-items: center;
    inline-size: 2.75rem;
    block-size: 2.75rem;
    border-radius: 50%;
    font-weight: 600;
  }
  .tint-0 {
    background: light-dark(#f3dcc6, #5a4029);
  }
  .tint-1 {
    background: light-dark(#d5e3f0, #2c4257);
  }
  .tint-2 {
    background: light-dark(#dbe8ce, #3a4a29);
  }
  .tint-3 {
    background: light-dark(#f1d6da, #5a323b);
  }
  .tint-4 {
    background: light-dark(#e2daf0, #43375c);
  }
  .tint-5 {
    background: light-dark(#cfe8e4, #25494a);
  }
`;
