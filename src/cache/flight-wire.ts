// The messages between a Worker and the Durable Object of a flight: a request with the body
// for StepFun one way; an entry, a failure or an instruction the other way. Both run the same
// version of this code, except for a moment while a deployment rolls out; an answer that
// can't be read then is treated as none.
//
// A client's own StepFun key goes as `authorization`: where Workers log a request's headers,
// they redact that one.

import { GatewayError, isErrorCode, type ErrorDetails } from '../http/errors.ts';
import { within } from '../lib/within.ts';
import type { UpstreamRequest } from './upstream-call.ts';
import { parseEntry, type Entry } from './entry.ts';

/** Everything about a request but its body. */
export interface FlightRequest extends Omit<UpstreamRequest, 'body'> {
  readonly key: string;
  /** How long the answer shall be fresh, in seconds. */
  readonly ttl: number;
  /** The oldest answer that will do, in seconds; null: any that is fresh; -1: only a new one. */
  readonly maxAge: number | null;
}

export type FlightResult =
  | {
      readonly kind: 'answer';
      readonly entry: Entry;
      readonly isStored: boolean;
      /** Whether another caller's call brought it. */
      readonly isCollapsed: boolean;
      /** How often StepFun was asked for it; 0: it was there already. */
      readonly attempts: number;
      /** StepFun's own id of the answer; null if it sent none, or was not asked. */
      readonly upstreamRequestId: string | null;
      /** How long the call waited for a slot of the gate, in ms; null: it needed none. */
      readonly queueMs: number | null;
      /** How each choice ended; none where the answer was there already. */
      readonly finishReasons: readonly (string | null)[];
    }
  /** The answer or the failure was for another client alone: this caller asks by itself. */
  | { readonly kind: 'alone' }
  /** The first caller left before its body had arrived: there was no call. */
  | { readonly kind: 'retry' }
  | { readonly kind: 'failed'; readonly error: GatewayError };

/** The client has left, or the Worker of a refresh has to end; the flight settles the reservation. */
export class LeftFlight extends Error {
  override readonly name = 'LeftFlight';
  /** Whether it was a refresh, whose call goes on. */
  readonly isBackground: boolean;

  constructor(isBackground: boolean, cause: unknown) {
    super('The client has left.', { cause });
    this.isBackground = isBackground;
  }
}

const REQUEST_HEADER = 'x-flight-request';
const RESULT_HEADER = 'x-flight-result';
const ALONE = 409;
const RETRY = 425;
const FAILED = 502;

/** After 3 attempts, the caller asks StepFun directly. */
const ATTEMPTS_MAX = 3;

/**
 * Joins the flight of all identical requests that are under way.
 * @param signal - ends the wait; and the call, when nobody else waits for it.
 * @param timeoutMs - how long the object may take for everything.
 * @throws {LeftFlight} when the signal aborts; whatever the platform throws when the object can't be
 *   reached; a TimeoutError.
 */
export async function joinFlight(
  flights: DurableObjectNamespace,
  request: FlightRequest,
  body: Uint8Array,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Exclude<FlightResult, { kind: 'retry' }>> {
  // A stub's `fetch` does not reject when its signal aborts, so the signal is raced.
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(new LeftFlight(request.isBackground, signal.reason));
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  const abandon = new AbortController();
  try {
    const result = join(flights, request, body, AbortSignal.any([signal, abandon.signal]));
    result.catch(ignore);
    return await Promise.race([within(result, timeoutMs), left.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
    abandon.abort();
  }
}

async function join(
  flights: DurableObjectNamespace,
  { upstreamKey, ...open }: FlightRequest,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Exclude<FlightResult, { kind: 'retry' }>> {
  const stub = flights.get(flights.idFromName(open.key));
  const headers = {
    [REQUEST_HEADER]: JSON.stringify(open),
    ...(upstreamKey !== null && { authorization: upstreamKey }),
  };
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const response = await stub.fetch('https://flight/', { method: 'POST', headers, body, signal });
    if (response.status === RETRY) continue;
    if (response.status === ALONE) return { kind: 'alone' };
    if (response.status === FAILED) return { kind: 'failed', error: parseFailure(await response.text()) };
    const result: Omit<FlightResult & { kind: 'answer' }, 'entry'> = JSON.parse(
      response.headers.get(RESULT_HEADER) ?? '',
    );
    return { ...result, entry: parseEntry(await response.arrayBuffer()) };
  }
  return { kind: 'alone' };
}

/** The object's side of a request. */
export function readFlightRequest(request: Request): FlightRequest {
  const open: Omit<FlightRequest, 'upstreamKey'> = JSON.parse(request.headers.get(REQUEST_HEADER) ?? '');
  return { ...open, upstreamKey: request.headers.get('authorization') };
}

/** The object's side of a result. */
export function flightResponse(result: FlightResult): Response {
  if (result.kind === 'alone') return new Response(null, { status: ALONE });
  if (result.kind === 'retry') return new Response(null, { status: RETRY });
  if (result.kind === 'failed') {
    const { code, message, details } = result.error;
    // The cause is no data; its text is in `detail`.
    return Response.json({ code, message, details: { ...details, cause: undefined } }, { status: FAILED });
  }
  const { entry, ...rest } = result;
  return new Response(entry.value, { headers: { [RESULT_HEADER]: JSON.stringify(rest) } });
}

function parseFailure(text: string): GatewayError {
  const failure: { code: string; message: string; details: ErrorDetails } = JSON.parse(text);
  // While a deployment rolls out, the object may know a code that this Worker does not know.
  const code = isErrorCode(failure.code) ? failure.code : 'internal_error';
  return new GatewayError(code, failure.message, failure.details);
}

function ignore(): void {}
