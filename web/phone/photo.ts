// Converts a picked image to a JPEG or PNG of a size that every channel accepts.

export interface Photo {
  key: string;
  data: string;
  mime: string;
  /** A data: URL, which the page's content policy allows. */
  url: string;
}

const MAX_SIDE_PX = 2048;
const MAX_BYTES = 4_500_000;
let keys = 0;

export async function toPhoto(file: Blob): Promise<Photo> {
  const fits = ["image/jpeg", "image/png"].includes(file.type) && file.size <= MAX_BYTES;
  const blob = fits ? file : await smaller(file);
  const url = await dataUrl(blob);
  return { key: `photo-${++keys}`, data: url.slice(url.indexOf(",") + 1), mime: blob.type, url };
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
