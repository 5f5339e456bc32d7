// A question that everybody asks comes word for word. The isolate keeps the hottest
// ones as they were read, so that they are not parsed, checked and brought into canonical
// form again: a tenth of what an answer from memory costs.
//
// Kept is only what has been answered from memory, where its answer lies anyway:
// every other prompt is gone with its request. What a body says depends on nothing but
// itself, the header and the settings, so it doesn't matter whose request it was.

import type { Config } from '../config.ts';
import { HOT_REQUEST_BYTES, HOT_REQUESTS } from '../limits.ts';
import { parseChatRequest, type ChatRequest } from './request.ts';
import { decodeJson } from './request-json.ts';

export interface HotRequests {
  /**
   * @param bytes - a request's body, which must not change.
   * @param reasoningHeader - its `X-Reasoning-Format`.
   * @throws {GatewayError} as `parseChatRequest` does.
   */
  read(bytes: Uint8Array, reasoningHeader: string | null): ChatRequest;
  /** @param asked - as `read` returned it; a long one is not kept. */
  keep(asked: ChatRequest): void;
}

/** @returns a reader of requests that knows none yet; the isolate has one for its settings. */
export function createHotRequests(chat: Config['chat']): HotRequests {
  const kept = new Map<string, ChatRequest>();
  /** By what a request that is being answered would be kept. */
  const names = new WeakMap<ChatRequest, string>();

  return {
    read(bytes, reasoningHeader) {
      const options = { reasoningHeader, chat };
      if (bytes.length > HOT_REQUEST_BYTES) return parseChatRequest(bytes, options);
      // No header has a line break, so no two requests share a name.
      const name = `${reasoningHeader ?? ''}\n${decodeJson(bytes)}`;
      const known = kept.get(name);
      if (known !== undefined) return known;
      const asked = parseChatRequest(bytes, options);
      names.set(asked, name);
      return asked;
    },

    keep(asked) {
      const name = names.get(asked);
      if (name === undefined || kept.has(name)) return;
      // A Map's first key is the one that was set longest ago.
      const [oldest] = kept.size < HOT_REQUESTS ? [] : kept.keys();
      if (oldest !== undefined) kept.delete(oldest);
      kept.set(name, asked);
    },
  };
}
