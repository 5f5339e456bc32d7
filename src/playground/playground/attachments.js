// Files and addresses to send, as attachments of a question.

import { dataUrl, readImage } from './images.js';

/** @import { Attachment } from '../types.ts' */

/** With IMAGE_CHARS_MAX they stay below 5 MB; the gateway takes 8 MiB in all. */
export const ATTACHMENTS_MAX = 4;

/** As base64 a third larger: three of them fit into a request. */
const AUDIO_BYTES_MAX = 1_500_000;

/**
 * @public loaded when the first file is attached.
 * @param {File} file
 * @returns {Promise<Attachment>}
 * @throws {Error} whose message tells the visitor why not.
 */
export async function readAttachment(file) {
  if (!file.type.startsWith('audio/')) return readImage(file);
  if (!/^audio\/(?:mpeg|mp3|wav|wave|x-wav|vnd\.wave)$/.test(file.type)) {
    throw new Error(`${file.name} is neither MP3 nor WAV, which StepFun reads.`);
  }
  if (file.size > AUDIO_BYTES_MAX) throw new Error(`${file.name} is larger than 1.5 MB.`);
  const format = file.type.includes('wav') ? 'wav' : 'mp3';
  // One format has many media types (`audio/x-wav`); the gateway accepts one for each format.
  const url = (await dataUrl(file)).replace(/^data:[^,]*,/, `data:audio/${format};base64,`);
  return { type: 'audio', name: file.name, url, format };
}

/**
 * @param {string} address - of an image or a video; StepFun fetches it, this page does not.
 * @returns {Attachment}
 * @throws {Error} whose message tells the visitor why not.
 */
export function attachmentFromAddress(address) {
  const url = URL.parse(address.trim());
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Error('Enter an address that begins with https://.');
  const name = url.pathname.split('/').at(-1) || url.host;
  if (/\.(?:avi|flv|m3u8|mkv|mov|mpe?g|ogv|ts|webm|wmv)$/i.test(url.pathname)) {
    throw new Error('StepFun reads videos as MP4 only.');
  }
  return { type: /\.mp4$/i.test(url.pathname) ? 'video' : 'image', name, url: url.href };
}
