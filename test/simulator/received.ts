// What reached the simulator, for tests that ask: the last requests as they came, and
// what became of their answers. It lives as long as the isolate.

import type { Outcome } from './body.ts';

const KEPT_REQUESTS = 50;
const KEPT_BODY_CHARS = 1_048_576;

interface Received {
  readonly method: string;
  /** With the query string, if there was one. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first MiB of it. */
  readonly body: string;
  readonly bodyChars: number;
  /** The answer's status; null while there is none. */
  status: number | null;
  /** `open` until the answer's last byte is written, its client is gone, or it was reset. */
  state: 'open' | Outcome;
}

/** The answers to all requests so far, by what became of them. */
interface Counts {
  total: number;
  open: number;
  done: number;
  aborted: number;
  reset: number;
}

export interface Entry {
  answered(status: number): void;
  /** Only the first call counts. */
  ended(outcome: Outcome): void;
}

export interface Log {
  add(request: Request, body: string): Entry;
  /** @returns the same failure's turn: 0 for the first time this request comes, 1 for the next … */
  turn(key: string): number;
  /** Starts the turns of this request again. */
  restart(key: string): void;
  show(): { requests: readonly Received[]; streams: Readonly<Counts> };
  clear(): void;
}

export function createLog(): Log {
  let requests: Received[] = [];
  let streams = noCounts();
  const turns = new Map<string, number>();
  return {
    add(request, body) {
      const { pathname, search } = new URL(request.url);
      const received: Received = {
        method: request.method,
        path: pathname + search,
        headers: Object.fromEntries(request.headers),
        body: body.slice(0, KEPT_BODY_CHARS),
        bodyChars: body.length,
        status: null,
        state: 'open',
      };
      requests.push(received);
      if (requests.length > KEPT_REQUESTS) requests.shift();
      // Of its own time: an answer that ends after clear() must not count below zero.
      const counts = streams;
      counts.total += 1;
      counts.open += 1;
      return {
        answered: (status) => void (received.status = status),
        ended(outcome) {
          if (received.state !== 'open') return;
          received.state = outcome;
          counts.open -= 1;
          counts[outcome] += 1;
        },
      };
    },
    turn(key) {
      const turn = turns.get(key) ?? 0;
      turns.set(key, turn + 1);
      return turn;
    },
    restart: (key) => void turns.delete(key),
    show: () => ({ requests, streams }),
    clear() {
      requests = [];
      streams = noCounts();
      turns.clear();
    },
  };
}

function noCounts(): Counts {
  return { total: 0, open: 0, done: 0, aborted: 0, reset: 0 };
}
