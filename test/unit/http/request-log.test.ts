import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRecord, writeRecord, type RequestFrame } from '../../../src/http/request-log.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const FRAME: RequestFrame = {
  id: 'id-1',
  method: 'POST',
  route: '/v1/chat/completions',
  status: 200,
  startedAtMs: 1_000,
  firstByteAtMs: 1_040,
};

describe('writeRecord', () => {
  it('fills the columns that are documented', () => {
    vi.useFakeTimers({ now: 1_500 });
    vi.spyOn(console, 'info').mockImplementation(() => {});
    const writeDataPoint = vi.fn<AnalyticsEngineDataset['writeDataPoint']>();
    const record = Object.assign(createRecord(), {
      client: 'shop',
      model: 'step-3.5-flash',
      streaming: true,
      cache: 'miss',
      attempts: 2,
      usage: { promptTokens: 10, completionTokens: 20, totalTokens: 30, cachedTokens: 5 },
      bytes: 999,
      outcome: 'upstream_reset',
      code: 'upstream_reset',
    });
    writeRecord(record, FRAME, { writeDataPoint });
    expect(writeDataPoint).toHaveBeenCalledExactlyOnceWith({
      indexes: ['shop'],
      blobs: ['/v1/chat/completions', 'step-3.5-flash', 'miss', 'upstream_reset', 'upstream_reset', 'stream'],
      doubles: [200, 40, 500, 10, 20, 5, 999, 2],
    });
  });

  it.each([
    [200, 'info'],
    [404, 'info'],
    [502, 'error'],
  ] as const)('says of a %i that it is %s', (status, level) => {
    const write = vi.spyOn(console, level).mockImplementation(() => {});
    writeRecord(createRecord(), { ...FRAME, status }, undefined);
    expect(JSON.parse(String(write.mock.calls[0]?.[0]))).toMatchObject({ level, event: 'request', status });
  });

  it('costs nobody an answer when the charts fail', () => {
    vi.spyOn(console, 'info').mockImplementation(() => {});
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const writeDataPoint = () => {
      throw new TypeError('no dataset');
    };
    writeRecord(createRecord(), FRAME, { writeDataPoint });
    expect(JSON.parse(String(warn.mock.calls[0]?.[0]))).toEqual({
      level: 'warn',
      event: 'analytics_failed',
      reason: 'TypeError: no dataset',
    });
  });

  it('does without the binding, and without anything known', () => {
    const write = vi.spyOn(console, 'info').mockImplementation(() => {});
    writeRecord(createRecord(), FRAME, undefined);
    expect(JSON.parse(String(write.mock.calls[0]?.[0]))).toMatchObject({
      client: null,
      cache: null,
      prompt_tokens: null,
      bytes: null,
    });
  });
});
