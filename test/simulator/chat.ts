// POST /v1/chat/completions, as the request's path: checked, understood, waited over,
// refused or answered.

import { choiceTokens, compose } from './answer.ts';
import type { Answer } from './answer.ts';
import { createBody, pause } from './body.ts';
import { breakUp } from './breaks.ts';
import { isObject } from './check.ts';
import type { Fields } from './check.ts';
import { completionOf } from './completion.ts';
import { ApiError, envelope } from './errors.ts';
import type { Entry, Log } from './received.ts';
import { parseRequest } from './request.ts';
import { seedOf } from './seed.ts';
import { countEvents, eventsOf } from './stream.ts';
import { readPlan } from './triggers.ts';
import type { Refusal } from './triggers.ts';

/** How long the first token takes, in tokens. */
const THINKING_TOKENS = 12;
/** A completion comes sooner than its stream would have ended, so that nobody sits and waits. */
const COMPLETION_HASTE = 4;
const COMPLETION_WAIT_MAX_MS = 3_000;

/** What StepFun's front door adds; a gateway that copies headers is found out by them. */
const STRAY_HEADERS = { server: 'openresty', 'set-cookie': 'acw_tc=simulated; path=/; HttpOnly' };

export interface ChatCall {
  readonly request: Request;
  /** The request's body; its stream is used up. */
  readonly body: string;
  /** The caller's key. */
  readonly bearer: string;
  /** Milliseconds for each token. */
  readonly paceMs: number;
  /** Unix seconds. */
  readonly created: number;
  readonly log: Log;
  readonly entry: Entry;
}

/** @throws {ApiError} whatever the request has wrong, or asked to be refused with. */
export async function answerChat(call: ChatCall): Promise<Response> {
  const { request, entry } = call;
  const fields = parseBody(request.headers.get('content-type'), call.body);
  const chat = parseRequest(fields);
  const plan = readPlan(chat.messages.findLast(({ role }) => role === 'user')?.text ?? '');
  const seed = await seedOf(fields);
  const paceMs = plan.paceMs ?? call.paceMs;
  const answer = compose(chat, plan, seed, call.created);

  await pause(plan.delayMs + waitMs(answer, chat.stream, paceMs), request.signal);
  if (request.signal.aborted) entry.ended('aborted');
  if (plan.refusal !== null) refuse(plan.refusal, seed.hash, call);

  const headers = { ...STRAY_HEADERS, 'x-trace-id': seed.id };
  if (plan.wrongBody === 'html') return htmlResponse(headers, entry);
  const streams = chat.stream !== (plan.wrongBody === 'kind');
  const pieces = streams
    ? breakUp(eventsOf(answer, plan), countEvents(answer, plan.toolPieces), plan.break)
    : breakUp(halves(completionOf(answer)), 2, plan.break);
  const body = createBody(pieces, streams ? paceMs : 0, request.signal, (outcome) => entry.ended(outcome));
  return new Response(body, {
    headers: streams
      ? { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }
      : { ...headers, 'content-type': 'application/json' },
  });
}

function parseBody(contentType: string | null, body: string): Fields {
  if (!/^application\/json\b/i.test(contentType ?? '')) {
    throw new ApiError(400, 'Content-Type: expected application/json');
  }
  let fields: unknown;
  try {
    fields = JSON.parse(body);
  } catch {
    throw new ApiError(400, 'The body is not JSON.');
  }
  if (!isObject(fields)) throw new ApiError(400, 'The body is not an object.');
  return fields;
}

function waitMs(answer: Answer, streams: boolean, paceMs: number): number {
  const thinking = THINKING_TOKENS * paceMs;
  if (streams) return thinking;
  const generated = answer.choices.reduce((sum, choice) => sum + choiceTokens(choice), 0);
  return Math.min(thinking + (generated * paceMs) / COMPLETION_HASTE, COMPLETION_WAIT_MAX_MS);
}

/** @throws {ApiError} the failure that was asked for, unless its turns are over. */
function refuse(refusal: Refusal, key: string, { bearer, log }: ChatCall): void {
  if (log.turn(key) >= refusal.times) {
    log.restart(key);
    return;
  }
  const plain = new ApiError(refusal.status);
  const retryAfter =
    refusal.retryAfter === 'date' ? new Date(Date.now() + 2_000).toUTCString() : refusal.retryAfter;
  throw new ApiError(
    refusal.status,
    refusal.namesKey ? `${plain.message} (the key was ${bearer})` : plain.message,
    {
      sentStatus: refusal.as200 ? 200 : refusal.status,
      headers: retryAfter === null || retryAfter === 'none' ? {} : { 'retry-after': retryAfter },
    },
  );
}

/** A completion's two pieces: a break half-way leaves the first. */
function halves(text: string): string[] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

function htmlResponse(headers: Record<string, string>, entry: Entry): Response {
  entry.ended('done');
  return new Response('<!doctype html>\n<title>Bad gateway</title>\n<h1>502 Bad Gateway</h1>\n', {
    headers: { ...headers, 'content-type': 'text/html; charset=utf-8' },
  });
}

/** @returns StepFun's error answer for whatever was thrown. */
export function errorResponse(thrown: unknown, entry: Entry): Response {
  entry.ended('done');
  const error = thrown instanceof ApiError ? thrown : new ApiError(500, 'The simulator itself failed.');
  if (error !== thrown) console.error(thrown);
  return new Response(envelope(error), {
    status: error.sentStatus,
    headers: { ...STRAY_HEADERS, ...error.headers, 'content-type': 'application/json' },
  });
}
