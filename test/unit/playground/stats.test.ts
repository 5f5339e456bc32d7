import { describe, expect, it } from 'vitest';
import {
  buildRequest,
  createAnswer,
  emptyQuestion,
} from '../../../src/playground/playground/conversation.js';
import { KNOWN_MODELS } from '../../../src/playground/playground/models.js';
import { DEFAULTS } from '../../../src/playground/playground/settings.js';
import {
  cacheWords,
  duration,
  figures,
  parseServerTiming,
} from '../../../src/playground/playground/stats.js';
import { createTrace } from '../../../src/playground/playground/trace.js';

const REQUEST = buildRequest([], { ...emptyQuestion(), text: 'Hello' }, DEFAULTS, KNOWN_MODELS[0]);

describe('figures', () => {
  const done = {
    ...createAnswer(REQUEST, 0),
    firstTokenAt: 400,
    endedAt: 1400,
    usage: { prompt: 1200, completion: 50, cached: 64 },
    trace: traceWith({ 'cache-status': 'stepfun-edge; fwd=miss; stored' }),
  };
  const shown = (answer: typeof done) =>
    Object.fromEntries(figures(answer).map(({ label, value }) => [label, value]));

  it('has what an answer took', () => {
    expect(shown(done)).toEqual({
      'First token': '400 ms',
      Total: '1.4 s',
      Speed: '50 tok/s',
      Prompt: '1,200 (64 cached)',
      Completion: '50',
      Cache: 'miss, stored',
    });
  });

  it('has the wait for a slot, and what the gateway changed in the request', () => {
    const trace = traceWith({
      'x-queue-ms': '2400',
      'x-adjusted-params': 'max_tokens=1604',
      'x-ignored-params': 'top_k',
    });
    expect(shown({ ...done, trace })).toMatchObject({
      Queue: '2.4 s',
      Adjusted: 'max_tokens=1604',
      Ignored: 'top_k',
    });
    expect(shown({ ...done, trace: traceWith({ 'x-queue-ms': '0' }) })).not.toHaveProperty('Queue');
  });

  it('has no speed for a hit, for an answer that did not stream, or for one that came at once', () => {
    const hit = traceWith({ 'cache-status': 'stepfun-edge; hit; ttl=60' });
    expect(shown({ ...done, trace: hit })).not.toHaveProperty('Speed');
    expect(shown({ ...done, firstTokenAt: 1390 })).not.toHaveProperty('Speed');
    const whole = shown({ ...done, request: { ...REQUEST, stream: false } });
    expect(Object.keys(whole)).toEqual(['Total', 'Prompt', 'Completion', 'Cache']);
  });
});

describe('cacheWords', () => {
  it.each([
    ['stepfun-edge; hit; ttl=3540', 'hit, 59 min left'],
    ['stepfun-edge; hit; ttl=-5', 'hit, stale'],
    ['stepfun-edge; hit', 'hit'],
    ['stepfun-edge; hit; ttl=30; detail=memory', 'hit, 30 s left'],
    ['stepfun-edge; fwd=miss', 'miss'],
    ['stepfun-edge; fwd=miss; stored', 'miss, stored'],
    ['stepfun-edge; fwd=miss; collapsed', 'miss, shared with an equal request'],
    ['stepfun-edge; fwd=bypass', 'bypass'],
  ])('reads %s', (header, expected) => {
    expect(cacheWords(header)).toBe(expected);
  });
});

describe('parseServerTiming', () => {
  it('reads names, durations and descriptions', () => {
    expect(parseServerTiming('queue;dur=240, cache;desc=miss, total;dur=12.5;desc="all of it"')).toEqual([
      { name: 'queue', ms: 240, description: '' },
      { name: 'cache', ms: null, description: 'miss' },
      { name: 'total', ms: 12.5, description: 'all of it' },
    ]);
    expect(parseServerTiming('')).toEqual([]);
  });
});

describe('duration', () => {
  it.each([
    [0, '0 ms'],
    [999.6, '1.0 s'],
    [1234, '1.2 s'],
    [12_345, '12 s'],
    [119_000, '2 min'],
    [7_300_000, '2 h'],
  ])('%d ms is %s', (ms, expected) => {
    expect(duration(ms)).toBe(expected);
  });
});

function traceWith(headers: Record<string, string>) {
  return { ...createTrace(), responseHeaders: Object.entries(headers) };
}
