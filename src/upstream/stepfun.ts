// The one way out to StepFun: builds the request from an allow-list, follows no
// redirect, and turns whatever comes back into an answer worth relaying or a
// GatewayError. It reads no success body: the answer goes on as it arrives.

import type { Config } from '../config/config.ts';
import { GatewayError } from '../http/errors.ts';
import { upstreamFailure } from './failures.ts';

export interface ChatCall {
  /** The JSON for StepFun. */
  readonly body: Uint8Array;
  /** The StepFun key that pays for the call. */
  readonly key: string;
  /** Whether an event stream is due rather than one completion. */
  readonly stream: boolean;
  /** Ends the call in whatever phase it is: client gone, or a clock ran out. */
  readonly signal: AbortSignal;
}

export interface Stepfun {
  /**
   * `POST /chat/completions`.
   * @returns StepFun's 200, of the kind that was asked for, its body unread.
   * @throws {GatewayError} as the contract's table says for everything else;
   *   when `signal` ended the call, the signal's own reason.
   */
  chat(call: ChatCall): Promise<Response>;
  /** `GET /models`, with the same failures. */
  models(key: string, signal: AbortSignal): Promise<Response>;
}

/** Called as a method: the platform's `fetch` throws "Illegal invocation" when it is torn off. */
interface Fetches {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/**
 * @param settings - where StepFun is and whose key is used.
 * @param via - has the `fetch` to use: the platform, or a service binding which stands for StepFun.
 */
export function createStepfun(settings: Config['upstream'], via: Fetches = globalThis): Stepfun {
  async function ask(path: string, key: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      // `manual`: a redirect followed would carry the key to another host.
      response = await via.fetch(settings.baseUrl + path, { ...init, redirect: 'manual', signal });
    } catch (thrown) {
      signal.throwIfAborted();
      const details = { cause: thrown, detail: String(thrown), transient: true };
      throw new GatewayError('upstream_unavailable', undefined, details);
    }
    if (response.status !== 200) throw await upstreamFailure(response, settings, key);
    return response;
  }

  return {
    async chat({ body, key, stream, signal }) {
      const accept = stream ? 'text/event-stream' : 'application/json';
      const init = { method: 'POST', headers: headers(key, accept, 'application/json'), body };
      const response = await ask('/chat/completions', key, init, signal);
      if (mediaType(response) === accept) return response;
      // An error object may come with a 200; then it says more than its type does.
      throw await upstreamFailure(response, settings, key);
    },
    models: (key, signal) => ask('/models', key, { headers: headers(key, 'application/json') }, signal),
  };
}

/** The only headers StepFun ever sees: nothing of the client's is among them. */
function headers(key: string, accept: string, contentType?: string): Record<string, string> {
  return {
    accept,
    authorization: `Bearer ${key}`,
    ...(contentType !== undefined && { 'content-type': contentType }),
    'user-agent': 'stepfun-edge',
  };
}

/** @returns the answer's media type without parameters, in lower case. */
function mediaType(response: Response): string {
  return (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
