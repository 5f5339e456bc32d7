// One answer, from sending the request to its end, however it ends.

import { complete } from './api.js';
import { applyUpdate } from './conversation.js';
import { Failure } from './failure.js';
import { createTrace } from './trace.js';

/**
 * @import { Access } from './access.js'
 * @import { Answer } from '../types.ts'
 */

/**
 * Fills the answer in. It never throws: what goes wrong is the answer's `failure`.
 * @param {Answer} answer - changed in place.
 * @param {object} options
 * @param {Access} options.access
 * @param {AbortSignal} options.signal - the visitor's stop.
 * @param {boolean} options.refresh - past the gateway's cache.
 * @param {() => void} options.changed - called after every change.
 */
export async function runAnswer(answer, { access, signal, refresh, changed }) {
  try {
    for await (const update of updates(answer, access, signal, refresh)) {
      applyUpdate(answer, update, performance.now());
      changed();
    }
    answer.phase = 'done';
  } catch (error) {
    if (signal.aborted) {
      answer.phase = 'stopped';
    } else {
      answer.failure =
        error instanceof Failure ? error : new Failure('page_error', String(error), { cause: error });
      answer.phase = answer.firstTokenAt === null ? 'failed' : 'incomplete';
    }
  }
  answer.endedAt = performance.now();
  changed();
}

/**
 * @param {Answer} answer
 * @param {Access} access
 * @param {AbortSignal} signal
 * @param {boolean} refresh
 */
async function* updates({ request, trace }, access, signal, refresh) {
  const token = await access.token(signal);
  try {
    yield* complete(request, { token, signal, refresh, trace });
  } catch (error) {
    // A session can become invalid before its end (a new signing key): ask for another one, once.
    const isRefused = error instanceof Failure && error.details.status === 401;
    if (!isRefused || access.credential !== 'session') throw error;
    Object.assign(trace, createTrace());
    yield* complete(request, { token: await access.token(signal, { renew: true }), signal, refresh, trace });
  }
}
