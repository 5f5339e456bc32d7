// Where an answer breaks, if it was asked to: the pieces of a body, streamed or not,
// with the failure among them.

import { ApiError, envelope } from './errors.ts';
import type { Break } from './triggers.ts';

/** What a body does next: wait (or keep its pace), then say something or die. */
export interface Piece {
  readonly waitMs?: number;
  readonly text: string;
  readonly dies?: true;
}

/** What was said before a reset shall have left by then: a reset may overtake it. */
const LAST_WORDS_MS = 20;
const STALL_MS = 600_000;
const PING_MS = 1_000;

/**
 * @param pieces - the body in order.
 * @param count - how many pieces there are: a break without a place is half-way.
 * @param found - null: the body goes out whole.
 */
export function* breakUp(pieces: Iterable<string>, count: number, found: Break | null): Generator<Piece> {
  const last = found === null ? Infinity : (found.after ?? Math.ceil(count / 2));
  let sent = 0;
  for (const text of pieces) {
    if (found !== null && sent === last) {
      yield* failure(found);
      // Only garbage is followed by the rest, as if nothing had happened.
      if (found.kind !== 'garbage') return;
    }
    yield { text };
    sent += 1;
  }
}

function* failure({ kind, status }: Break): Generator<Piece> {
  switch (kind) {
    case 'truncated':
      return;
    case 'error':
      yield { text: `data: ${envelope(new ApiError(status))}\n\n` };
      return;
    case 'garbage':
      yield { text: 'data: {"id":"broken","choices":[{"index":0,"delta":{"content":\n\n' };
      return;
    case 'reset':
      yield { waitMs: LAST_WORDS_MS, text: '', dies: true };
      return;
    case 'stall':
      yield { waitMs: STALL_MS, text: '' };
      return;
    case 'pings':
      // Seen with real gateways: the model is blocked, and comments go on for ever.
      for (let waited = 0; waited < STALL_MS; waited += PING_MS)
        yield { waitMs: PING_MS, text: ': ping\n\n' };
  }
}
