// The only place that calls StepFun. It builds the request from an allow-list of headers,
// follows no redirect, and turns the answer into a Response to relay or a GatewayError.
// It reads no body of a success: the relay forwards it as it arrives.

import type { Config } from '../config/config.ts';
import { GatewayError } from '../http/errors.ts';
import { readErrorResponse } from './upstream-error.ts';

export interface ChatCall {
  /** The JSON for StepFun. */
  readonly body: Uint8Array;
  /** The StepFun key that pays for the call. */
  readonly key: string;
  /** Whether an event stream is due rather than one completion. */
  readonly stream: boolean;
  /** Ends the call in any phase: the client has left, or a deadline has passed. */
  readonly signal: AbortSignal;
}

export interface Stepfun {
  /**
   * `POST /chat/completions`.
   * @returns StepFun's 200, of the media type that was requested, its body unread.
   * @throws {GatewayError} for every other answer (see upstream-error.ts); the reason
   *   of `signal` where that ended the call.
   */
  chat(call: ChatCall): Promise<Response>;
  /** `GET /models`, with the same failures. */
  models(key: string, signal: AbortSignal): Promise<Response>;
}

/** Called as a method: the platform's `fetch` throws "Illegal invocation" without its receiver. */
interface Fetches {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/**
 * @param settings - StepFun's base URL, and whose key is used.
 * @param via - has the `fetch` to use: the platform, or a service binding in StepFun's place.
 */
export function createStepfun(
  settings: Pick<Config['upstream'], 'baseUrl' | 'keySource'>,
  via: Fetches = globalThis,
): Stepfun {
  async function request(
    path: string,
    key: string,
    init: RequestInit,
    signal: AbortSignal,
  ): Promise<Response> {
    let response: Response;
    try {
      // `manual`: following a redirect would send the key to another host.
      response = await via.fetch(settings.baseUrl + path, { ...init, redirect: 'manual', signal });
    } catch (thrown) {
      signal.throwIfAborted();
      const details = { cause: thrown, detail: String(thrown), transient: true };
      throw new GatewayError('upstream_unavailable', undefined, details);
    }
    if (response.status !== 200) throw await readErrorResponse(response, settings, key);
    return response;
  }

  return {
    async chat({ body, key, stream, signal }) {
      const accept = stream ? 'text/event-stream' : 'application/json';
      const init = { method: 'POST', headers: headers(key, accept, 'application/json'), body };
      const response = await request('/chat/completions', key, init, signal);
      if (mediaType(response) === accept) return response;
      // A 200 of another type may hold an error object.
      throw await readErrorResponse(response, settings, key);
    },
    models: (key, signal) => request('/models', key, { headers: headers(key, 'application/json') }, signal),
  };
}

/** All headers that StepFun gets. None of them comes from the client. */
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
