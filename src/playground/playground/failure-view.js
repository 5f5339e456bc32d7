// A failure, shown as a person needs it: what happened, what to do, and a button for it.

import { h } from './dom.js';
import { parseInline } from './inline.js';

/** @import { Explanation, Failure, Remedy } from '../types.ts' */

/** @type {Readonly<Record<Remedy, string>>} */
const LABELS = { retry: 'Try again', key: 'Enter a key', settings: 'Open settings', new: 'New conversation' };

/**
 * @param {Failure} failure
 * @param {Explanation} explanation
 * @param {(remedy: Remedy) => void} remedy - what a button does.
 */
export function failureCard(failure, { title, advice, remedies, waitSeconds }, remedy) {
  const buttons = remedies.map((name) => {
    const button = h('button', { type: 'button', class: 'button', click: () => remedy(name) }, LABELS[name]);
    if (name === 'retry' && waitSeconds > 0) countDown(button, waitSeconds);
    return button;
  });
  const { status, requestId } = failure.details;
  const facts = [status === undefined ? '' : String(status), failure.code, requestId ?? ''].filter(Boolean);
  return h(
    'div',
    { class: 'failure' },
    // Only this is an alert: the countdown below would be read out every second.
    h('div', { role: 'alert' }, h('p', { class: 'failure-title' }, title), h('p', {}, ...advised(advice))),
    failure.message === '' ? '' : h('p', { class: 'failure-message' }, failure.message),
    buttons.length === 0 ? '' : h('div', { class: 'failure-actions' }, ...buttons),
    h('p', { class: 'failure-facts' }, facts.join(' · ')),
  );
}

/** @param {string} advice */
function advised(advice) {
  return parseInline(advice).map((part) =>
    part.type === 'code' ? h('code', {}, part.text) : 'text' in part ? part.text : '',
  );
}

/**
 * @param {HTMLButtonElement} button - out of use until the time is up.
 * @param {number} seconds
 */
function countDown(button, seconds) {
  const end = Date.now() + seconds * 1000;
  const label = button.textContent;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${label} in ${clock(left)}` : label;
    if (left > 0 && (button.isConnected || left >= seconds - 1)) setTimeout(tick, 1000);
  };
  tick();
}

/** @param {number} seconds */
function clock(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours > 0 ? `${hours}:${two(minutes % 60)} h` : `${minutes}:${two(seconds % 60)} min`;
}

/** @param {number} value */
function two(value) {
  return String(value).padStart(2, '0');
}
