// A quick look that vouches for the messages which histories are made of. zod takes
// 0.7 µs for a plain one and 2 µs for one with tool calls, and a history has
// hundreds; whatever is not vouched for is zod's to judge.
//
// This repeats a part of messages.ts and may be narrower than that, never wider:
// test/unit/chat/plain.test.ts proves that it says yes only where the schema does.

import { LIST_ITEMS_MAX } from '../../config/limits.ts';
import type { Message } from './messages.ts';
import { isObject } from './json.ts';

// What was found in a message.
const TEXT_ROLE = 1;
const ASSISTANT_ROLE = 2;
const TOOL_ROLE = 4;
const TEXT = 8;
const NO_TEXT = 16;
const CALLS = 32;
const CALL_ID = 64;

const ROLES: ReadonlyMap<string, number> = new Map([
  ['system', TEXT_ROLE],
  ['developer', TEXT_ROLE],
  ['user', TEXT_ROLE],
  ['assistant', ASSISTANT_ROLE],
  ['tool', TOOL_ROLE],
]);

const PLAIN: ReadonlySet<number> = new Set([
  TEXT_ROLE | TEXT,
  ASSISTANT_ROLE | TEXT,
  ASSISTANT_ROLE | NO_TEXT,
  ASSISTANT_ROLE | TEXT | CALLS,
  ASSISTANT_ROLE | NO_TEXT | CALLS,
  TOOL_ROLE | TEXT | CALL_ID,
]);

/** Whether a message is one of text alone, with tool calls or without: nothing else is in it. */
export function isPlainMessage(message: unknown): message is Message {
  if (!isObject(message)) return false;
  let found = 0;
  // Rejected: Object.entries, which makes arrays for every message.
  for (const key in message) {
    const value = message[key];
    if (typeof value === 'string') {
      if (key === 'content') found |= TEXT;
      else if (key === 'role') found |= ROLES.get(value) ?? 0;
      else if (key === 'tool_call_id' && value !== '') found |= CALL_ID;
      else if (key !== 'name') return false;
    } else if (key === 'content' && value === null) found |= NO_TEXT;
    else if (key === 'tool_calls' && isPlainCalls(value)) found |= CALLS;
    else return false;
  }
  return PLAIN.has(found);
}

function isPlainCalls(calls: unknown): boolean {
  return Array.isArray(calls) && calls.length <= LIST_ITEMS_MAX && calls.every(isPlainCall);
}

function isPlainCall(call: unknown): boolean {
  if (!isObject(call) || Object.keys(call).length !== 3) return false;
  const { id, type, function: called } = call;
  if (!isFilled(id) || type !== 'function' || !isObject(called)) return false;
  return (
    isFilled(called['name']) && typeof called['arguments'] === 'string' && Object.keys(called).length === 2
  );
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
