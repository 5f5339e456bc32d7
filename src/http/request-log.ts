// The log line of a request: one line of JSON and, where the binding is
// there, one data point in Analytics Engine. It tells who asked for what, how it went and
// what it cost; never a prompt, an answer, a key or an address.
//
// Each part of a request's way fills in what it learns; the router writes the line when the
// answer is through.

import type { ErrorCode, GatewayError } from './errors.ts';
import { log } from './log.ts';
import type { Usage } from './token-usage.ts';

export type Outcome = 'completed' | 'client_gone' | ErrorCode;

/** The facts about a request; an unknown one keeps its first value. */
export interface RequestLog {
  /** The client's name: of a key, or a kind and the beginning of a digest. */
  client: string | null;
  model: string | null;
  isStreaming: boolean;
  /** `hit`, `miss`, `collapsed`, `bypass`; null where there is nothing to look up. */
  cache: string | null;
  /** How often StepFun was asked. */
  attempts: number;
  /** StepFun's own id of the answer, for its support. */
  upstreamRequestId: string | null;
  /** How long the request waited for a slot, in ms; null without the gate. */
  queueMs: number | null;
  usage: Usage | null;
  /** How each choice ended; null: not known. */
  finishReasons: readonly (string | null)[];
  /** The size of the body; null where the runtime alone has seen it. */
  bytes: number | null;
  code: ErrorCode | null;
  /** The fields at fault, as `messages[2].content`. */
  params: readonly string[];
  /** Details of a failure that the client does not get. */
  detail: string | null;
  /** How it ended; for a failure its code, also after the stream had begun. */
  outcome: Outcome;
  /** Resolves when a stream has ended, for whatever reason; null where there is none. */
  streamEnd: Promise<unknown> | null;
}

/** The facts that the router has about every request. */
export interface RequestFrame {
  readonly id: string;
  readonly method: string;
  /** The pattern of the route; for no route the path, capped. */
  readonly route: string;
  readonly status: number;
  readonly startedAtMs: number;
  readonly firstByteAtMs: number;
}

/** @returns the log of a request of which nothing is known yet. */
export function createRequestLog(): RequestLog {
  return {
    client: null,
    model: null,
    isStreaming: false,
    cache: null,
    attempts: 0,
    upstreamRequestId: null,
    queueMs: null,
    usage: null,
    finishReasons: [],
    bytes: null,
    code: null,
    params: [],
    detail: null,
    outcome: 'completed',
    streamEnd: null,
  };
}

/** Fills in the failure of a stream that had begun. */
export function logStreamFailure(requestLog: RequestLog, { code, details }: GatewayError): void {
  requestLog.code = code;
  requestLog.outcome = code;
  requestLog.detail = details.detail ?? null;
}

/** Fills in the failure of a request; what it does not name stays as it was. */
export function logFailure(requestLog: RequestLog, error: GatewayError): void {
  const { details } = error;
  logStreamFailure(requestLog, error);
  requestLog.params = details.params ?? (details.param === undefined ? [] : [details.param]);
  requestLog.attempts = details.attempts ?? requestLog.attempts;
  requestLog.upstreamRequestId = details.upstreamRequestId ?? requestLog.upstreamRequestId;
  requestLog.queueMs = details.queueMs ?? requestLog.queueMs;
}

/**
 * Writes the line, once, when the answer is through.
 * @param analytics - the binding `ANALYTICS`; docs/logs.md describes its columns.
 */
export function writeRequestLog(
  requestLog: RequestLog,
  frame: RequestFrame,
  analytics: AnalyticsEngineDataset | undefined,
): void {
  const { client, model, cache, attempts, usage, bytes, code, outcome, queueMs } = requestLog;
  const { method, route, status, startedAtMs } = frame;
  const firstByteMs = frame.firstByteAtMs - startedAtMs;
  const durationMs = Date.now() - startedAtMs;
  const finishReasons = new Set(requestLog.finishReasons.filter((reason) => reason !== null));
  // A client that wants a cached answer or none got what it asked for.
  const hasFailed = (status >= 500 && code !== 'cache_miss') || (status < 400 && code !== null);

  log(hasFailed ? 'error' : 'info', 'request', {
    request_id: frame.id,
    client,
    method,
    route,
    status,
    code,
    params: requestLog.params.length === 0 ? undefined : requestLog.params.join(', '),
    model,
    streaming: requestLog.isStreaming,
    cache,
    attempts,
    upstream_request_id: requestLog.upstreamRequestId,
    queue_ms: queueMs,
    first_byte_ms: firstByteMs,
    duration_ms: durationMs,
    prompt_tokens: usage?.promptTokens ?? null,
    completion_tokens: usage?.completionTokens ?? null,
    cached_tokens: usage?.cachedTokens ?? null,
    finish_reason: finishReasons.size === 0 ? null : [...finishReasons].join(', '),
    bytes,
    outcome,
    detail: requestLog.detail ?? undefined,
  });
  try {
    analytics?.writeDataPoint({
      indexes: [client ?? ''],
      blobs: [
        route,
        model ?? '',
        cache ?? '',
        code ?? '',
        outcome,
        requestLog.isStreaming ? 'stream' : 'whole',
      ],
      doubles: [
        status,
        firstByteMs,
        durationMs,
        usage?.promptTokens ?? 0,
        usage?.completionTokens ?? 0,
        usage?.cachedTokens ?? 0,
        bytes ?? 0,
        attempts,
        queueMs ?? 0,
      ],
    });
  } catch (thrown) {
    // A failure of Analytics Engine must not fail the request.
    log('warn', 'analytics_failed', { reason: String(thrown) });
  }
}
