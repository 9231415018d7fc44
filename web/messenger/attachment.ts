// Picked files: pictures become a JPEG or PNG of a size that every channel accepts, others stay as they are.

export interface Attachment {
  key: string;
  name: string;
  isPhoto: boolean;
  /** In base64. */
  data: string;
  mime: string;
  /** A data: URL, which the page's content policy allows. */
  url: string;
}

const MAX_SIDE_PX = 2048;
const MAX_BYTES = 4_500_000;
let keys = 0;

export async function toPhoto(file: Blob): Promise<Attachment> {
  const fits = ["image/jpeg", "image/png"].includes(file.type) && file.size <= MAX_BYTES;
  return attachment(fits ? file : await smaller(file), "photo", true);
}

export function toDocument(file: File): Promise<Attachment> {
  return attachment(file, file.name, false);
}

async function attachment(blob: Blob, name: string, isPhoto: boolean): Promise<Attachment> {
  const url = await dataUrl(blob);
  return {
    key: `file-${++keys}`,
    name,
    isPhoto,
    data: url.slice(url.indexOf(",") + 1),
    mime: blob.type,
    url,
  };
}

async function smaller(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, MAX_SIDE_PX / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(
    Math.round(picture.width * scale),
    Math.round(picture.height * scale),
  );
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.88 });
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
