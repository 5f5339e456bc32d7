// The record of a request for the operator: one JSON line in the log and, with the binding
// ANALYTICS, one data point in Analytics Engine. It holds the client, the route, the result
// and the cost; never a prompt, an answer, a key or an address.
//
// Each step that handles a request fills in its fields; the router writes the line when the
// answer has ended.

import type { ErrorCode, GatewayError } from './errors.ts';
import { log } from './log.ts';
import type { Usage } from './token-usage.ts';

export type Outcome = 'completed' | 'client_gone' | ErrorCode;

/** The facts about a request; a fact that stays unknown keeps its initial value. */
export interface RequestLog {
  /** The client's name: of a key, or a kind and the beginning of a digest. */
  client: string | null;
  model: string | null;
  isStreaming: boolean;
  /** `hit`, `miss`, `collapsed`, `bypass`; null without a lookup. */
  cache: string | null;
  /** The number of calls to StepFun. */
  attempts: number;
  /** StepFun's own id of the answer, for its support. */
  upstreamRequestId: string | null;
  /** How long the request waited for a slot, in ms; null without the gate. */
  queueMs: number | null;
  usage: Usage | null;
  /** How each choice ended; null: not known. */
  finishReasons: readonly (string | null)[];
  /** The size of the answer's body; null if only the runtime has read it. */
  bytes: number | null;
  code: ErrorCode | null;
  /** The fields at fault, as `messages[2].content`. */
  params: readonly string[];
  /** More about a failure, for the log alone. */
  detail: string | null;
  /** How it ended; for a failure its code, also after the stream had begun. */
  outcome: Outcome;
  /** Resolves when the stream has ended, for any reason; null without a stream. */
  streamEnd: Promise<unknown> | null;
}

/** The facts that the router knows about every request. */
export interface RequestFrame {
  readonly id: string;
  readonly method: string;
  /** The pattern of the route; without a route the path, capped. */
  readonly route: string;
  readonly status: number;
  readonly startedAtMs: number;
  readonly firstByteAtMs: number;
}

/** @returns a log in which every fact is unknown. */
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
 * Writes the line, once, when the answer has ended.
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
  // A cache_miss (504) is the answer that only-if-cached asks for (RFC 9111 §5.2.1.7), no failure.
  const hasFailed = code !== 'cache_miss' && (status >= 500 || (status < 400 && code !== null));

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
    // A failed data point must not fail the request.
    log('warn', 'analytics_failed', { reason: String(thrown) });
  }
}
