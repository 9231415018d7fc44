// Parts of one carousel's view that only show it.
import { html, nothing, type TemplateResult } from "lit";
import { copyText } from "../ui/copy";
import { figures } from "../ui/figures";
import { duration } from "../ui/format";
import { icon } from "../ui/icons";
import { linked } from "../ui/text";
import { isWeb } from "../ui/web";
import type { Detail } from "./contract";
import { cost } from "./cost";
import { eventsLink } from "./links";
import { isLocal } from "./live";

function part(id: string, title: string, content: unknown): TemplateResult {
  return html`<section class="part" aria-labelledby=${id}>
    <h3 id=${id}>${title}</h3>
    ${content}
  </section>`;
}

const sources: Record<Detail["source"]["kind"], string> = {
  topic: "Topic",
  text: "Own text",
  wisdom: "A verse",
};

export function sourcePart({ source: { kind, text } }: Detail): TemplateResult {
  const words = sources[kind] ?? kind;
  if (!text) return part("source", words, html`<p class="soft small">The person gave no text.</p>`);
  return part("source", words, html`<p class="text" dir="auto" tabindex="0">${text}</p>`);
}

export function captionPart({ caption, hashtags }: Detail): TemplateResult | typeof nothing {
  if (!caption && hashtags.length === 0) return nothing;
  const tags = hashtags.map((tag) => `#${tag.replace(/^#/, "")}`).join(" ");
  const all = [caption, tags].filter(Boolean).join("\n\n");
  return part(
    "caption",
    "Caption",
    html`<p class="text" dir="auto" tabindex="0">${linked(all)}</p>
      <p class="actions"><button class="button small" type="button" @click=${() => copyText(all)}>${icon("copy")} Copy the caption</button></p>`,
  );
}

/** Times since the request; a step that did not happen yet has none. */
export function timingPart({ timing }: Detail): TemplateResult {
  const since = (at: string | null) =>
    at
      ? duration(Date.parse(at) - Date.parse(timing.requestedAt))
      : html`<span class="soft">–</span>`;
  return part(
    "timing",
    "Times since the request",
    figures([
      ["Texts written", since(timing.drawingAt)],
      ["First slide", since(timing.firstSlideAt)],
      ["All slides", since(timing.renderedAt)],
    ]),
  );
}

export function costPart(detail: Detail): TemplateResult {
  return part("cost", "Cost", cost(detail));
}

export function filesPart(
  { pages, pdf }: Detail,
  isBusy: boolean,
  drawPdf: () => void,
): TemplateResult {
  const drawn = pages.filter(({ jpg, png }) => jpg || png);
  const isWhole = pages.length > 0 && pages.every(({ isDrawn }) => isDrawn);
  return part(
    "files",
    "Files",
    html`<p class="actions">
        ${
          pdf && isWeb(pdf)
            ? html`<a class="button" href=${pdf} target="_blank" rel="noopener noreferrer">${icon("file")} Open the PDF</a>`
            : html`<button class="button" type="button" ?disabled=${isBusy || !isWhole} @click=${drawPdf}>${icon("file")} Draw the PDF</button>`
        }
      </p>
      ${pdf ? nothing : html`<p class="soft small">The PDF is linked here once it is drawn. It is not sent to the chat.</p>`}
      ${drawn.length === 0 ? html`<p class="soft small">Slides are listed here as they are drawn.</p>` : html`<ul class="files">${drawn.map(({ number, jpg, png }) => html`<li>Slide ${number}: ${fileLink(jpg, "JPG", number)} ${fileLink(png, "PNG", number)}</li>`)}</ul>`}`,
  );
}

function fileLink(
  link: string | null,
  kind: string,
  slide: number,
): TemplateResult | typeof nothing {
  if (!link || !isWeb(link)) return nothing;
  return html`<a href=${link} target="_blank" rel="noopener noreferrer" aria-label="${kind} of slide ${slide}">${kind}</a>`;
}

export function idsPart(detail: Detail): TemplateResult {
  const { id, chat, owner, correlationId } = detail;
  const trace = `/#${new URLSearchParams({ trace: correlationId })}`;
  return part(
    "ids",
    "Ids",
    html`<dl class="ids">
      <dt>Carousel</dt><dd class="mono">${id}</dd>
      <dt>Chat</dt><dd class="mono">${chat}</dd>
      <dt>Owner</dt><dd class="mono">${owner}</dd>
      <dt>Correlation</dt><dd class="mono"><a href=${eventsLink({ correlation: correlationId })}>${correlationId}</a></dd>
      ${isLocal() ? html`<dt>Trace</dt><dd><a href=${trace}>in the control room</a></dd>` : nothing}
    </dl>`,
  );
}
