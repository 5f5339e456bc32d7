// What an operator sees of a request: one JSON line in the log and, where the binding
// is there, one data point in Analytics Engine. Who asked, for what, how it went,
// what it cost; never a prompt, an answer, a key or an address.
//
// The parts on the request's way fill the record in as they learn something; the
// router writes it when the answer is through.

import type { ErrorCode } from './errors.ts';
import { log } from './log.ts';
import type { Usage } from './usage.ts';

/** Filled in on the way; what was never learnt stays as it is. */
export interface RequestRecord {
  /** The client's name: of a key, or a kind and a digest's beginning. */
  client: string | null;
  model: string | null;
  streaming: boolean;
  /** `hit`, `miss`, `collapsed`, `bypass`; null where there is nothing to look up. */
  cache: string | null;
  /** How often StepFun was asked. */
  attempts: number;
  usage: Usage | null;
  /** Of the body; null where the runtime alone has seen it. */
  bytes: number | null;
  code: ErrorCode | null;
  /** For the log alone: what a failure's client is not told. */
  detail: string | null;
  /** `completed`, `client_gone`, or the code of a failure after the stream had begun. */
  outcome: string;
  /** Of a stream: resolves when it has ended. */
  ended: Promise<unknown> | null;
}

/** What the router knows of every request. */
export interface RequestFrame {
  readonly id: string;
  readonly method: string;
  /** The pattern of the route, not the path, which a client can fill at will. */
  readonly route: string;
  readonly status: number;
  readonly startedAtMs: number;
  readonly firstByteAtMs: number;
}

/** @returns a record of a request of which nothing is known yet. */
export function createRecord(): RequestRecord {
  return {
    client: null,
    model: null,
    streaming: false,
    cache: null,
    attempts: 0,
    usage: null,
    bytes: null,
    code: null,
    detail: null,
    outcome: 'completed',
    ended: null,
  };
}

/**
 * Writes the record, once, when the answer is through.
 * @param analytics - the binding `ANALYTICS`; its columns are documented in README.md.
 */
export function writeRecord(
  record: RequestRecord,
  frame: RequestFrame,
  analytics: AnalyticsEngineDataset | undefined,
): void {
  const { client, model, streaming, cache, attempts, usage, bytes, code, detail, outcome } = record;
  const { method, route, status, startedAtMs } = frame;
  const firstByteMs = frame.firstByteAtMs - startedAtMs;
  const durationMs = Date.now() - startedAtMs;

  log(status >= 500 ? 'error' : 'info', 'request', {
    request_id: frame.id,
    client,
    method,
    route,
    status,
    code,
    model,
    streaming,
    cache,
    attempts,
    first_byte_ms: firstByteMs,
    duration_ms: durationMs,
    prompt_tokens: usage?.promptTokens ?? null,
    completion_tokens: usage?.completionTokens ?? null,
    cached_tokens: usage?.cachedTokens ?? null,
    bytes,
    outcome,
    detail: detail ?? undefined,
  });
  try {
    analytics?.writeDataPoint({
      indexes: [client ?? ''],
      blobs: [route, model ?? '', cache ?? '', code ?? '', outcome, streaming ? 'stream' : 'whole'],
      doubles: [
        status,
        firstByteMs,
        durationMs,
        usage?.promptTokens ?? 0,
        usage?.completionTokens ?? 0,
        usage?.cachedTokens ?? 0,
        bytes ?? 0,
        attempts,
      ],
    });
  } catch (thrown) {
    // Charts cost nobody an answer.
    log('warn', 'analytics_failed', { reason: String(thrown) });
  }
}
