// The requests that reached the simulator and how their answers ended, for tests. The log lives in the isolate.

import type { Outcome } from './body.ts';

const LOGGED_REQUESTS = 50;
const LOGGED_BODY_CHARS = 1_048_576;

interface LoggedRequest {
  readonly method: string;
  /** With the query string. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first MiB of it. */
  readonly body: string;
  readonly bodyChars: number;
  /** The `X-Trace-Id` of the answer. */
  readonly traceId: string;
  /** The answer's status; null until there is one. */
  status: number | null;
  /** `open` until the answer's last byte is written, its client has left, or it was reset. */
  state: 'open' | Outcome;
}

/** The number of answers so far, by state. */
interface Counts {
  total: number;
  open: number;
  done: number;
  aborted: number;
  reset: number;
}

export interface LogEntry {
  setStatus(status: number): void;
  /** Only the first call counts. */
  end(outcome: Outcome): void;
}

export interface RequestLog {
  add(request: Request, body: string, traceId: string): LogEntry;
  /** @returns how many times this was called for the same request before: 0, 1, 2 … */
  countAttempt(key: string): number;
  /** Begins the count of this request again. */
  resetAttempts(key: string): void;
  show(): { requests: readonly LoggedRequest[]; streams: Readonly<Counts> };
  clear(): void;
}

export function createRequestLog(): RequestLog {
  let requests: LoggedRequest[] = [];
  let streams = createCounts();
  const attempts = new Map<string, number>();
  return {
    add(request, body, traceId) {
      const { pathname, search } = new URL(request.url);
      const logged: LoggedRequest = {
        method: request.method,
        path: pathname + search,
        headers: Object.fromEntries(request.headers),
        body: body.slice(0, LOGGED_BODY_CHARS),
        bodyChars: body.length,
        traceId,
        status: null,
        state: 'open',
      };
      requests.push(logged);
      if (requests.length > LOGGED_REQUESTS) requests.shift();
      // An answer that ends after clear() must not count below zero: it keeps the old counts.
      const counts = streams;
      counts.total += 1;
      counts.open += 1;
      return {
        setStatus: (status) => void (logged.status = status),
        end(outcome) {
          if (logged.state !== 'open') return;
          logged.state = outcome;
          counts.open -= 1;
          counts[outcome] += 1;
        },
      };
    },
    countAttempt(key) {
      const count = attempts.get(key) ?? 0;
      attempts.set(key, count + 1);
      return count;
    },
    resetAttempts: (key) => void attempts.delete(key),
    show: () => ({ requests, streams }),
    clear() {
      requests = [];
      streams = createCounts();
      attempts.clear();
    },
  };
}

function createCounts(): Counts {
  return { total: 0, open: 0, done: 0, aborted: 0, reset: 0 };
}
