import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../src/http/errors.ts';
import {
  createRequestLog,
  logFailure,
  writeRequestLog,
  type RequestFrame,
  type RequestLog,
} from '../../../src/http/request-log.ts';

const FRAME: RequestFrame = {
  id: 'id-1',
  method: 'POST',
  route: '/v1/chat/completions',
  status: 200,
  startedAtMs: 1_000,
  firstByteAtMs: 1_040,
};

const LOG: RequestLog = {
  ...createRequestLog(),
  client: 'shop',
  model: 'step-3.5-flash',
  isStreaming: true,
  cache: 'miss',
  attempts: 2,
  upstreamRequestId: 'trace-1',
  queueMs: 7,
  usage: { promptTokens: 10, completionTokens: 20, totalTokens: 30, cachedTokens: 5 },
  finishReasons: ['stop', 'length'],
  bytes: 999,
};

let lines: Record<string, unknown>[];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_500 });
  lines = [];
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation(
      (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    );
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the line of a request', () => {
  it('has everything that is known', () => {
    writeRequestLog(LOG, FRAME, undefined);
    expect(lines).toEqual([
      {
        level: 'info',
        event: 'request',
        request_id: 'id-1',
        client: 'shop',
        method: 'POST',
        route: '/v1/chat/completions',
        status: 200,
        code: null,
        model: 'step-3.5-flash',
        streaming: true,
        cache: 'miss',
        attempts: 2,
        upstream_request_id: 'trace-1',
        queue_ms: 7,
        first_byte_ms: 40,
        duration_ms: 500,
        prompt_tokens: 10,
        completion_tokens: 20,
        cached_tokens: 5,
        finish_reason: 'stop, length',
        bytes: 999,
        outcome: 'completed',
      },
    ]);
  });

  it('has null for what is not known', () => {
    writeRequestLog(createRequestLog(), FRAME, undefined);
    expect(lines[0]).toMatchObject({
      client: null,
      model: null,
      cache: null,
      upstream_request_id: null,
      queue_ms: null,
      prompt_tokens: null,
      finish_reason: null,
      bytes: null,
      streaming: false,
      attempts: 0,
    });
  });

  it.each<[string, number, Partial<RequestLog>]>([
    ['info', 200, {}],
    ['info', 404, { code: 'not_found' }],
    ['info', 499, { outcome: 'client_gone' }],
    ['info', 504, { code: 'cache_miss' }],
    ['error', 504, { code: 'upstream_timeout' }],
    ['error', 502, { code: 'upstream_unavailable' }],
    // A stream that broke after its 200.
    ['error', 200, { code: 'upstream_reset', outcome: 'upstream_reset' }],
  ])('has the level %s: %i, %j', (level, status, known) => {
    writeRequestLog({ ...LOG, ...known }, { ...FRAME, status }, undefined);
    expect(lines).toMatchObject([{ level, status, ...(known.code && { code: known.code }) }]);
  });
});

it('a failure is filled in: code, fields at fault, attempts, and what the client is not told', () => {
  const log = createRequestLog();
  logFailure(
    log,
    new GatewayError('invalid_value', 'n: too large', { params: ['n', 'stop'], detail: 'more', attempts: 3 }),
  );
  writeRequestLog(log, { ...FRAME, status: 400 }, undefined);
  expect(lines).toMatchObject([
    { code: 'invalid_value', outcome: 'invalid_value', params: 'n, stop', detail: 'more', attempts: 3 },
  ]);
  expect(JSON.stringify(lines)).not.toContain('too large');
});

describe('the data point of Analytics Engine', () => {
  it('has the documented columns', () => {
    const writeDataPoint = vi.fn<AnalyticsEngineDataset['writeDataPoint']>();
    writeRequestLog({ ...LOG, code: 'upstream_reset', outcome: 'upstream_reset' }, FRAME, { writeDataPoint });
    expect(writeDataPoint).toHaveBeenCalledExactlyOnceWith({
      indexes: ['shop'],
      blobs: ['/v1/chat/completions', 'step-3.5-flash', 'miss', 'upstream_reset', 'upstream_reset', 'stream'],
      doubles: [200, 40, 500, 10, 20, 5, 999, 2, 7],
    });
  });

  it('that fails is one log line', () => {
    const writeDataPoint = () => {
      throw new TypeError('no dataset');
    };
    writeRequestLog(createRequestLog(), FRAME, { writeDataPoint });
    expect(lines[1]).toEqual({ level: 'warn', event: 'analytics_failed', reason: 'TypeError: no dataset' });
  });
});
