// Files of a message that is being written: announced, uploaded into quarantine, and checked.
import type { Api } from "../api";
import type { FileView, NewFile, UploadReceipt, UploadRefusal } from "../contract";
import { Observable } from "../observable";
import { NO_RESPONSE, Problem, toProblem } from "../problem";
import { pathOf } from "../request";

export const MAX_FILES = 5;
const MAX_BYTES = 10 * 1024 * 1024;
const TYPES = ["image/jpeg", "image/png", "image/webp", "application/pdf", "text/plain"];
export const ACCEPTED = TYPES.join(",");
const CHECK_INTERVAL_MS = 1_000;
const MAX_CHECKS = 60;

const refusals: Record<UploadRefusal, string> = {
  wrong_type: "Its content is of another type.",
  too_large: "The picture is too large.",
  unreadable: "It cannot be read.",
};

export interface Upload {
  key: string;
  name: string;
  bytes: number;
  isReady: boolean;
  /** Why it cannot be sent. */
  problem: string;
  uploadId: string;
}

export class Uploads extends Observable {
  list: readonly Upload[] = [];

  constructor(
    private readonly api: Api,
    private readonly conversation: string,
  ) {
    super();
  }

  /** Every file can be sent. */
  get areReady(): boolean {
    return this.list.every(({ isReady }) => isReady);
  }

  /** Takes files. Returns why some were left out. */
  add(files: readonly File[]): string {
    const room = MAX_FILES - this.list.length;
    for (const file of files.slice(0, room)) void this.#upload(file);
    return files.length > room ? `A message can have at most ${MAX_FILES} files.` : "";
  }

  remove(key: string): void {
    this.list = this.list.filter((upload) => upload.key !== key);
    this.changed();
  }

  /** Returns the ids for a message, and begins anew. */
  take(): string[] {
    const ids = this.list.map(({ uploadId }) => uploadId);
    this.list = [];
    this.changed();
    return ids;
  }

  async #upload(file: File): Promise<void> {
    const key = crypto.randomUUID();
    const { name, size: bytes } = file;
    this.list = [...this.list, { key, name, bytes, isReady: false, problem: "", uploadId: "" }];
    this.changed();
    try {
      const uploadId = await this.#send(file);
      await this.#check(key, uploadId);
      this.#change(key, { isReady: true, uploadId });
    } catch (error) {
      this.#change(key, { problem: toProblem(error).message });
    }
  }

  async #send(file: File): Promise<string> {
    if (!TYPES.includes(file.type))
      throw new Problem(
        422,
        "bad_media_type",
        "Pictures, PDF documents and plain text can be sent.",
      );
    if (file.size > MAX_BYTES)
      throw new Problem(413, "too_large", "An attached file can have at most 10 MB.");
    const path = pathOf("conversations", this.conversation, "attachments");
    const body = { name: file.name, mime: file.type, bytes: file.size } satisfies NewFile;
    const { upload_id, url, fields } = await this.api.post<UploadReceipt>(path, body);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", file);
    const answer = await fetch(url, { method: "POST", body: form }).catch(() => null);
    if (!answer?.ok) throw new Problem(answer?.status ?? 0, "not_uploaded", NO_RESPONSE);
    return upload_id;
  }

  /** Waits until the file was looked at. One that was removed meanwhile is not waited for. */
  async #check(key: string, uploadId: string): Promise<void> {
    const path = pathOf("conversations", this.conversation, "attachments", uploadId);
    let view = await this.api.post<FileView>(path);
    for (let count = 0; view.state === "waiting" && count < MAX_CHECKS; count += 1) {
      await new Promise((resolve) => setTimeout(resolve, CHECK_INTERVAL_MS));
      if (!this.list.some((upload) => upload.key === key)) return;
      view = await this.api.get<FileView>(path);
    }
    if (view.state === "ready") return;
    if (view.state === "refused") throw new Problem(422, view.code, refusals[view.code]);
    throw new Problem(422, "unchecked", "It could not be checked. Try it again.");
  }

  #change(key: string, change: Partial<Upload>): void {
    this.list = this.list.map((upload) => (upload.key === key ? { ...upload, ...change } : upload));
    this.changed();
  }
}
