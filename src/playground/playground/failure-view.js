// A failure on the page: what happened, what to do, and one button for it.

import { h } from './dom.js';

/** @import { Explanation, Failure, Remedy } from '../types.ts' */

/** @type {Readonly<Record<Remedy, string>>} */
const LABELS = {
  retry: 'Try again',
  key: 'Enter a key',
  settings: 'Open settings',
  new: 'New conversation',
  edit: 'Edit the message',
};

/**
 * @param {Failure} failure
 * @param {Explanation} explanation
 * @param {(remedy: Remedy) => void} onRemedy
 */
export function failureCard(failure, { title, advice, remedy, waitSeconds }, onRemedy) {
  const { status, requestId } = failure.details;
  const facts = [status === undefined ? '' : String(status), failure.code, requestId ?? ''].filter(Boolean);
  return h(
    'div',
    { class: 'failure' },
    // The alert holds no more than this: a screen reader would read the countdown out every second.
    h('div', { role: 'alert' }, h('p', { class: 'failure-title' }, title), h('p', {}, ...withCode(advice))),
    remedy === null ? '' : remedyButton(remedy, waitSeconds, onRemedy),
    h('p', { class: 'failure-facts' }, facts.join(' · ')),
  );
}

/**
 * @param {string} text - with backticks around code.
 * @returns {(Node | string)[]}
 */
export function withCode(text) {
  return text.split('`').map((part, at) => (at % 2 === 1 ? h('code', {}, part) : part));
}

/**
 * @param {Remedy} remedy
 * @param {number} waitSeconds
 * @param {(remedy: Remedy) => void} onRemedy
 */
function remedyButton(remedy, waitSeconds, onRemedy) {
  const click = () => onRemedy(remedy);
  const button = h('button', { type: 'button', class: 'button', click }, LABELS[remedy]);
  if (remedy === 'retry' && waitSeconds > 0) countDown(button, waitSeconds);
  return button;
}

/**
 * @param {HTMLButtonElement} button - disabled until the time is up.
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
  return hours > 0 ? `${hours}:${twoDigits(minutes % 60)} h` : `${minutes}:${twoDigits(seconds % 60)} min`;
}

/** @param {number} value */
function twoDigits(value) {
  return String(value).padStart(2, '0');
}
