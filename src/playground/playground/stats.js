// What an answer took, in words and figures.
//
// Pure.

/** @import { Answer } from '../types.ts' */

/** @typedef {{ label: string, value: string, title?: string }} Figure */

/** Below it, a rate says more about the network's pieces than about the model. */
const RATE_MS_MIN = 50;

/** @type {Readonly<Record<string, string>>} */
const ENDINGS = { length: 'cut at max tokens', content_filter: 'cut by the content filter' };

/**
 * @param {Answer} answer
 * @returns {readonly Figure[]} what is known so far.
 */
export function figures(answer) {
  const { askedAt, firstTokenAt, endedAt, usage, cacheStatus, finishReason } = answer;
  /** @type {Figure[]} */
  const shown = [];
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
      {
        label: 'Completion',
        value: count(usage.completion),
        title: 'Tokens, those of the reasoning included',
      },
    );
  }
  if (cacheStatus !== null) {
    shown.push({ label: 'Cache', value: cacheWords(cacheStatus), title: `Cache-Status: ${cacheStatus}` });
  }
  const ending = ENDINGS[finishReason ?? ''];
  if (ending !== undefined) shown.push({ label: 'Finish', value: ending });
  return shown;
}

/** @param {Answer} answer */
function tokensPerSecond({ firstTokenAt, endedAt, usage, cacheStatus, request }) {
  if (usage === null || firstTokenAt === null || endedAt === null || !request.stream) return null;
  // A replay's speed is that of the cache.
  if (endedAt - firstTokenAt < RATE_MS_MIN || parseCacheStatus(cacheStatus ?? '').has('hit')) return null;
  return Math.round(usage.completion / ((endedAt - firstTokenAt) / 1000));
}

/**
 * @param {string} header - `Cache-Status`, RFC 9211.
 * @returns {string} what it means.
 */
export function cacheWords(header) {
  const params = parseCacheStatus(header);
  if (params.has('hit')) {
    const ttl = Number(params.get('ttl'));
    if (!params.has('ttl') || Number.isNaN(ttl)) return 'hit';
    return ttl < 0 ? 'hit, stale' : `hit, ${duration(ttl * 1000)} left`;
  }
  const forwarded = params.get('fwd') ?? 'miss';
  if (params.has('collapsed')) return `${forwarded}, shared with an equal request`;
  return params.has('stored') ? `${forwarded}, stored` : forwarded;
}

/** @param {string} header */
function parseCacheStatus(header) {
  const [, ...params] = header.split(';');
  return new Map(
    params.map((param) => {
      const [name = '', value = ''] = param.trim().split('=', 2);
      return /** @type {const} */ ([name, value]);
    }),
  );
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
function count(value) {
  return value.toLocaleString('en');
}
