// Parts that few visitors need: the menu, forms, the rating, files and sound. They are loaded when they are drawn first.
// What they share with the frame is given to them, so that the build makes no third file of it.
import type { html as litHtml, nothing as litNothing, TemplateResult } from "lit/html.js";
import type { adopt, app, askToEnd, send, storage, update } from "./app";
import type { Attachment, PrechatField } from "./contract";
import styles from "./extras.css";
import { createFiles } from "./files";
import type { icon } from "./icons";

export interface Kit {
  app: typeof app;
  html: typeof litHtml;
  nothing: typeof litNothing;
  icon: typeof icon;
  adopt: typeof adopt;
  storage: typeof storage;
  update: typeof update;
  send: typeof send;
  askToEnd: typeof askToEnd;
}

type View = TemplateResult | typeof litNothing;
type Control = HTMLInputElement | HTMLSelectElement;

const STAR = "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z";
const TICK = "M5 12.5l4.5 4.5L19 7.5";
const FILE = "M6.5 3.5h7l4.5 4.5v12.5h-11.5zM13 3.5V8.5h5";

let audio: AudioContext | undefined;

/** Two soft tones. Browsers allow them after the visitor has used the frame. */
function playSound(): void {
  audio ??= new AudioContext();
  void audio.resume();
  for (const [index, frequency] of [660, 880].entries()) {
    const start = audio.currentTime + index * 0.12;
    const gain = audio.createGain();
    gain.gain.setValueAtTime(0.08, start);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
    const tone = audio.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(gain).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.3);
  }
}

export function createExtras(kit: Kit) {
  const { app, html, nothing, icon, adopt, storage, update, send, askToEnd } = kit;
  adopt(styles);
  const files = createFiles(kit);
  let errors: Record<string, string> = {};
  /** What was filled in, for a form that is shown again. */
  let answers: Record<string, string> = {};
  let isRated = false;
  const links = new Map<string, string>();

  function menu(): View {
    const { chat, isSoundOn, t } = app;
    const head = chat.head();
    const isActive = head !== null && !head.is_closed;
    const item = (text: string, act: () => void, isOn?: boolean) => {
      const choose = () => {
        update({ isMenuOpen: false });
        act();
      };
      return html`<button type="button" aria-pressed=${isOn ?? nothing} @click=${choose}>${text}${isOn ? icon(TICK) : nothing}</button>`;
    };
    const toggleSound = () => {
      update({ isSoundOn: !isSoundOn });
      storage.write("sound", app.isSoundOn);
      if (app.isSoundOn) playSound();
    };
    return html`<div class="menu">
      ${isActive && head.handled_by === "bot" ? item(t.person, chat.askForPerson) : nothing}
      ${item(t.sound, toggleSound, isSoundOn)}
      ${head ? item(t.transcript, saveTranscript) : nothing}
      ${isActive ? item(t.end, () => askToEnd(true)) : nothing}
    </div>`;
  }

  async function saveTranscript(): Promise<void> {
    const { chat, t } = app;
    const link = document.createElement("a");
    const answer = await chat.call("GET", `${chat.path()}/transcript?format=txt`);
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `${t.title}.txt`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  function ending(): View {
    const { chat, t } = app;
    const end = () => {
      askToEnd(false);
      void chat.change("PUT", "end", { reason: "left" });
    };
    return html`<div class="card" role="group" aria-labelledby="ending">
      <p id="ending">${t.endQuestion}</p>
      <button class="main" type="button" @click=${end}>${t.end}</button>
      <button class="link" type="button" @click=${() => askToEnd(false)}>${t.keep}</button>
    </div>`;
  }

  /** The form before a chat. */
  function prechatForm(): View {
    const { chat, config, t } = app;
    return form(config.prechat, t.start, (prechat) => {
      if (chat.head()) void chat.change("PUT", "prechat", { answers: prechat });
      else chat.begin({ prechat });
    });
  }

  /** The form for an address to reply to. */
  function addressForm(): View {
    const { t } = app;
    const field = { key: "email", label: t.email, type: "email", required: true } as const;
    return form([field], t.send, ({ email }) => send(email ?? ""));
  }

  function form(
    fields: readonly PrechatField[],
    action: string,
    submitted: (answers: Record<string, string>) => void,
  ): View {
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      const { t } = app;
      const { elements } = event.target as HTMLFormElement;
      answers = {};
      errors = {};
      for (const { key, type } of fields) {
        const control = elements.namedItem(key) as Control;
        const { valid, valueMissing } = control.validity;
        if (!valid) errors[key] = valueMissing ? t.required : t.badEmail;
        const isTicked = (control as HTMLInputElement).checked;
        const answer = type === "checkbox" ? isTicked && "true" : control.value.trim();
        if (answer) answers[key] = answer;
      }
      update();
      const [wrong] = Object.keys(errors);
      if (wrong) (elements.namedItem(wrong) as Control).focus();
      else submitted(answers);
    };
    const refusal = app.chat.refusal();
    const problem = refusal === "bad_email" ? app.t.badEmail : app.t.failed;
    return html`<form class="card" novalidate @submit=${submit}>
      ${fields.map(fieldView)} ${refusal ? html`<small class="bad" role="alert">${problem}</small>` : nothing}
      <button class="main" type="submit">${action}</button>
    </form>`;
  }

  function fieldView({ key, label, type, required, options = [] }: PrechatField): View {
    const [error, answer = ""] = [errors[key], answers[key]];
    const id = `error-${key}`;
    const described = error ? id : nothing;
    const problem = error ? html`<small class="bad" id=${id}>${error}</small>` : nothing;
    if (type === "checkbox")
      return html`<label class="check">
        <input type="checkbox" name=${key} ?checked=${answer !== ""} ?required=${required} aria-invalid=${!!error} aria-describedby=${described} />
        <span><bdi>${label}</bdi>${problem}</span>
      </label>`;
    if (type === "select")
      return html`<label><bdi>${label}</bdi>
        <select name=${key} ?required=${required} aria-invalid=${!!error} aria-describedby=${described}>
          <option value="">${app.t.choose}</option>
          ${options.map((option) => html`<option ?selected=${option === answer}>${option}</option>`)}
        </select>${problem}
      </label>`;
    const fill = type === "email" || key === "name" ? key : "on";
    return html`<label><bdi>${label}</bdi>
      <input name=${key} type=${type} .value=${answer} ?required=${required} maxlength="200" autocomplete=${type === "email" ? "email" : fill}
        dir="auto" aria-invalid=${!!error} aria-describedby=${described} />${problem}
    </label>`;
  }

  /** Five stars, which count at once. A comment may follow. */
  function rating(): View {
    const { chat, t } = app;
    const score = chat.head()?.csat_score ?? 0;
    if (isRated) return html`<p class="event">${t.thanks}</p>`;
    const rate = (event: SubmitEvent) => {
      event.preventDefault();
      const [field] = (event.target as HTMLElement).getElementsByTagName("textarea");
      const comment = field?.value.trim();
      isRated = true;
      void chat.change("POST", "csat", comment ? { score, comment } : { score });
    };
    const star = (label: string, index: number) =>
      html`<button type="button" class=${index < score ? "on" : ""} aria-label=${label} title=${label} aria-pressed=${index + 1 === score}
        @click=${() => chat.change("POST", "csat", { score: index + 1 })}>${icon(STAR)}</button>`;
    return html`<form class="card" @submit=${rate}>
      <p id="rate">${t.rate}</p>
      <div class="stars" role="group" aria-labelledby="rate">${t.scores.split("|").map(star)}</div>
      ${
        score
          ? html`<label>${t.comment}<textarea rows="2" maxlength="500" dir="auto"></textarea></label>
              <button class="main" type="submit">${t.send}</button>`
          : nothing
      }
    </form>`;
  }

  /** Asks once for the address of a file. */
  function linkOf({ upload_id }: Attachment): string | undefined {
    const { chat } = app;
    if (!links.has(upload_id)) {
      links.set(upload_id, "");
      chat.call("GET", `${chat.path()}/attachments/${upload_id}`).then(
        async (answer) => {
          links.set(upload_id, (await answer.json()).url);
          update();
        },
        () => links.delete(upload_id),
      );
    }
    return links.get(upload_id);
  }

  function file(attachment: Attachment): View {
    const { name, mime, bytes } = attachment;
    const url = linkOf(attachment);
    const isPicture = mime.startsWith("image/");
    const kilobytes = Math.ceil(bytes / 1_000);
    const size = kilobytes.toLocaleString(app.language, { style: "unit", unit: "kilobyte" });
    const content =
      isPicture && url
        ? html`<img src=${url} alt=${name} />`
        : html`${icon(FILE)}<bdi>${name}</bdi><small>${size}</small>`;
    return html`<a class="file" href=${url || nothing} target="_blank" rel="noopener noreferrer">${content}</a>`;
  }

  return { playSound, menu, ending, prechatForm, addressForm, rating, file, files };
}
