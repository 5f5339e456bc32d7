// Images to send: decoded here and encoded again, small enough for a request.

/** @import { Attachment } from '../types.ts' */

/** The data URL of one image. */
const IMAGE_CHARS_MAX = 1_200_000;

/** StepFun scales images down to less than this. */
const SIDE_PIXELS_MAX = 2048;

/** In this order until the image fits. */
const ATTEMPTS = [
  { scale: 1, quality: 0.88 },
  { scale: 1, quality: 0.72 },
  { scale: 0.7, quality: 0.72 },
  { scale: 0.5, quality: 0.6 },
  { scale: 0.3, quality: 0.5 },
];

/**
 * @param {File} file - any image this browser can show.
 * @returns {Promise<Attachment>}
 * @throws {Error} whose message tells the visitor why not.
 *
 * A small PNG (a screenshot) is sent as it is. Everything else becomes a JPEG: a photo
 * loses the place and time that cameras write into it, an animation becomes one picture,
 * and formats that StepFun does not read (AVIF, HEIC, SVG) become one that it reads.
 */
export async function readImage(file) {
  if (file.type === 'image/png' && file.size * 4 <= IMAGE_CHARS_MAX * 3 - 99) {
    const bitmap = await decode(file);
    const { width, height } = bitmap;
    bitmap.close();
    if (Math.max(width, height) <= SIDE_PIXELS_MAX) {
      return { type: 'image', name: file.name, url: await dataUrl(file), width, height };
    }
  }
  const bitmap = await decode(file);
  try {
    const { width, height } = bitmap;
    for (const attempt of ATTEMPTS) {
      const url = draw(bitmap, attempt);
      if (url.length <= IMAGE_CHARS_MAX) return { type: 'image', name: file.name, url, width, height };
    }
  } finally {
    bitmap.close();
  }
  throw new Error(`${file.name} is too large.`);
}

/** @param {File} file */
async function decode(file) {
  try {
    return await createImageBitmap(file);
  } catch (cause) {
    throw new Error(`${file.name} is not an image this browser can read.`, { cause });
  }
}

/**
 * @param {ImageBitmap} bitmap
 * @param {{ scale: number, quality: number }} attempt
 */
function draw(bitmap, { scale, quality }) {
  const fit = Math.min(1, SIDE_PIXELS_MAX / Math.max(bitmap.width, bitmap.height)) * scale;
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * fit));
  canvas.height = Math.max(1, Math.round(bitmap.height * fit));
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser can’t draw images.');
  // JPEG has no transparency: without a ground, transparent pixels become black.
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/jpeg', quality);
}

/**
 * @param {Blob} blob
 * @returns {Promise<string>}
 */
export function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => {
      if (typeof reader.result === 'string') resolve(reader.result);
    });
    reader.addEventListener('error', () => reject(new Error('The file could not be read.')));
    reader.readAsDataURL(blob);
  });
}
