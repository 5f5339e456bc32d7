// A replacement for StepFun's tokenizer. A token is a word with the space before it, two ideographs, three
// digits or one sign, as in the stream on StepFun's page ("StepFun", " AI", ",", " intelligent" …).

import type { Media } from './messages.ts';
import type { ChatRequest } from './request.ts';

const TOKEN =
  / ?(?:\p{Script=Han}{1,2}|[[\p{L}\p{M}'’]--\p{Script=Han}]{1,16}|\p{N}{1,3}|[^\s\p{L}\p{M}\p{N}])|\s+|./gsv;

const MESSAGE_OVERHEAD_TOKENS = 4;
/** StepFun's page: "a token count around 400" for low detail; high detail and video are estimates. */
const MEDIA_TOKENS = { low: 400, high: 1_200, video: 2_000 } as const;
const AUDIO_BYTES_PER_TOKEN = 1_024;

/** @returns the text's tokens in order; joined they are the text. */
export function tokensOf(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** @returns the number of tokens; estimated for texts over 65,536 characters, which would take too long. */
export function countTokens(text: string): number {
  const EXACT_CHARS_MAX = 65_536;
  const CHARS_PER_TOKEN = 4;
  return text.length > EXACT_CHARS_MAX ? Math.ceil(text.length / CHARS_PER_TOKEN) : tokensOf(text).length;
}

/** @returns the tokens of a request's messages and tools. */
export function promptTokens(request: ChatRequest): number {
  const tools = request.tools.length === 0 ? 0 : countTokens(JSON.stringify(request.tools));
  return messageTokens(request.messages) + tools;
}

/**
 * @returns the tokens that an earlier request is assumed to have sent: all messages except the last, in steps
 *   of 256. Real prompt caches work in such blocks, so a short prompt has none.
 */
export function repeatedTokens(request: ChatRequest): number {
  const BLOCK_TOKENS = 256;
  return Math.floor(messageTokens(request.messages.slice(0, -1)) / BLOCK_TOKENS) * BLOCK_TOKENS;
}

function messageTokens(messages: ChatRequest['messages']): number {
  let sum = 0;
  for (const { text, media, calls } of messages) {
    sum += MESSAGE_OVERHEAD_TOKENS + countTokens(text);
    for (const one of media) sum += mediaTokens(one);
    for (const call of calls) sum += countTokens(call.name) + countTokens(call.arguments);
  }
  return sum;
}

function mediaTokens(media: Media): number {
  if (media.kind === 'image') return MEDIA_TOKENS[media.detail];
  if (media.kind === 'video') return MEDIA_TOKENS.video;
  return Math.ceil((media.data?.bytes ?? 0) / AUDIO_BYTES_PER_TOKEN);
}
