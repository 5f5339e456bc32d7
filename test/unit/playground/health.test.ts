import { describe, expect, it } from 'vitest';
import { parseHealth, setupProblems } from '../../../src/playground/playground/health.js';

const OK = { status: 'ok', version: '1', configuration: 'valid', access: 'configured' };

const problems = (answer: unknown) => {
  const health = parseHealth(answer);
  return health === null ? 'no health' : (setupProblems(health)?.problems ?? []).join('\n');
};

describe('setupProblems', () => {
  it('has none for a gateway that serves, nor for an answer that is no health document', () => {
    expect(problems(OK)).toBe('');
    for (const answer of [undefined, null, 'ok', {}, []]) expect(problems(answer)).toBe('no health');
  });

  it('names each way in where there is none', () => {
    const text = problems({ ...OK, status: 'not_serving', access: 'not_configured' });
    for (const name of ['CLIENT_KEYS', 'Turnstile', 'JWT_ISSUER', 'ANONYMOUS_ACCESS'])
      expect(text).toContain(name);
  });

  it('names the settings that are missing, with the command', () => {
    const text = problems({
      ...OK,
      status: 'not_serving',
      configuration: 'invalid',
      access: 'unknown',
      missing: [
        { setting: 'STEP_API_KEY', expected: 'set' },
        { setting: 'SOMETHING_NEW', expected: 'set' },
      ],
    });
    expect(text).toContain('npx wrangler secret put STEP_API_KEY');
    expect(text).toContain('`SOMETHING_NEW` is not set');
    // The missing settings are enough to read at first.
    expect(text).not.toContain('npx wrangler tail');
  });

  it('shows wrong settings where the gateway names them, else the way to the log', () => {
    const wrong = { ...OK, status: 'not_serving', configuration: 'invalid', access: 'unknown' };
    expect(problems({ ...wrong, wrong: [{ setting: 'MAX_CHOICES', expected: '1 to 5' }] })).toContain(
      'MAX_CHOICES: expected 1 to 5',
    );
    expect(problems(wrong)).toContain('npx wrangler tail');
  });
});
