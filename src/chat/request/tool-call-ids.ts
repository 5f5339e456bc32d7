// The pairs of calls and the tool messages that answer them. Some models send calls without an id, and
// clients send them back so: then the answers belong to the calls in their order.

import type { Message, ToolCall } from './messages.ts';

type ToolMessage = Extract<Message, { role: 'tool' }>;

export interface ToolCallIds {
  /** The id to send for a call or an answer that has none. */
  readonly supplied: ReadonlyMap<ToolCall | ToolMessage, string>;
  /** Tool messages that answer no call of an earlier assistant message, as indices. */
  readonly unmatched: readonly number[];
}

/**
 * @param messages - of one request.
 * @returns the ids that are missing: the same ones for the same messages, so that the
 *   canonical form is stable.
 */
export function pairToolCalls(messages: readonly Message[]): ToolCallIds {
  const taken = new Set<string>();
  for (const message of messages) {
    for (const { id } of callsOf(message)) if (id) taken.add(id);
  }
  const supplied = new Map<ToolCall | ToolMessage, string>();
  const unmatched: number[] = [];
  const seen = new Set<string>();
  const open: string[] = [];
  let count = 0;
  for (const [index, message] of messages.entries()) {
    for (const call of callsOf(message)) {
      if (call.id) {
        seen.add(call.id);
        continue;
      }
      let id: string;
      do id = `call_${count++}`;
      while (taken.has(id));
      supplied.set(call, id);
      open.push(id);
    }
    if (message.role !== 'tool') continue;
    const id = message.tool_call_id || open.shift();
    if (id === undefined || (message.tool_call_id && !seen.has(id))) unmatched.push(index);
    else supplied.set(message, id);
  }
  return { supplied, unmatched };
}

function callsOf(message: Message): readonly ToolCall[] {
  return (message.role === 'assistant' && message.tool_calls) || [];
}
