// Files that the visitor attaches to a message: each is announced, uploaded into quarantine, and checked.
import type { TemplateResult } from "lit/html.js";
import type { Kit } from "./extras";
import type { Texts } from "./texts";

type View = TemplateResult | symbol;

const TYPES = ["image/jpeg", "image/png", "image/webp", "application/pdf", "text/plain"];
const MAX_FILES = 5;
const MAX_BYTES = 10 * 1024 * 1024;
const CHECK_INTERVAL_MS = 1_000;
const MAX_CHECKS = 60;
const CLIP =
  "M19 11.5l-7.4 7.4a4.6 4.6 0 0 1-6.5-6.5l8-8a3.1 3.1 0 0 1 4.4 4.4l-8 8a1.5 1.5 0 0 1-2.2-2.2l7.2-7.2";
const CROSS = "M6 6l12 12M18 6L6 18";

/** The texts of refusals. What failed for another reason may be tried again. */
const reasons: Record<string, keyof Texts> = {
  bad_media_type: "fileType",
  wrong_type: "fileType",
  too_large: "fileSize",
  empty_file: "fileBroken",
  unreadable: "fileBroken",
};

interface Item {
  file: File;
  /** How much is uploaded, from 0 to 1. */
  progress: number;
  /** The id of the file, once it may be sent. */
  readyId: string;
  /** The code of what is wrong. */
  code: string;
  cancel(): void;
}

interface Receipt {
  upload_id: string;
  url: string;
  fields: Record<string, string>;
}

interface Verdict {
  state: "waiting" | "ready" | "refused";
  code?: string;
}

const newId = () =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Returns the code of what is wrong with a file before it is uploaded. */
function codeOf({ size, type }: File): string {
  if (!TYPES.includes(type)) return "bad_media_type";
  if (size > MAX_BYTES) return "too_large";
  return size === 0 ? "empty_file" : "";
}

/** Posts the form of the receipt. Requests alone tell how far an upload is. */
function upload(item: Item, { url, fields }: Receipt, progressed: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", item.file);
    const call = new XMLHttpRequest();
    item.cancel = () => call.abort();
    call.upload.onprogress = ({ loaded, total }) => {
      item.progress = loaded / total;
      progressed();
    };
    call.onloadend = () => (call.status >= 200 && call.status < 300 ? resolve() : reject());
    call.open("POST", url);
    call.send(form);
  });
}

export function createFiles({ app, html, nothing, icon, storage, update }: Kit) {
  let items: Item[] = [];
  /** The conversation of these files. */
  let owner = "";
  /** The idempotency key of the message. Other files make another message. */
  let messageId = newId();
  let isSending = false;
  let notice = "";

  const areReady = () => items.every(({ readyId }) => readyId);

  function isAllowed(): boolean {
    const { chat } = app;
    return chat.talk() !== null && !chat.head()?.is_closed && !chat.barrier();
  }

  function change(next: Item[]): void {
    items = next;
    messageId = newId();
    notice = "";
    show();
  }

  function show(): void {
    update({ hasFiles: items.length > 0 && areReady() });
  }

  function add(files: readonly File[]): void {
    const room = MAX_FILES - items.length;
    const added = files.slice(0, room).map((file) => ({
      file,
      progress: 0,
      readyId: "",
      code: codeOf(file),
      cancel() {},
    }));
    change([...items, ...added]);
    if (files.length > room) notice = app.t.fileCount;
    for (const item of added) if (!item.code) void send(item);
  }

  function remove(item: Item): void {
    item.cancel();
    change(items.filter((each) => each !== item));
  }

  async function send(item: Item): Promise<void> {
    const { chat } = app;
    const path = `${chat.path()}/attachments`;
    const { name, size: bytes, type: mime } = item.file;
    item.code = "";
    item.progress = 0;
    show();
    try {
      const announced = await chat.call("POST", path, { name, mime, bytes });
      const receipt: Receipt = await announced.json();
      if (!items.includes(item)) return;
      const own = `${path}/${receipt.upload_id}`;
      await upload(item, receipt, show);
      item.progress = 1;
      show();
      let verdict: Verdict = await (await chat.call("POST", own)).json();
      for (let count = 0; verdict.state === "waiting" && count < MAX_CHECKS; count += 1) {
        await wait(CHECK_INTERVAL_MS);
        if (!items.includes(item)) return;
        verdict = await (await chat.call("GET", own)).json();
      }
      if (verdict.state === "ready") item.readyId = receipt.upload_id;
      else item.code = verdict.code ?? "unchecked";
    } catch (error) {
      item.code = (error as { code?: string } | undefined)?.code ?? "unreachable";
    }
    show();
  }

  /** Sends the message of the files. Returns false without files: the text is a message of its own. */
  function sendFiles(text: string): boolean {
    if (items.length === 0 || app.chat.talk()?.id !== owner) return false;
    if (!areReady()) notice = app.t.fileWait;
    else if (!isSending) void post(text);
    update();
    return true;
  }

  async function post(draft: string): Promise<void> {
    const { chat } = app;
    // A message has a text: without one, the names of its files.
    const text = draft.trim() || items.map(({ file }) => file.name).join(", ");
    const attachments = items.map(({ readyId }) => readyId);
    const body = { client_msg_id: messageId, text, attachments };
    isSending = true;
    try {
      await chat.call("POST", `${chat.path()}/messages`, body);
      change([]);
      if (app.draft === draft) {
        storage.write("draft", null);
        update({ draft: "" });
      }
      // Where the socket is lost, the message is read now.
      chat.wake();
    } catch {
      notice = app.t.failed;
    }
    isSending = false;
    update();
  }

  /** The button and the files above it, in the form of the message. */
  function view(): View {
    const { chat, t } = app;
    if (!isAllowed()) return nothing;
    const { id } = chat.talk() ?? {};
    if (id !== owner) {
      // Another conversation has begun.
      for (const { cancel } of items) cancel();
      owner = id ?? "";
      if (items.length > 0) change([]);
    }
    const picked = ({ target }: Event) => {
      const field = target as HTMLInputElement;
      add([...(field.files ?? [])]);
      // The same file may be chosen again.
      field.value = "";
    };
    const choose = ({ currentTarget }: Event) =>
      ((currentTarget as HTMLElement).previousElementSibling as HTMLInputElement).click();
    return html`${items.length > 0 ? html`<ul class="tray" aria-label=${t.files}>${items.map(itemView)}</ul>` : nothing}
      ${notice ? html`<p class="tray bad" role="alert">${notice}</p>` : nothing}
      <input type="file" hidden multiple accept=${TYPES.join()} @change=${picked} />
      <button class="attach" type="button" aria-label=${t.attach} title=${t.attach} ?disabled=${isSending} @click=${choose}>${icon(CLIP)}</button>`;
  }

  function itemView(item: Item): View {
    const { t } = app;
    const { code, file, progress, readyId } = item;
    const label = `${t.remove}: ${file.name}`;
    const reason = reasons[code];
    const retry = () => void send(item);
    const again = html`<button class="link" type="button" @click=${retry}>${t.retry}</button>`;
    return html`<li>
      <bdi>${file.name}</bdi>
      ${
        code
          ? html`<small class="bad" role="status">${reason ? t[reason] : html`${t.failed} ${again}`}</small>`
          : readyId
            ? nothing
            : html`<progress aria-label=${file.name} max="1" value=${progress < 1 ? progress : nothing}></progress>`
      }
      <button type="button" aria-label=${label} title=${label} ?disabled=${isSending} @click=${() => remove(item)}>${icon(CROSS)}</button>
    </li>`;
  }

  /** A pasted picture is attached. A program that copies a text beside it means the text. */
  document.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData ?? {};
    if (!files?.length || types?.includes("text/plain") || !isAllowed() || isSending) return;
    event.preventDefault();
    add([...files]);
  });
  app.sendFiles = sendFiles;

  return view;
}
