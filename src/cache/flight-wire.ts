// What a Worker and the Durable Object of a flight say to each other: a ticket and
// the body for StepFun one way; an entry, a failure, or what else to do the other way.
// Both run the same version of this code, except for a moment while a deployment
// rolls out; an answer that makes no sense then is treated as none.
//
// A client's own StepFun key goes as `authorization`, never in the ticket: where Workers
// log a request's headers, they redact them by their names.

import { GatewayError, type ErrorCode, type ErrorDetails } from '../http/errors.ts';
import { parseEntry, type Entry } from './entry.ts';
import type { Order } from './completion.ts';

/** What is to be known before the body is read. */
export interface Ticket extends Omit<Order, 'body'> {
  readonly key: string;
  /** How long the answer is to be kept, in seconds. */
  readonly ttl: number;
  /** The oldest answer that will do, in seconds; null: any that is fresh; -1: none but a new one. */
  readonly maxAge: number | null;
  /** The call goes on when this one leaves. */
  readonly detached: boolean;
}

export type Landing =
  | {
      readonly kind: 'landed';
      readonly entry: Entry;
      readonly stored: boolean;
      /** Whether another's call brought it. */
      readonly collapsed: boolean;
      /** How often StepFun was asked for it; 0: it was there already. */
      readonly attempts: number;
    }
  /** The answer was for another alone: this one is to ask for itself. */
  | { readonly kind: 'alone' }
  /** The first one left before it had given the body: there was no call. */
  | { readonly kind: 'again' }
  | { readonly kind: 'failed'; readonly error: GatewayError };

const TICKET = 'x-ticket';
const LANDED = 'x-landed';
const ALONE = 409;
const AGAIN = 425;
const FAILED = 502;

/** Who is told so often to come again is better off alone. */
const ATTEMPTS = 3;

/**
 * Waits with all others who ask the same.
 * @param signal - ends the wait; the call too, when nobody else waits.
 * @throws what the platform throws when the object can't be reached.
 */
export async function joinFlight(
  flights: DurableObjectNamespace,
  ticket: Ticket,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Exclude<Landing, { kind: 'again' }>> {
  const stub = flights.get(flights.idFromName(ticket.key));
  const { upstreamKey, ...open } = ticket;
  const headers = {
    [TICKET]: JSON.stringify(open),
    ...(upstreamKey !== null && { authorization: upstreamKey }),
  };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const response = await stub.fetch('https://flight/', { method: 'POST', headers, body, signal });
    if (response.status === AGAIN) continue;
    if (response.status === ALONE) return { kind: 'alone' };
    if (response.status === FAILED) return { kind: 'failed', error: parseFailure(await response.text()) };
    const landed: Omit<Landing & { kind: 'landed' }, 'entry'> = JSON.parse(
      response.headers.get(LANDED) ?? '',
    );
    return { ...landed, entry: parseEntry(await response.arrayBuffer()) };
  }
  return { kind: 'alone' };
}

/** The object's side of the ticket. */
export function readTicket(request: Request): Ticket {
  const open: Omit<Ticket, 'upstreamKey'> = JSON.parse(request.headers.get(TICKET) ?? '');
  return { ...open, upstreamKey: request.headers.get('authorization') };
}

/** The object's side of the answer. */
export function landingResponse(landing: Landing): Response {
  if (landing.kind === 'alone') return new Response(null, { status: ALONE });
  if (landing.kind === 'again') return new Response(null, { status: AGAIN });
  if (landing.kind === 'failed') {
    const { code, message, details } = landing.error;
    // What caused it is no data; its text is in `detail`.
    return Response.json({ code, message, details: { ...details, cause: undefined } }, { status: FAILED });
  }
  const { entry, ...rest } = landing;
  return new Response(entry.value, { headers: { [LANDED]: JSON.stringify(rest) } });
}

function parseFailure(text: string): GatewayError {
  const failure: { code: ErrorCode; message: string; details: ErrorDetails } = JSON.parse(text);
  return new GatewayError(failure.code, failure.message, failure.details);
}
