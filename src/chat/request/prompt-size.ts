// How much a prompt holds of each kind, for an estimate of its tokens.

import type { PromptSize } from '../../http/reservation.ts';
import type { Message } from './messages.ts';
import type { MarkedJson } from './payloads.ts';

const BASE64_CHARS_PER_BYTE = 4 / 3;

/**
 * @param messages - checked; long payloads in them may be replaced by marks.
 * @param payloads - what the marks stand for.
 * @param bytes - of the whole canonical request.
 */
export function promptSizeOf(
  messages: readonly Message[],
  payloads: MarkedJson['payloads'],
  bytes: number,
): PromptSize {
  const [mark = ''] = payloads.keys();
  const sizeOf = (url: string) => {
    const payload = mark === '' ? undefined : payloads.get(url.slice(-mark.length));
    return payload === undefined ? url.length : url.length - mark.length + payload.length;
  };
  let mediaBytes = 0;
  let [images, detailedImages, videos, audioChars] = [0, 0, 0, 0];
  for (const { role, content } of messages) {
    if (role !== 'user' || typeof content === 'string') continue;
    for (const part of content) {
      if (part.type === 'image_url') {
        mediaBytes += sizeOf(part.image_url.url);
        if (part.image_url.detail === 'high') detailedImages += 1;
        else images += 1;
      } else if (part.type === 'video_url') {
        mediaBytes += sizeOf(part.video_url.url);
        videos += 1;
      } else if (part.type === 'input_audio') {
        mediaBytes += sizeOf(part.input_audio.data);
        audioChars += sizeOf(part.input_audio.data);
      } else if (part.type === 'file') {
        // A file whose data is an image is sent as that image.
        mediaBytes += sizeOf(part.file.file_data);
        images += 1;
      }
    }
  }
  const audioBytes = Math.ceil(audioChars / BASE64_CHARS_PER_BYTE);
  return { textBytes: bytes - mediaBytes, images, detailedImages, videos, audioBytes };
}
