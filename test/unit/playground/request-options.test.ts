import { describe, expect, it } from 'vitest';
import { SCHEMA_EXAMPLE, TOOL_EXAMPLES } from '../../../src/playground/playground/examples.js';
import { optionsProblem, requestOptions } from '../../../src/playground/playground/request-options.js';
import { DEFAULTS } from '../../../src/playground/playground/settings.js';

describe('requestOptions', () => {
  it('has no field for a setting that was not touched', () => {
    expect(requestOptions(DEFAULTS)).toEqual({});
  });

  it('has OpenAI’s name for each setting', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const settings = {
      ...DEFAULTS,
      topP: 0.9,
      maxTokens: 5,
      choices: 2,
      stop: 'END\n\\n\\n',
      output: 'json',
      tools: JSON.stringify(tools),
    } as const;
    expect(requestOptions(settings)).toEqual({
      top_p: 0.9,
      max_tokens: 5,
      n: 2,
      stop: ['END', '\n\n'],
      response_format: { type: 'json_object' },
      tools,
    });
  });

  it('sends a schema under its title', () => {
    const schema = { title: 'My answer', type: 'object' };
    const settings = { ...DEFAULTS, output: 'schema', schema: JSON.stringify(schema) } as const;
    expect(requestOptions(settings)).toEqual({
      response_format: { type: 'json_schema', json_schema: { name: 'My_answer', schema, strict: true } },
    });
  });

  it.each(Object.entries(TOOL_EXAMPLES))('takes the example %s', (_, tools) => {
    const settings = { ...DEFAULTS, tools: JSON.stringify(tools), schema: JSON.stringify(SCHEMA_EXAMPLE) };
    expect(optionsProblem({ ...settings, output: 'schema' })).toBeNull();
    expect(requestOptions(settings)).toEqual({ tools });
  });
});

describe('optionsProblem', () => {
  it('names the setting that holds no JSON, or JSON of another kind', () => {
    expect(optionsProblem(DEFAULTS)).toBeNull();
    expect(optionsProblem({ ...DEFAULTS, tools: '[' })?.setting).toBe('tools');
    expect(optionsProblem({ ...DEFAULTS, tools: '{}' })?.message).toBe('Tools: expected an array.');
    expect(optionsProblem({ ...DEFAULTS, output: 'schema', schema: '[]' })?.message).toBe(
      'JSON schema: expected an object.',
    );
    // A schema that is not sent may be anything.
    expect(optionsProblem({ ...DEFAULTS, schema: '[' })).toBeNull();
  });
});
