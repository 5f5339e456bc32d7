// POST /v1/chat/completions: the request is checked, then delayed, then refused or answered.

import { createAnswer, generatedTokens } from './answer.ts';
import type { Answer } from './answer.ts';
import { createBody, pause } from './body.ts';
import type { Outcome } from './body.ts';
import { isObject } from './check.ts';
import type { Fields } from './check.ts';
import { completionOf } from './completion.ts';
import { ApiError, limitMessage } from './errors.ts';
import { withFault } from './faults.ts';
import type { Piece } from './faults.ts';
import type { RequestLog } from './request-log.ts';
import { parseRequest } from './request.ts';
import { seedOf } from './seed.ts';
import { countEvents, eventsOf } from './stream.ts';
import { parsePlan } from './triggers.ts';
import type { Dialect, ForcedError } from './triggers.ts';

/** The first token takes as long as so many others. */
const FIRST_TOKEN_FACTOR = 12;
/** A completion takes a part of its stream's time, and at most 3 s: tests should not have to wait. */
const COMPLETION_SPEED_UP = 4;
const COMPLETION_WAIT_MAX_MS = 3_000;

export interface ChatCall {
  readonly request: Request;
  /** The request's body, already read. */
  readonly body: string;
  /** The caller's key. */
  readonly bearer: string;
  /** Whether the request came in under `/step_plan/v1`. */
  readonly hasPlan: boolean;
  readonly dialect: Dialect;
  /** Milliseconds for each token. */
  readonly paceMs: number;
  /** Unix time in seconds. */
  readonly created: number;
  readonly log: RequestLog;
  /** Called when the answer has ended, with the tokens it cost; more than one call is possible. */
  readonly onEnd: (outcome: Outcome, tokens: number) => void;
}

/** @throws {ApiError} for a wrong request, or because a trigger asked for an error. */
export async function answerChat(call: ChatCall): Promise<Response> {
  const { request } = call;
  const fields = parseBody(request.headers.get('content-type'), call.body);
  const chat = parseRequest(fields, call.hasPlan);
  const plan = parsePlan(chat.messages.findLast(({ role }) => role === 'user')?.text ?? '', call.dialect);
  const seed = await seedOf(fields);
  const paceMs = plan.paceMs ?? call.paceMs;
  const answer = createAnswer(chat, plan, seed, call.created);

  await pause(plan.delayMs + waitMs(answer, chat.stream, paceMs), request.signal);
  if (plan.error !== null) throwForcedError(plan.error, seed.hash, call);

  const onEnd = (outcome: Outcome, generated: number): void =>
    call.onEnd(outcome, answer.promptTokens + generated);
  if (plan.wrongBody === 'html') {
    onEnd('done', 0);
    return htmlResponse();
  }
  const isStream = chat.stream !== (plan.wrongBody === 'type');
  // Counting runs through the whole answer: it is done only where the number is needed.
  const needsCount = plan.fault !== null && typeof plan.fault.after !== 'number';
  const pieces = isStream
    ? withFault(eventsOf(answer, plan), needsCount ? countEvents(answer, plan) : 0, plan.fault)
    : withFault(halves(completionOf(answer, plan), generatedTokens(answer)), 2, plan.fault);
  const body = createBody(pieces, isStream ? paceMs : 0, request.signal, onEnd);
  return new Response(body, {
    headers: isStream
      ? { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }
      : { 'content-type': 'application/json' },
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

/** @returns how long the status line takes. */
function waitMs(answer: Answer, isStream: boolean, paceMs: number): number {
  const firstTokenMs = FIRST_TOKEN_FACTOR * paceMs;
  if (isStream) return firstTokenMs;
  const otherTokensMs = (generatedTokens(answer) * paceMs) / COMPLETION_SPEED_UP;
  return Math.min(firstTokenMs + otherTokensMs, COMPLETION_WAIT_MAX_MS);
}

/** @throws {ApiError} the error that a trigger asked for, unless it was sent often enough. */
function throwForcedError(error: ForcedError, key: string, { bearer, log }: ChatCall): void {
  if (log.countAttempt(key) >= error.times) {
    log.resetAttempts(key);
    return;
  }
  const { status, limit, isTrial } = error;
  const isNamed = status === 429 && (limit !== null || isTrial);
  const message = isNamed
    ? exampleLimitMessage(limit ?? 'concurrency', isTrial)
    : new ApiError(status).message;
  const retryAfter =
    error.retryAfter === 'date' ? new Date(Date.now() + 2_000).toUTCString() : error.retryAfter;
  throw new ApiError(status, error.namesKey ? `${message} (the key was ${bearer})` : message, {
    sentStatus: error.as200 ? 200 : status,
    headers: retryAfter === null || retryAfter === 'none' ? {} : { 'retry-after': retryAfter },
  });
}

/** The numbers of real refusals. */
function exampleLimitMessage(limit: NonNullable<ForcedError['limit']>, isTrial: boolean): string {
  const [current, max] = { concurrency: [6, 5], RPM: [11, 10], TPM: [559_755, 500_000] }[limit];
  return limitMessage(limit, current ?? 0, max ?? 0, isTrial);
}

/** The two pieces of a completion: a fault comes between them. */
function halves(text: string, tokens: number): Piece[] {
  const middle = Math.floor(text.length / 2);
  return [
    { text: text.slice(0, middle), tokens },
    { text: text.slice(middle), tokens: 0 },
  ];
}

function htmlResponse(): Response {
  return new Response('<!doctype html>\n<title>Bad gateway</title>\n<h1>502 Bad Gateway</h1>\n', {
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });
}
