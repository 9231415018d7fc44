// Delivery ticks in running text; read ones take the accent.
import { css } from "lit";

export const ticksStyle = css`
  .ticks {
    display: inline-block;
    font-size: 0.9em;
    line-height: 1;
  }
  .ticks svg {
    vertical-align: -0.3em;
    stroke-width: 2;
  }
  .ticks.read {
    color: var(--accent);
  }
  .ticks.failed {
    color: var(--bad);
  }
`;
