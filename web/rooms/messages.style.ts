// Messages: others' at the start side with an avatar, one's own at the end side in the room's
// colour.
import { css } from "lit";

export const messagesStyle = css`
  :host {
    position: relative;
    display: block;
    flex: 1;
    min-block-size: 0;
  }
  .scroll {
    block-size: 100%;
    padding: var(--s3) max(var(--s3), calc((100% - 46rem) / 2)) var(--s2);
    overflow: hidden auto;
    overscroll-behavior: contain;
    overflow-anchor: none;
  }
  .scroll:focus-visible {
    outline-offset: -3px;
  }
  /* A short talk stands where it will go on. */
  .inner {
    display: flex;
    flex-direction: column;
    justify-content: end;
    min-block-size: 100%;
  }
  .older {
    padding-block: var(--s3);
    text-align: center;
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  .day {
    padding-block: var(--s4) var(--s2);
    color: var(--ink-soft);
    font-size: var(--t1);
    font-weight: 500;
    text-align: center;
  }
  .row {
    display: grid;
    grid-template-columns: 2.25rem minmax(0, 1fr);
    justify-items: start;
    column-gap: var(--s2);
    margin-block-start: 3px;
  }
  .row > * {
    grid-column: 2;
  }
  .row.first {
    margin-block-start: var(--s3);
  }
  .row > .avatar {
    grid-column: 1;
    grid-row: 1 / span 9;
    align-self: end;
  }
  .row.mine {
    grid-template-columns: minmax(0, 1fr);
    justify-items: end;
  }
  .row.mine > *,
  .row > .new {
    grid-column: 1 / -1;
  }
  .who {
    display: flex;
    align-items: baseline;
    gap: var(--s2);
    max-inline-size: 100%;
    margin-block-end: 3px;
    padding-inline-start: 0.75rem;
    font-size: var(--t2);
  }
  .who b {
    min-inline-size: 0;
    overflow: hidden;
    color: light-dark(oklch(0.47 0.13 var(--own)), oklch(0.82 0.09 var(--own)));
    font-weight: 600;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .who .role {
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .when {
    flex: none;
    color: var(--ink-soft);
    font-size: var(--t1);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .message {
    position: relative;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    justify-items: start;
    max-inline-size: min(34rem, 100%);
  }
  .mine .message {
    justify-items: end;
    max-inline-size: min(34rem, 88%);
  }
  .line {
    position: relative;
    max-inline-size: 100%;
  }
  .bubble {
    min-inline-size: 2.5rem;
    max-inline-size: 100%;
    padding: 0.45rem 0.8rem;
    border-radius: 1.125rem;
    background: var(--raised);
    font-size: 0.9375rem;
    line-height: 1.4;
    overflow-wrap: anywhere;
    transition: background var(--quick);
  }
  .theirs .bubble {
    box-shadow: inset 0 0 0 1px light-dark(transparent, var(--line));
  }
  .mine .bubble {
    background: light-dark(oklch(0.915 0.05 var(--hue)), oklch(0.37 0.065 var(--hue)));
  }
  .theirs:not(.last) .bubble {
    border-end-start-radius: 6px;
  }
  .theirs:not(.first) .bubble {
    border-start-start-radius: 6px;
  }
  .theirs.last .bubble {
    border-end-start-radius: 5px;
  }
  .mine:not(.last) .bubble {
    border-end-end-radius: 6px;
  }
  .mine:not(.first) .bubble {
    border-start-end-radius: 6px;
  }
  .mine.last .bubble {
    border-end-end-radius: 5px;
  }
  .text {
    /* What is drawn above or below its line stays within its bubble. */
    overflow: clip;
    overflow-clip-margin: 0.2em;
    white-space: pre-wrap;
    unicode-bidi: plaintext;
  }
  .text a {
    direction: ltr;
    unicode-bidi: isolate;
    color: inherit;
    text-decoration-color: currentColor;
  }
  .bubble.emoji {
    padding-inline: 0.25rem;
    background: none;
    box-shadow: none;
    font-family: var(--emoji);
    font-size: 2.75rem;
    line-height: 1.15;
  }
  .bubble.deleted {
    background: none;
    box-shadow: inset 0 0 0 1px var(--line);
    color: var(--ink-soft);
    font-style: italic;
  }
  .row.gift {
    grid-template-columns: minmax(0, 1fr);
    justify-items: center;
    margin-block: var(--s3);
  }
  .row.gift > * {
    grid-column: 1;
  }
  .gift .message {
    justify-items: center;
  }
  .bubble.tip {
    display: flex;
    align-items: center;
    gap: var(--s2);
    padding-inline: 0.6rem 0.9rem;
    background: light-dark(#fdf3dc, #3a2e16);
    box-shadow: inset 0 0 0 1px light-dark(#f0dcae, #57451f);
    line-height: 1.35;
  }
  .bubble.tip svg {
    color: var(--warn);
    font-size: 1.125rem;
  }
  .bubble.tip b {
    font-weight: 600;
  }
  .bubble.tip .amount {
    color: var(--warn);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .found .bubble,
  .found.message .bubble {
    background: light-dark(#fbe7b2, #5a4a1c);
  }
  .quote {
    display: block;
    inline-size: 100%;
    margin-block: 0.15rem 0.35rem;
    padding: 0.25rem 0.6rem;
    border: 0;
    border-inline-start: 3px solid light-dark(oklch(0.6 0.12 var(--hue)), oklch(0.7 0.1 var(--hue)));
    border-radius: 6px;
    background: color-mix(in srgb, var(--ink) 7%, transparent);
    color: inherit;
    font-size: var(--t2);
    text-align: start;
    cursor: pointer;
  }
  .quote b,
  .quote span:not(.only-read) {
    display: block;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .quote b {
    font-weight: 600;
  }
  .tools {
    position: absolute;
    inset-block-start: 50%;
    inset-inline-start: 100%;
    z-index: 1;
    display: flex;
    padding-inline: var(--s1);
    translate: 0 -50%;
    opacity: 0;
    pointer-events: none;
    transition: opacity var(--quick);
  }
  .mine .tools {
    inset-inline: auto 100%;
    flex-direction: row-reverse;
  }
  .tools .button {
    inline-size: 2rem;
    block-size: 2rem;
    min-block-size: 2rem;
    color: var(--ink-soft);
  }
  .tools:focus-within,
  .tools.open {
    opacity: 1;
    pointer-events: auto;
  }
  @media (hover: hover) {
    .line:hover .tools {
      opacity: 1;
      pointer-events: auto;
    }
  }
  /* There is no room beside a wide bubble on a narrow screen: the tools lie over its corner. */
  @media (max-width: 36rem) {
    .tools,
    .mine .tools {
      inset-block-start: 0;
      inset-inline: auto 0;
      translate: 0 -60%;
      border: 1px solid var(--line);
      border-radius: 1rem;
      background: var(--raised);
    }
  }
  @media (hover: none) {
    .bubble {
      cursor: pointer;
    }
  }
  .emojis {
    position: absolute;
    inset-block-end: calc(100% + 4px);
    inset-inline-start: 0;
    z-index: 3;
    display: flex;
    padding: var(--s1);
    border: 1px solid var(--line);
    border-radius: 1.5rem;
    background: var(--raised);
    box-shadow: var(--lift);
  }
  .mine .emojis {
    inset-inline: auto 0;
  }
  .emojis.below {
    inset-block: calc(100% + 4px) auto;
  }
  .emojis button {
    inline-size: 2.25rem;
    block-size: 2.25rem;
    padding: 0;
    border: 0;
    border-radius: 50%;
    background: none;
    font-family: var(--emoji);
    font-size: 1.25rem;
    cursor: pointer;
  }
  .emojis button:focus-visible {
    border-radius: 50%;
    outline-offset: -2px;
  }
  .emojis button:hover,
  .emojis [aria-pressed="true"] {
    background: var(--accent-soft);
  }
  .reactions {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1);
    z-index: 1;
    margin: -0.25rem 0.5rem 0.15rem;
  }
  .reactions button {
    display: inline-flex;
    align-items: center;
    gap: 0.3rem;
    min-block-size: 1.625rem;
    padding: 0 0.5rem;
    border: 1px solid var(--line);
    border-radius: 0.8125rem;
    background: var(--raised);
    color: var(--ink-soft);
    font-size: var(--t2);
    font-variant-numeric: tabular-nums;
    cursor: pointer;
  }
  .reactions button:focus-visible {
    border-radius: 0.8125rem;
  }
  .glyph {
    font-family: var(--emoji);
    font-size: var(--t3);
  }
  .reactions [aria-pressed="true"] {
    border-color: var(--accent);
    background: var(--accent-soft);
    color: var(--accent-strong);
  }
  .reactions [disabled] {
    cursor: default;
  }
  .state {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: end;
    gap: 0 var(--s3);
    max-inline-size: 100%;
    padding-inline-end: 0.3rem;
    color: var(--ink-soft);
    font-size: var(--t1);
  }
  .state.failed {
    color: var(--bad);
    overflow-wrap: anywhere;
  }
  .state > :last-child {
    display: flex;
    gap: var(--s4);
  }
  .state .link {
    min-block-size: 1.75rem;
  }
  .underway .bubble {
    opacity: 0.72;
  }
  .veil {
    padding: 0.3rem 0.75rem;
    color: var(--ink-soft);
    font-size: var(--t2);
  }
  .new {
    display: flex;
    align-items: center;
    gap: var(--s3);
    inline-size: 100%;
    margin-block-end: var(--s3);
    color: var(--accent);
    font-size: var(--t1);
    font-weight: 600;
  }
  .new::before,
  .new::after {
    content: "";
    flex: 1;
    block-size: 1px;
    background: currentColor;
    opacity: 0.4;
  }
  .pill {
    position: absolute;
    inset-block-end: var(--s3);
    inset-inline: 0;
    inline-size: fit-content;
    margin-inline: auto;
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-block-size: 2.5rem;
    padding-inline: var(--s4);
    border: 1px solid var(--line);
    border-radius: 1.25rem;
    background: var(--raised);
    color: var(--ink);
    box-shadow: var(--lift);
    font-size: var(--t2);
    font-weight: 600;
    cursor: pointer;
  }
  .pill.quiet {
    inset-inline: auto var(--s4);
    padding-inline: 0;
    inline-size: 2.5rem;
    justify-content: center;
  }
  .pill:focus-visible {
    border-radius: 1.25rem;
  }
  .empty {
    display: grid;
    justify-items: center;
    align-content: center;
    gap: var(--s3);
    flex: 1;
    padding: var(--s4);
    text-align: center;
  }
  .empty h2 {
    font-size: var(--t5);
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  .empty p {
    max-inline-size: 36ch;
    color: var(--ink-soft);
    text-wrap: pretty;
  }
  .empty div {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: var(--s2);
  }
  .empty .button {
    min-block-size: 2.75rem;
    padding-inline: var(--s4);
  }
`;
