// A question that everybody asks comes word for word. The isolate keeps such ones as
// they were read, so that they are not parsed, checked and brought into canonical form
// again: a tenth of what an answer from memory costs.
//
// Kept is only what has been answered from memory, and for as long as an answer is kept
// there: every other prompt is gone with its request. What a body says depends on nothing
// but itself, the header and the settings, so it doesn't matter whose request it was.

import type { Config } from '../config/config.ts';
import { HOT_REQUEST_BYTES, HOT_REQUESTS, MEMORY_MS } from '../config/limits.ts';
import { parseChatRequest, parseChatText, type ChatRequest } from './request/chat-request.ts';
import { decodeJson } from './request/json.ts';

export interface HotRequests {
  /**
   * @param bytes - a request's body, which must not change.
   * @param reasoningHeader - its `X-Reasoning-Format`.
   * @param nowMs - in ms since the epoch, as below.
   * @throws {GatewayError} as `parseChatRequest` does.
   */
  read(bytes: Uint8Array, reasoningHeader: string | null, nowMs: number): ChatRequest;
  /** @param asked - as `read` returned it: for MEMORY_MS it is known again, unless it is long. */
  keep(asked: ChatRequest, nowMs: number): void;
}

interface Kept {
  readonly asked: ChatRequest;
  readonly untilMs: number;
}

/** @returns a reader of requests that knows none yet; the isolate has one for its settings. */
export function createHotRequests(chat: Config['chat']): HotRequests {
  const kept = new Map<string, Kept>();
  /** By what a request that is being answered would be kept. */
  const names = new WeakMap<ChatRequest, string>();

  return {
    read(bytes, reasoningHeader, nowMs) {
      const options = { reasoningHeader, chat };
      if (bytes.length > HOT_REQUEST_BYTES) return parseChatRequest(bytes, options);
      const text = decodeJson(bytes);
      // No header has a line break, and an empty one is not none: no two requests share a name.
      const name = `${reasoningHeader === null ? '' : `:${reasoningHeader}`}\n${text}`;
      const known = kept.get(name);
      if (known !== undefined && nowMs < known.untilMs) return known.asked;
      kept.delete(name);
      const asked = parseChatText(text, options);
      names.set(asked, name);
      return asked;
    },

    keep(asked, nowMs) {
      const name = names.get(asked);
      if (name === undefined || kept.has(name)) return;
      for (const [other, { untilMs }] of kept) {
        // A Map's first key is the one that was set longest ago.
        if (nowMs < untilMs && kept.size < HOT_REQUESTS) break;
        kept.delete(other);
      }
      kept.set(name, { asked, untilMs: nowMs + MEMORY_MS });
    },
  };
}
