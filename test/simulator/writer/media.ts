// A description of a file without its contents: its type, its size and its address. The exact size shows that it
// passed through a gateway unchanged.

import type { Media } from '../messages.ts';

/** @returns `a png image of 640 × 480 pixels and 12.3 KB (12,595 bytes)`. */
export function describeMedia({ kind, data, url, detail }: Media): string {
  if (data === null) {
    const address = URL.parse(url ?? '');
    const file = address?.pathname.split('/').pop() ?? '';
    const high = detail === 'high' ? ' in high detail' : '';
    return `${kind === 'image' ? 'an' : 'a'} ${kind} at ${address?.hostname ?? 'an unknown place'}${file === '' ? '' : ` (${file})`}${high}`;
  }
  const pixels = data.type === 'png' ? pngPixels(data.base64) : null;
  const size = `${readableSize(data.bytes)} (${data.bytes.toLocaleString('en-US')} bytes)`;
  return `${/^[aeiou]|^mp3/.test(data.type) ? 'an' : 'a'} ${data.type} ${kind === 'audio' ? 'recording' : kind} of ${pixels === null ? '' : `${pixels} pixels and `}${size}`;
}

/** @returns the description in Chinese. */
export function describeMediaInChinese({ kind, data, url }: Media): string {
  const noun = { image: '图片', video: '视频', audio: '音频' }[kind];
  if (data === null) return `来自 ${URL.parse(url ?? '')?.hostname ?? '未知地址'} 的${noun}`;
  const pixels = data.type === 'png' ? pngPixels(data.base64) : null;
  return `${data.type} 格式的${noun}（${pixels === null ? '' : `${pixels} 像素，`}${readableSize(data.bytes)}，${data.bytes} 字节）`;
}

function readableSize(bytes: number): string {
  if (bytes < 1_024) return `${bytes} bytes`;
  if (bytes < 1_048_576) return `${(bytes / 1_024).toFixed(1)} KB`;
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}

/** PNG (ISO 15948) §11.2.2: width and height stand at byte 16, after signature and IHDR. */
function pngPixels(base64: string): string | null {
  const HEADER_CHARS = 32;
  let header: string;
  try {
    header = atob(base64.slice(0, HEADER_CHARS));
  } catch {
    return null;
  }
  if (!header.startsWith('\x89PNG\r\n\x1a\n') || header.length < 24) return null;
  const view = new DataView(Uint8Array.from(header, (char) => char.charCodeAt(0)).buffer);
  return `${view.getUint32(16)} × ${view.getUint32(20)}`;
}
