// How long one attempt at StepFun lives: it ends with the client, or when its first
// byte or its end does not come in time. With a pending `waitUntil` the runtime
// keeps a fetch alive for seconds after its client has gone, so it is aborted here.

import type { Config } from '../config/config.ts';
import { GatewayError } from '../http/errors.ts';

export interface Deadlines {
  /** For the fetch; its reason is the client's, or an `upstream_timeout`. */
  readonly signal: AbortSignal;
  /** When, in ms since the epoch, the answer must have begun. */
  readonly firstByteDeadlineMs: number;
  /** When, in ms since the epoch, everything must be over. */
  readonly totalDeadlineMs: number;
  /** Ends the call for another reason. */
  readonly abort: (reason: unknown) => void;
  /** The answer has begun: from here on the total clock alone runs, unless somebody else watches. */
  readonly begun: (watchedElsewhere: boolean) => void;
  /** The call is over: nothing is watched any more. */
  readonly release: () => void;
}

/**
 * @param client - aborts when the client leaves.
 * @param clocks - from the settings.
 * @param startedAtMs - since when they run: attempts at one call share its time.
 */
export function createDeadlines(
  client: AbortSignal,
  clocks: Config['clocks'],
  startedAtMs: number,
): Deadlines {
  const controller = new AbortController();
  const totalDeadlineMs = startedAtMs + clocks.totalMs;
  const firstByteDeadlineMs = Math.min(startedAtMs + clocks.firstByteMs, totalDeadlineMs);

  const abort = (reason: unknown) => controller.abort(reason);
  const leave = () => abort(client.reason);
  const expire = () => abort(new GatewayError('upstream_timeout'));

  let timer = setTimeout(expire, firstByteDeadlineMs - Date.now());
  if (client.aborted) leave();
  else client.addEventListener('abort', leave, { once: true });

  return {
    signal: controller.signal,
    firstByteDeadlineMs,
    totalDeadlineMs,
    abort,
    begun(watchedElsewhere) {
      clearTimeout(timer);
      if (!watchedElsewhere) timer = setTimeout(expire, totalDeadlineMs - Date.now());
    },
    release() {
      clearTimeout(timer);
      client.removeEventListener('abort', leave);
    },
  };
}
