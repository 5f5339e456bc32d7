// The tools of a request, its choice among them, and the form of the answer.

import { describe, expect, it } from 'vitest';
import { chat, failure, fault, invalid, sent, tool } from './support.ts';

describe('tools', () => {
  it.each(['f', 'get_weather', 'A-1', 'x'.repeat(128)])('may be named %s', (name) => {
    expect(sent(chat({ tools: [tool(name)] }))['tools']).toEqual([tool(name)]);
  });
  it.each(['', 'get weather', 'wetter_für', 'a.b', 'x'.repeat(129), 5, null])(
    'may not be named %s',
    (name) => {
      const tools = [tool('f'), { type: 'function', function: { name } }];
      expect(fault(chat({ tools }))).toEqual(invalid('tools[1].function.name'));
    },
  );
  it('are functions, or tools of StepFun, which are sent as they are', () => {
    const search = { type: 'web_search', function: { description: 'Looks it up.' }, more: [1] };
    const retrieval = { type: 'retrieval', function: { options: { vector_store_id: '1' } } };
    expect(sent(chat({ tools: [search, retrieval] }))['tools']).toEqual([search, retrieval]);
    expect(fault(chat({ tools: [{ type: 'code_interpreter' }] }))).toEqual(invalid('tools[0].type'));
    expect(fault(chat({ tools: ['f'] }))).toEqual(invalid('tools[0]'));
    expect(fault(chat({ tools: tool('f') }))).toEqual(invalid('tools'));
    expect(fault(chat({ tools: [{ type: 'function' }] }))).toEqual(invalid('tools[0].function'));
  });
  it('of type custom are refused by name', () => {
    const { param, message } = failure(
      chat({ tools: [tool('f'), { type: 'custom', custom: { name: 'g' } }] }),
    );
    expect(param).toBe('tools[1].type');
    expect(message).toContain('StepFun takes no custom tools');
  });
});

describe('tool_choice', () => {
  const choose = (name: unknown) => ({ type: 'function', function: { name } });

  it.each(['none', 'auto', 'required', choose('f')])('may be %j', (tool_choice) => {
    expect(sent(chat({ tools: [tool('f')], tool_choice }))['tool_choice']).toEqual(tool_choice);
  });
  it.each<[choice: unknown, param: string, expected: string]>([
    ['any', 'tool_choice', 'expected none, auto, required or {"type":"function","function":{"name":…}}'],
    [{ type: 'tool', function: { name: 'f' } }, 'tool_choice.type', 'expected function'],
    [{ type: 'function' }, 'tool_choice.function', 'expected an object'],
    [choose('a.b'), 'tool_choice.function.name', 'expected 1 to 128 of A-Z, a-z, 0-9, _ and -'],
    [choose(5), 'tool_choice.function.name', 'expected a string'],
  ])('may not be %j', (tool_choice, param, expected) => {
    const failed = failure(chat({ tools: [tool('f')], tool_choice }));
    expect(failed).toEqual({ code: 'invalid_value', param, message: `${param}: ${expected}` });
  });
});

describe('response_format', () => {
  it.each([
    [{ type: 'text' }],
    [{ type: 'json_object' }],
    [{ type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' }, strict: true } }],
    [{ type: 'json_schema', json_schema: { name: 'answer', description: 'An answer.' } }],
  ])('may be %j', (response_format) => {
    expect(sent(chat({ response_format }))['response_format']).toEqual(response_format);
  });
  it.each([
    ['json', 'response_format'],
    [{}, 'response_format.type'],
    [{ type: 'xml' }, 'response_format.type'],
    [{ type: 'json_schema' }, 'response_format.json_schema'],
    [{ type: 'json_schema', json_schema: {} }, 'response_format.json_schema.name'],
    [{ type: 'json_schema', json_schema: { name: 'an answer' } }, 'response_format.json_schema.name'],
    [{ type: 'json_schema', json_schema: { name: 'a', schema: [] } }, 'response_format.json_schema.schema'],
  ])('may not be %j', (response_format, param) => {
    expect(fault(chat({ response_format }))).toEqual(invalid(param));
  });
});
