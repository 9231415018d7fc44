// The frame as a whole: header, messages, and what can be done below them.
import { html, nothing, type TemplateResult } from "lit/html.js";
import { app, focus, scroll, send, setDraft, update } from "./app";
import { icon, shapes } from "./icons";
import { extras } from "./parts";
import { face, thread } from "./thread";

type View = TemplateResult | typeof nothing;

const MAX_LENGTH = 4_000;
const grows = CSS.supports("field-sizing", "content");

export function view(): View {
  const isTalking = app.chat.isTalking();
  return html`<div class="app" role="dialog" aria-modal=${app.isModal} aria-labelledby="title" tabindex="-1">
    ${header()}
    <div class="body" tabindex="0" role=${isTalking ? "log" : "group"} aria-label=${app.t.log} @scroll=${scroll.scrolled}>
      <div>${isTalking ? thread() : start()}</div>
    </div>
    <div class="foot">${notices()} ${below()}</div>
  </div>`;
}

function header(): View {
  const { chat, config, isMenuOpen, t } = app;
  const isStart = !chat.isTalking();
  const person = chat.head()?.handled_by === "human" ? (chat.agent() ?? t.team) : "";
  return html`<div class="top">
    ${face(person)}
    <div class="who">
      <h1 id="title"><bdi>${t.title}</bdi></h1>
      <p><bdi>${person || config.name}</bdi></p>
    </div>
    <button type="button" aria-label=${t.more} aria-expanded=${isMenuOpen} @click=${() => update({ isMenuOpen: !isMenuOpen })}>${icon(shapes.more)}</button>
    <button type="button" aria-label=${t.close} @click=${app.close}>${icon(shapes.close)}</button>
    ${isMenuOpen ? extras()?.menu() : nothing}
    ${isStart ? html`<p class="greeting"><bdi>${t.greeting}</bdi></p>` : nothing}
  </div>`;
}

/** Before a conversation: the form, or suggestions. */
function start(): View {
  const { chat, config, t } = app;
  if (chat.barrier()) return nothing;
  if (config.prechat.length > 0)
    return html`<p class="event">${t.prechat}</p>${extras()?.prechatForm()}`;
  const choice = (text: string, act: () => void) =>
    html`<button type="button" @click=${act}><bdi>${text}</bdi>${icon(shapes.forward)}</button>`;
  return html`<div class="choices" role="group" aria-label=${t.replies}>
    ${config.quick_replies.map((text) => choice(text, () => send(text)))} ${choice(t.person, chat.askForPerson)}
  </div>`;
}

function notices(): View {
  const { chat, t } = app;
  const text = navigator.onLine ? chat.isDelayed() && t.connecting : t.offline;
  const hasNews = !scroll.atEnd() && chat.unread() > 0;
  return html`${hasNews ? html`<button class="pill" type="button" @click=${scroll.toEnd}>${t.newMessages}</button>` : nothing}
    <p class="notice" role="status">${text || nothing}</p>`;
}

function below(): View {
  const { chat, config, t } = app;
  const barrier = chat.barrier();
  if (barrier) return html`<p class="event" role="status">${t[barrier]}</p>`;
  if (app.isEnding) return extras()?.ending() ?? nothing;
  const { is_closed, asks_csat, csat_score, may_write } = chat.head() ?? {};
  const needsForm = !chat.isTalking() && config.prechat.some(({ required }) => required);
  return html`${is_closed && (asks_csat || csat_score) ? extras()?.rating() : nothing}
    ${is_closed ? html`<button class=${may_write ? "link" : "main"} type="button" @click=${chat.startAgain}>${t.again}</button>` : nothing}
    ${may_write === false || needsForm ? nothing : composer()}`;
}

function composer(): View {
  const { chat, draft, hasFiles, t } = app;
  const submit = (event: Event) => {
    event.preventDefault();
    if (!app.sendFiles?.(app.draft)) send(app.draft);
    focus("textarea");
  };
  const typed = ({ target }: Event) => {
    const { style, value, scrollHeight } = target as HTMLTextAreaElement;
    setDraft(value);
    if (!grows) style.height = `${scrollHeight}px`;
  };
  const pressed = (event: KeyboardEvent) => {
    // On phones, Enter begins a line.
    const isSend = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (isSend && !matchMedia("(pointer: coarse)").matches) submit(event);
  };
  return html`<form class="composer" @submit=${submit}>
    ${chat.talk() ? extras()?.files() : nothing}
    <textarea rows="1" dir=${draft ? "auto" : nothing} maxlength=${MAX_LENGTH} placeholder=${t.write} aria-label=${t.write} .value=${draft} @input=${typed} @keydown=${pressed}></textarea>
    <button class="send" type="submit" aria-label=${t.send} ?disabled=${!draft.trim() && !hasFiles}>${icon(shapes.send)}</button>
  </form>`;
}
