// Calls and answers without ids.

import { describe, expect, it } from 'vitest';
import { calling, canonical, fault, type Json, sent, withMessages } from './support.ts';

const call = (name: string, id?: unknown): Json => ({
  id,
  type: 'function',
  function: { name, arguments: '{}' },
});
const caller = (...calls: Json[]): Json => ({ role: 'assistant', content: null, tool_calls: calls });
const answer = (content: string, id?: unknown): Json => ({ role: 'tool', content, tool_call_id: id });

/** @returns for each call its name and id, for each answer its content and id. */
function ids(...messages: Json[]): unknown[] {
  const written = sent(withMessages(...messages))['messages'] as Json[];
  return written.flatMap((message) =>
    message['role'] === 'tool'
      ? [[message['content'], message['tool_call_id']]]
      : ((message['tool_calls'] ?? []) as { id: string; function: Json }[]).map((one) => [
          one.function['name'],
          one.id,
        ]),
  );
}

describe('calls without an id', () => {
  it.each([undefined, null, ''])('get one, which their answers share: id %j', (none) => {
    expect(ids(caller(call('f', none), call('g', none)), answer('1', none), answer('2', none))).toEqual([
      ['f', 'call_0'],
      ['g', 'call_1'],
      ['1', 'call_0'],
      ['2', 'call_1'],
    ]);
  });
  it('get one that no other call has', () => {
    expect(ids(caller(call('f', 'call_0'), call('g')), answer('1', 'call_0'), answer('2'))).toEqual([
      ['f', 'call_0'],
      ['g', 'call_1'],
      ['1', 'call_0'],
      ['2', 'call_1'],
    ]);
  });
  it('are answered in their order, over several turns', () => {
    expect(ids(caller(call('f')), answer('1'), caller(call('g')), answer('2'))).toEqual([
      ['f', 'call_0'],
      ['1', 'call_0'],
      ['g', 'call_1'],
      ['2', 'call_1'],
    ]);
  });
  it('get the same id each time: the canonical form is stable', () => {
    const body = withMessages(caller(call('f')), answer('1'));
    expect(canonical(body)).toBe(canonical(body));
  });
});

describe('answers without a call', () => {
  const at = (index: number) => ['invalid_value', `messages[${index}].tool_call_id`];

  it('are refused', () => {
    expect(fault(withMessages(answer('1')))).toEqual(at(0));
    expect(fault(withMessages(caller(call('f')), answer('1'), answer('2')))).toEqual(at(2));
    expect(fault(withMessages(calling('1'), answer('1')))).toEqual(at(1));
    expect(fault(withMessages(caller(call('f')), answer('1', 'unknown')))).toEqual(at(1));
    expect(fault(withMessages(answer('1', '1'), calling('1')))).toEqual(at(0));
  });
});
