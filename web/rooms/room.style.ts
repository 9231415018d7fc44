// A room: details beside the messages on a wide screen, the messages alone on a narrow one.
import { css } from "lit";

export const roomStyle = css`
  :host {
    position: fixed;
    inset: var(--view-top, 0) 0 auto;
    display: block;
    block-size: var(--view-height, 100dvh);
    background: var(--sunken);
  }
  .room {
    display: grid;
    grid-template: minmax(0, 1fr) / minmax(0, 1fr);
    block-size: 100%;
  }
  aside {
    display: none;
  }
  .chat {
    display: flex;
    flex-direction: column;
    min-inline-size: 0;
    min-block-size: 0;
  }
  header {
    display: flex;
    align-items: center;
    gap: var(--s1);
    min-block-size: 3.75rem;
    padding: env(safe-area-inset-top) max(var(--s1), env(safe-area-inset-right)) 0 max(var(--s1), env(safe-area-inset-left));
    border-block-end: 1px solid var(--line);
    background: var(--paper);
  }
  header.behind {
    background: light-dark(oklch(0.96 0.03 var(--hue)), oklch(0.25 0.03 var(--hue)));
  }
  header .button.icon-only {
    inline-size: 2.75rem;
    block-size: 2.75rem;
  }
  .title {
    display: flex;
    flex: 1;
    align-items: center;
    gap: var(--s3);
    min-inline-size: 0;
    padding: var(--s1);
    border: 0;
    border-radius: var(--r2);
    background: none;
    text-align: start;
    cursor: pointer;
  }
  .title:focus-visible {
    border-radius: var(--r2);
  }
  .title room-picture {
    flex: none;
    inline-size: 2.5rem;
    block-size: 2.5rem;
    border-radius: 0.75rem;
  }
  .title > span {
    min-inline-size: 0;
  }
  h1 {
    font-size: var(--t4);
    font-weight: 650;
    letter-spacing: -0.01em;
    line-height: 1.25;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .presence {
    display: flex;
    align-items: center;
    gap: var(--s1);
    color: var(--ink-soft);
    font-size: var(--t2);
    white-space: nowrap;
    overflow: hidden;
  }
  .presence i {
    flex: none;
    inline-size: 0.5rem;
    block-size: 0.5rem;
    border-radius: 50%;
    background: var(--line-strong);
  }
  .presence i.on {
    background: var(--good);
  }
  .presence svg {
    font-size: var(--t2);
  }
  .body {
    position: relative;
    display: flex;
    flex: 1;
    flex-direction: column;
    min-block-size: 0;
  }
  .coming {
    padding: var(--s3) max(var(--s3), calc((100% - 46rem) / 2)) 5.5rem;
  }
  .banner {
    position: absolute;
    inset-block-start: var(--s2);
    inset-inline: var(--s4);
    z-index: 2;
    inline-size: fit-content;
    max-inline-size: calc(100% - 2 * var(--s4));
    margin-inline: auto;
    padding: 0.3rem var(--s3);
    border-radius: 1rem;
    background: var(--ink);
    color: var(--paper);
    font-size: var(--t2);
    box-shadow: var(--lift);
  }
  .banner:empty {
    display: none;
  }
  .typing {
    display: flex;
    align-items: center;
    gap: var(--s2);
    inline-size: 100%;
    max-inline-size: 46rem;
    min-block-size: 1.375rem;
    margin-inline: auto;
    padding-inline: 1.25rem;
    color: var(--ink-soft);
    font-size: var(--t1);
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .dots {
    display: inline-flex;
    gap: 3px;
  }
  .dots i {
    inline-size: 5px;
    block-size: 5px;
    border-radius: 50%;
    background: currentColor;
    animation: typing 1.2s infinite;
  }
  .dots i:nth-child(2) {
    animation-delay: 0.15s;
  }
  .dots i:nth-child(3) {
    animation-delay: 0.3s;
  }
  @keyframes typing {
    0%,
    40%,
    100% {
      opacity: 0.35;
    }
    20% {
      opacity: 1;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .dots i {
      animation: none;
    }
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: center;
    gap: var(--s2) var(--s4);
    padding: var(--s3) var(--s4) max(var(--s3), env(safe-area-inset-bottom));
    border-block-start: 1px solid var(--line);
    background: var(--paper);
    text-align: center;
  }
  .foot .button {
    min-block-size: 2.75rem;
    padding-inline: var(--s5);
    border-radius: 1.375rem;
    font-size: var(--t3);
  }
  .door {
    display: grid;
    align-content: center;
    justify-items: center;
    gap: var(--s5);
    inline-size: 100%;
    min-block-size: 100%;
    padding: var(--s5) var(--s4);
  }
  .door > * {
    inline-size: 100%;
    max-inline-size: 24rem;
  }
  .doorstep {
    flex: 1;
    min-block-size: 0;
    block-size: 100%;
    overflow-y: auto;
  }
  .words {
    display: grid;
    justify-items: center;
    gap: var(--s2);
    text-align: center;
  }
  .words h1,
  .words h2 {
    font-size: var(--t6);
    font-weight: 680;
    letter-spacing: -0.02em;
    line-height: 1.2;
    white-space: normal;
    overflow-wrap: anywhere;
    text-wrap: balance;
  }
  .words h2:focus-visible {
    outline: none;
  }
  .words p {
    color: var(--ink-soft);
    text-wrap: pretty;
  }
  .words .badge-icon {
    display: grid;
    place-items: center;
    inline-size: 4rem;
    block-size: 4rem;
    margin-block-end: var(--s2);
    border-radius: 1.25rem;
    background: light-dark(oklch(0.9 0.04 var(--hue)), oklch(0.32 0.04 var(--hue)));
    color: light-dark(oklch(0.45 0.08 var(--hue)), oklch(0.8 0.07 var(--hue)));
    font-size: 1.75rem;
  }
  .ways {
    display: grid;
    gap: var(--s2);
  }
  .ways .button {
    min-block-size: 2.75rem;
  }
  .bones {
    display: grid;
    gap: var(--s1);
    flex: 1;
    min-inline-size: 0;
    padding-inline-start: var(--s2);
  }
  .bones i {
    block-size: 0.875rem;
    inline-size: 10rem;
    max-inline-size: 70%;
    border-radius: var(--r1);
    background: var(--sunken);
  }
  .bones i + i {
    inline-size: 5rem;
    block-size: 0.75rem;
  }
  .sheet {
    display: grid;
    gap: var(--s5);
  }
  @media (min-width: 62rem) {
    .room.with-aside {
      grid-template-columns: 21rem minmax(0, 1fr);
    }
    .with-aside aside {
      display: grid;
      align-content: start;
      gap: var(--s5);
      padding: var(--s4);
      border-inline-end: 1px solid var(--line);
      background: var(--paper);
      overflow-y: auto;
    }
    .with-aside .narrow,
    .with-aside .title room-picture {
      display: none;
    }
    .with-aside .title {
      padding-inline-start: var(--s4);
      cursor: default;
    }
  }
  aside nav {
    display: flex;
    justify-content: space-between;
    align-items: center;
    margin: calc(-1 * var(--s2)) calc(-1 * var(--s2)) calc(-1 * var(--s3));
  }
  aside h2 {
    margin-block-end: var(--s1);
    font-size: var(--t3);
    font-weight: 600;
  }
`;
