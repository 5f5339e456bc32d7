// The tool calls of a choice, with a field for each result. The page runs no tool: the visitor
// enters the results.

import { h } from './dom.js';
import { parseJson } from './json.js';

/** @import { ToolCall, ToolResult } from '../types.ts' */

/**
 * @param {HTMLElement} root - gets the calls; fields that are filled in already stay.
 * @param {readonly ToolCall[]} calls
 * @param {((results: readonly ToolResult[]) => void) | null} sendResults - null while the calls still arrive.
 */
export function showCalls(root, calls, sendResults) {
  root.hidden = false;
  if (sendResults === null) {
    root.replaceChildren(...calls.map(callNode));
    return;
  }
  if (root.querySelector('form') !== null) return;
  const fields = calls.map((call, at) =>
    h('textarea', {
      rows: 2,
      required: true,
      placeholder: 'The result, as your program would return it',
      'aria-label': `Result of ${call.name}${calls.length > 1 ? ` (${at + 1})` : ''}`,
    }),
  );
  const send = h(
    'button',
    { type: 'submit', class: 'button' },
    calls.length > 1 ? 'Send results' : 'Send result',
  );
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    send.disabled = true;
    sendResults(calls.map(({ id, name }, at) => ({ callId: id, name, content: fields[at]?.value ?? '' })));
  };
  root.replaceChildren(
    h('form', { submit }, ...calls.flatMap((call, at) => [callNode(call), fields[at] ?? '']), send),
  );
}

/** @param {ToolCall} call */
function callNode({ name, arguments: args }) {
  const value = parseJson(args);
  return h(
    'div',
    { class: 'call' },
    h('p', { class: 'call-name' }, 'Calls ', h('code', {}, name)),
    h(
      'pre',
      { tabindex: 0, role: 'group', 'aria-label': `Arguments of ${name}` },
      h('code', {}, value === undefined ? args : JSON.stringify(value, null, 2)),
    ),
  );
}
