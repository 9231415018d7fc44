// Resizes a photo to at most 2048 px and converts it to JPEG. Saves data, and strips the location.

const MAX_SIDE_PX = 2048;
const MAX_BYTES = 10_000_000;
const ACCEPTED_TYPES = ["image/jpeg", "image/png", "image/webp"];

export class UnsupportedPhoto extends Error {}

export interface ResizedPhoto {
  photo: Blob;
  /** 0 when the browser cannot show it. */
  width: number;
  height: number;
}

export async function resizePhoto(file: Blob): Promise<ResizedPhoto> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    if (!ACCEPTED_TYPES.includes(file.type))
      throw new UnsupportedPhoto(
        "This file is not a supported image. Choose a JPEG, PNG, WebP or GIF, or take a screenshot of it.",
      );
    if (file.size > MAX_BYTES)
      throw new UnsupportedPhoto(
        "This photo is larger than 10 MB. Choose a smaller one, or take a screenshot of it.",
      );
    return { photo: file, width: 0, height: 0 };
  }
  const scale = Math.min(1, MAX_SIDE_PX / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context) {
    // JPEG has no alpha; transparent pixels would turn black.
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, width, height);
  }
  picture.close();
  return {
    photo: await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 }),
    width,
    height,
  };
}
