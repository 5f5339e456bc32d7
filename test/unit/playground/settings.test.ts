import { describe, expect, it } from 'vitest';
import { DEFAULTS, parseSettings } from '../../../src/playground/playground/settings.js';

describe('parseSettings', () => {
  it('has the default for each field that is missing or wrong', () => {
    const stored = {
      model: 3,
      format: 'other',
      temperature: 9,
      maxTokens: -1,
      stream: 'x',
      system: null,
      topP: 2,
      choices: 99,
      output: 'xml',
      stop: 1,
      tools: [],
      schema: {},
      compareWith: 0,
    };
    for (const value of [undefined, null, 'x', 1, [], {}, stored]) {
      expect(parseSettings(value)).toEqual(DEFAULTS);
    }
  });

  it('reads what was saved', () => {
    const settings = {
      model: 'm',
      compareWith: 'n',
      effort: 'low',
      format: 'hidden',
      temperature: 0,
      topP: 0.5,
      maxTokens: 7,
      choices: 2,
      stop: 'a\nb',
      output: 'schema',
      schema: '{}',
      tools: '[]',
      stream: false,
      system: 's',
    } as const;
    expect(parseSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  });

  it('reads the strings of a form', () => {
    const form = { temperature: '1.2', topP: '', maxTokens: '64', choices: '3' };
    expect(parseSettings(form)).toMatchObject({ temperature: 1.2, topP: null, maxTokens: 64, choices: 3 });
  });
});
