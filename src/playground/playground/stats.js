// The figures of an answer: times, tokens, cache.
//
// Pure.

import { header } from './trace.js';

/** @import { Answer } from '../types.ts' */

/** @typedef {{ label: string, value: string, title?: string }} Figure */

/** Within a shorter time, a rate describes the network's packets, not the model. */
const RATE_MS_MIN = 50;

/**
 * @param {Answer} answer
 * @returns {readonly Figure[]} what is known so far.
 */
export function figures(answer) {
  const { askedAt, firstTokenAt, endedAt, usage, trace } = answer;
  /** @type {Figure[]} */
  const shown = [];
  const queueMs = Number(header(trace, 'x-queue-ms') ?? 0);
  if (queueMs > 0) {
    shown.push({ label: 'Queue', value: duration(queueMs), title: 'Waited for a free StepFun request slot' });
  }
  // Without streaming, the first token comes with the last.
  if (firstTokenAt !== null && answer.request.stream) {
    shown.push({ label: 'First token', value: duration(firstTokenAt - askedAt) });
  }
  if (endedAt !== null) shown.push({ label: 'Total', value: duration(endedAt - askedAt) });
  const rate = tokensPerSecond(answer);
  if (rate !== null) shown.push({ label: 'Speed', value: `${rate} tok/s` });
  if (usage !== null) {
    const cached = usage.cached === null ? '' : ` (${count(usage.cached)} cached)`;
    shown.push(
      { label: 'Prompt', value: `${count(usage.prompt)}${cached}` },
      { label: 'Completion', value: count(usage.completion), title: 'Tokens, with those of the reasoning' },
    );
  }
  const cacheStatus = header(trace, 'cache-status');
  if (cacheStatus !== null) {
    shown.push({ label: 'Cache', value: cacheWords(cacheStatus), title: `Cache-Status: ${cacheStatus}` });
  }
  for (const [label, name] of CHANGES) {
    const value = header(trace, name);
    if (value !== null && value !== '') shown.push({ label, value, title: `The gateway’s ${name} header` });
  }
  return shown;
}

/** The changes that the gateway made to the request. */
const CHANGES = /** @type {const} */ ([
  ['Adjusted', 'x-adjusted-params'],
  ['Ignored', 'x-ignored-params'],
]);

/** @param {Answer} answer */
function tokensPerSecond({ firstTokenAt, endedAt, usage, trace, request }) {
  if (usage === null || firstTokenAt === null || endedAt === null || !request.stream) return null;
  // The speed of a replay is that of the cache.
  const isHit = parseCacheStatus(header(trace, 'cache-status') ?? '').has('hit');
  if (isHit || endedAt - firstTokenAt < RATE_MS_MIN) return null;
  return Math.round(usage.completion / ((endedAt - firstTokenAt) / 1000));
}

/**
 * @param {string} value - of `Cache-Status`, RFC 9211.
 * @returns {string} what it means.
 */
export function cacheWords(value) {
  const params = parseCacheStatus(value);
  if (params.has('hit')) {
    const ttl = Number(params.get('ttl'));
    if (!params.has('ttl') || Number.isNaN(ttl)) return 'hit';
    return ttl < 0 ? 'hit, stale' : `hit, ${duration(ttl * 1000)} left`;
  }
  const forwarded = params.get('fwd') ?? 'miss';
  if (params.has('collapsed')) return `${forwarded}, shared with an equal request`;
  return params.has('stored') ? `${forwarded}, stored` : forwarded;
}

/** @param {string} value */
function parseCacheStatus(value) {
  const [, ...params] = value.split(';');
  return new Map(
    params.map((param) => {
      const [name = '', argument = ''] = param.trim().split('=', 2);
      return /** @type {const} */ ([name, argument]);
    }),
  );
}

/**
 * @param {string} value - of `Server-Timing`, as `cache;desc=miss, total;dur=12.5`.
 * @returns {readonly { name: string, ms: number | null, description: string }[]}
 */
export function parseServerTiming(value) {
  return value
    .split(',')
    .map((metric) => metric.trim().split(';'))
    .filter(([name]) => name !== undefined && name !== '')
    .map(([name = '', ...params]) => {
      const named = new Map(
        params.map((param) => param.trim().split('=', 2)).map(([key, raw]) => [key, raw]),
      );
      const ms = Number(named.get('dur') ?? NaN);
      return {
        name,
        ms: Number.isFinite(ms) ? ms : null,
        description: (named.get('desc') ?? '').replaceAll('"', ''),
      };
    });
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** @param {number} value */
export function count(value) {
  return value.toLocaleString('en');
}
