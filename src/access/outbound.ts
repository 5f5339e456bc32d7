// Requests to those who vouch for a caller: the issuer of user tokens, and
// Cloudflare's siteverify. Bounded in time and bytes; redirects are not followed,
// since the operator named an address, not a chain of them.

/** What went wrong, for the log; no part of what was sent or received. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
}

/** How much an answer may cost. */
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
    throw new OutboundError(error instanceof Error ? error.name : 'unknown', { cause: error });
  }
}

/** @returns all bytes of a body, or null if it has more than `maxBytes`; then the rest is not read. */
export async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) return null; // leaving the loop cancels the body
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
