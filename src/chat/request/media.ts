// Addresses of media in messages: http(s) URLs, which StepFun fetches, and data URLs
// (RFC 2397), which hold the media itself. StepFun documents what is allowed where:
// images as both, videos by URL only, audio inline only.

import * as z from 'zod/mini';

const REMOTE = String.raw`[Hh][Tt][Tt][Pp][Ss]?://[^\s\\]+`;
/** RFC 4648 §4 without line breaks; the padding may be missing, but not be wrong. */
const BASE64 = '(?=[A-Za-z0-9+/])(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?';
const IMAGE_DATA = 'data:image/(?:jpeg|jpg|png|webp|gif);base64,';
const AUDIO_DATA = 'data:audio/(?:mpeg|mp3|wav);base64,';
/** A path that names another container is refused. Most URLs name none, so `.mp4` is not required. */
const NOT_MP4 = String.raw`(?![^?#]*\.(?:avi|flv|m3u8|mkv|mov|mpe?g|ogv|ts|webm|wmv)(?:[?#]|$))`;

const remote = new RegExp(`^${REMOTE}$`);
const maybeMp4 = new RegExp(`^${NOT_MP4}`);
const imagePrefix = new RegExp(`^${IMAGE_DATA}`);
const audioPrefix = new RegExp(`^(?:${AUDIO_DATA})?`);

export const imageUrlSchema = address(
  'expected an http(s) URL or data:image/(jpeg|jpg|png|webp|gif);base64,… without line breaks',
  `${REMOTE}|${IMAGE_DATA}${BASE64}`,
  (url) => isRemote(url) || isData(url, imagePrefix),
);

export const videoUrlSchema = address(
  'expected an http(s) URL of an mp4 video',
  NOT_MP4 + REMOTE,
  (url) => isRemote(url) && maybeMp4.test(url),
);

/** The data of a file part, if it is an image: OpenRouter's SDK sends images so. */
export const imageFileSchema = address(
  'StepFun takes no files: send the text of the file, or images of its pages',
  `${IMAGE_DATA}${BASE64}`,
  (data) => isData(data, imagePrefix),
);

/** OpenAI's SDKs send bare base64 beside `format`; StepFun documents a data URL. */
export const audioDataSchema = address(
  'expected data:audio/(mpeg|mp3|wav);base64,… without line breaks',
  `(?:${AUDIO_DATA})?${BASE64}`,
  (data) => isData(data, audioPrefix),
);

/** @returns whether StepFun has to fetch it. */
export function isRemote(url: string): boolean {
  // The WHATWG parser alone would accept `https:\\host` and drop line breaks: another
  // parser may read another address. Rejected: "any host but private ones", since
  // StepFun's network fetches it, and StepFun has to protect that network.
  return remote.test(url) && URL.canParse(url);
}

/**
 * A string whose grammar is a pattern in the API's description. `isValid` checks it and
 * means the same: for 5 MB of base64 a regular expression takes 3 ms, the platform's
 * own decoder 0.5 ms.
 */
function address(expected: string, pattern: string, isValid: (value: string) => boolean) {
  return z
    .string(expected)
    .check(z.refine(isValid, expected))
    .register(z.globalRegistry, { pattern: `^(?:${pattern})$` });
}

function isData(text: string, prefix: RegExp): boolean {
  const start = prefix.exec(text)?.[0].length;
  return start !== undefined && isBase64(text, start);
}

/** Characters decoded at once: a multiple of 4, and small enough for the CPU's cache. */
const PIECE_CHARS = 64 * 1024;

/** @returns whether all of `text` from `start` on is base64 of at least one byte. */
export function isBase64(text: string, start = 0): boolean {
  const padding = /={0,2}$/.exec(text.slice(-2))?.[0].length ?? 0;
  const end = text.length - padding;
  if (end <= start || (end - start) % 4 === 1 || (padding > 0 && (text.length - start) % 4 !== 0))
    return false;
  try {
    for (let from = start; from < end; from += PIECE_CHARS) {
      const piece = text.slice(from, Math.min(end, from + PIECE_CHARS));
      // atob skips whitespace and accepts padding: then there are too few bytes.
      if (atob(piece).length !== Math.floor((piece.length * 3) / 4)) return false;
    }
  } catch {
    return false;
  }
  return true;
}
