// The exchange behind an answer as it was: request, response headers, the events with their times,
// and where the time went.

import { h } from './dom.js';
import { withoutBase64 } from './snippets.js';
import { duration, parseServerTiming } from './stats.js';
import { TabDialog } from './tab-dialog.js';
import { header } from './trace.js';

/** @import { Answer } from '../types.ts' */

const dialog = new TabDialog('raw', 'Raw exchange');

/** @param {Answer} answer */
export async function openRaw(answer) {
  const tabs = [
    { name: 'Events', text: () => bodyText(answer), content: () => eventsNode(answer) },
    {
      name: 'Request',
      text: () => requestText(answer),
      content: () => textNode(withoutBase64(requestText(answer))),
    },
    { name: 'Response', text: () => responseText(answer) },
    { name: 'Timings', text: () => timingsText(answer), content: () => timingsNode(answer) },
  ];
  const isRestored = answer.trace.status === null && answer.trace.responseHeaders.length > 0;
  const note = isRestored
    ? 'After a reload, the body is gone: only the headers are kept.'
    : 'The credential is never shown.';
  await dialog.open(tabs, note);
}

/** @param {Answer} answer */
function requestText({ request, trace }) {
  const headers = trace.requestHeaders.map(([name, value]) => `${name}: ${value}`);
  return ['POST /v1/chat/completions', ...headers, '', JSON.stringify(request, null, 2)].join('\n');
}

/** @param {Answer} answer */
function responseText({ trace }) {
  const headers = trace.responseHeaders.map(([name, value]) => `${name}: ${value}`);
  return [trace.status === null ? 'No response' : `HTTP ${trace.status}`, ...headers].join('\n');
}

/** @param {Answer} answer */
function bodyText({ trace }) {
  const omitted =
    trace.omittedChars === 0 ? '' : `\n(${trace.omittedChars} more characters were not recorded)`;
  return trace.pieces.map(({ text }) => text).join('') + omitted;
}

/**
 * The body, read by read: what one read brought is one row, with the time it came at.
 * @param {Answer} answer
 */
function eventsNode(answer) {
  const { askedAt, trace } = answer;
  if (trace.pieces.length === 0) return textNode('No body arrived.');
  const rows = trace.pieces.map(({ at, text }) =>
    h('li', {}, h('span', { class: 'at' }, duration(at - askedAt)), h('code', {}, text.replace(/\n+$/, ''))),
  );
  const omitted =
    trace.omittedChars === 0 ? '' : h('p', {}, `${trace.omittedChars} more characters were not recorded.`);
  return h('div', {}, h('ol', { class: 'pieces' }, ...rows), omitted);
}

/** @param {Answer} answer */
function timingsText(answer) {
  return timings(answer)
    .map(({ label, from, to }) => `${label}: ${from === 0 ? '' : `${duration(from)} to `}${duration(to)}`)
    .join('\n');
}

/** @param {Answer} answer */
function timingsNode(answer) {
  const rows = timings(answer);
  const end = Math.max(1, ...rows.map(({ to }) => to));
  return h(
    'dl',
    { class: 'timings' },
    ...rows.flatMap(({ label, from, to, isGateway }) => {
      const bar = h('span', { class: isGateway ? 'bar-time of-gateway' : 'bar-time' });
      bar.style.marginInlineStart = `${(from / end) * 100}%`;
      bar.style.width = `${Math.max(0.5, ((to - from) / end) * 100)}%`;
      const shown = from === 0 ? duration(to) : `${duration(from)} – ${duration(to)}`;
      return [
        h('dt', {}, label),
        h('dd', {}, h('span', { class: 'bar-track' }, bar), h('span', { class: 'bar-value' }, shown)),
      ];
    }),
  );
}

/**
 * @param {Answer} answer
 * @returns {readonly { label: string, from: number, to: number, isGateway: boolean }[]} in ms from
 *   the request; those of the gateway are its own measurement.
 */
function timings({ askedAt, firstTokenAt, endedAt, choices, trace }) {
  const at = (/** @type {number | null | undefined} */ time) =>
    typeof time === 'number' ? time - askedAt : null;
  const contentAt = at(choices[0]?.contentAt);
  const first = at(firstTokenAt);
  const queueMs = Number(header(trace, 'x-queue-ms') ?? NaN);
  const gateway = parseServerTiming(header(trace, 'server-timing') ?? '').filter(
    ({ name }) => name !== 'queue',
  );
  const cache = header(trace, 'cache-status');
  /** @type {(readonly [string, number | null, number | null, boolean])[]} */
  const spans = [
    ['Queue (gateway)', 0, Number.isNaN(queueMs) ? null : queueMs, true],
    ...gateway.map(
      ({ name, ms, description }) => /** @type {const} */ ([`${description || name} (gateway)`, 0, ms, true]),
    ),
    [
      cache === null ? 'Headers' : `Headers, ${cache.replace(/^stepfun-edge; /, '')}`,
      0,
      at(trace.headersAt),
      false,
    ],
    ['First token', 0, first, false],
    ['Reasoning', first, choices[0]?.reasoning === '' ? null : (contentAt ?? at(endedAt)), false],
    ['Answer', contentAt, at(endedAt), false],
    ['Total', 0, at(endedAt), false],
  ];
  return spans.flatMap(([label, from, to, isGateway]) =>
    from === null || to === null ? [] : [{ label, from, to, isGateway }],
  );
}

/** @param {string} text */
function textNode(text) {
  return h('pre', {}, h('code', {}, text));
}
