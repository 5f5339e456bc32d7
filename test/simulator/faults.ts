// The pieces of a body, streamed or not, with a fault among them if one was asked for.

import { ApiError, errorEnvelope } from './errors.ts';
import type { Fault } from './triggers.ts';

/** The next step of a body: it waits, then sends a text or breaks the connection. */
export interface Piece {
  /** Default: the pace of the body, for each token. */
  readonly waitMs?: number;
  readonly text: string;
  /** How many tokens the text brings. */
  readonly tokens: number;
  readonly resets?: true;
}

/** The time for earlier bytes to leave: a reset may overtake them. */
const RESET_DELAY_MS = 20;
const STALL_MS = 600_000;
const PING_MS = 1_000;

/**
 * @param pieces - the body in order.
 * @param count - the number of pieces without the sentinel, for a fault after half or all of them.
 * @param fault - null: the body is sent whole.
 */
export function* withFault(pieces: Iterable<Piece>, count: number, fault: Fault | null): Generator<Piece> {
  const last = fault === null ? Infinity : placeOf(fault, count);
  let sent = 0;
  for (const piece of pieces) {
    if (fault !== null && sent === last) {
      yield* faultPieces(fault);
      // Only garbage is followed by the rest.
      if (fault.kind !== 'garbage') return;
    }
    yield piece;
    sent += 1;
  }
}

function placeOf({ after }: Fault, count: number): number {
  if (after === null) return Math.ceil(count / 2);
  return after === 'finish' ? count : after;
}

function* faultPieces({ kind, status }: Fault): Generator<Piece> {
  switch (kind) {
    case 'truncated':
      return;
    case 'error':
      yield { text: `data: ${errorEnvelope(new ApiError(status))}\n\n`, tokens: 0 };
      return;
    case 'garbage':
      yield { text: 'data: {"id":"broken","choices":[{"index":0,"delta":{"content":\n\n', tokens: 0 };
      return;
    case 'reset':
      yield { waitMs: RESET_DELAY_MS, text: '', tokens: 0, resets: true };
      return;
    case 'stall':
      yield { waitMs: STALL_MS, text: '', tokens: 0 };
      return;
    case 'pings':
      // Seen with other gateways: the model is blocked, and comments are sent endlessly.
      for (let waited = 0; waited < STALL_MS; waited += PING_MS) {
        yield { waitMs: PING_MS, text: ': ping\n\n', tokens: 0 };
      }
  }
}
