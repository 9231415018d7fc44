// How to compare the figures with the journal. The page shows the command and does not run it.
import { css, html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { copyText } from "../ui/copy";
import { icon } from "../ui/icons";
import { section, sectionStyle } from "../ui/section";
import { isLocal } from "./live";

/** Options of the CLI come after the subcommand, too. */
export function replayCommand(isOnLaptop: boolean): string {
  return `confab replay --events --dry-run${isOnLaptop ? " --local" : ""}`;
}

@customElement("carousel-replay")
export class Replay extends LitElement {
  static override styles = [
    base,
    controls,
    sectionStyle,
    css`
      p {
        max-inline-size: 70ch;
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      .command {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2);
        margin-block-start: var(--s2);
      }
      p code {
        white-space: nowrap;
      }
      code {
        font-family: var(--mono);
      }
      .command code {
        padding: var(--s1) var(--s3);
        border-radius: var(--r2);
        background: var(--sunken);
        font-size: var(--t2);
        overflow-wrap: anywhere;
      }
    `,
  ];

  override render() {
    const command = replayCommand(isLocal());
    return section(
      "replay",
      "Replay",
      null,
      html`<p>The dry run compares the figures with the journal and changes nothing. Without <code>--dry-run</code> they are then counted anew from it. A replay sends no messages.</p>
        <div class="command">
          <code>${command}</code>
          <button class="button small" type="button" @click=${() => copyText(command)}>${icon("copy")} Copy</button>
        </div>`,
    );
  }
}
