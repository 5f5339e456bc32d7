// Requests to the services that verify callers: the issuer of user tokens, and
// Cloudflare's siteverify. Bounded in time and bytes; redirects are not followed, since
// the operator allowed one URL.

import { readBytes } from '../lib/read-bytes.ts';

/** The message is for the log; it holds no part of what was sent or received. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
}

/** How long an answer may take, and how large it may be. */
export interface OutboundBounds {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * @param url - an address from the settings.
 * @param init - method, headers and body.
 * @returns the answer's JSON, unchecked.
 * @throws {OutboundError} not reachable, too slow, too large, not 200, not JSON.
 */
export async function fetchJson(url: string, init: RequestInit, bounds: OutboundBounds): Promise<unknown> {
  try {
    const signal = AbortSignal.timeout(bounds.timeoutMs);
    const response = await fetch(url, { ...init, redirect: 'manual', signal });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new OutboundError(`status ${response.status}`);
    }
    const bytes = await readBytes(response.body, bounds.maxBytes);
    if (bytes === null) throw new OutboundError('answer too large');
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    // Its name alone: a SyntaxError's message quotes what could not be parsed.
    throw new OutboundError(error instanceof Error ? error.name : 'unknown');
  }
}
