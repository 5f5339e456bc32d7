import { describe, expect, it } from 'vitest';
import { UPSTREAM_MESSAGE_CHARS } from '../../../src/config/limits.ts';
import { redact } from '../../../src/upstream/redact.ts';

const REDACTED = '[redacted]';

describe('redact removes', () => {
  it.each([
    ['a bearer token', 'Authorization: Bearer abc.def', `Authorization: ${REDACTED}`],
    ['basic credentials', 'basic dXNlcjpwdw==', REDACTED],
    ['an OpenAI key', 'key sk-proj-abc_123 is bad', `key ${REDACTED} is bad`],
    ['a shortened key', 'Incorrect key: sk-ab***yz.', `Incorrect key: ${REDACTED}`],
    [
      'what is named a key',
      'api_key=abc, token: "xyz" secret=1',
      `api_key=${REDACTED}, token: "${REDACTED}" secret=${REDACTED}`,
    ],
    ['a JWT', 'eyJhbGciOi.eyJzdWIi.x-_y', REDACTED],
    ['an account', 'account ada.l+x@example.com owes', `account ${REDACTED} owes`],
    ['a run of letters and digits', 'id 3aGf9kQ2mZ8xLw7pRt4v here', `id ${REDACTED} here`],
    ['a UUID', 'request d4ca43cd-83a7-4012-9ee7-b8f143eb1f8f', `request ${REDACTED}`],
    ['base64', 'x AbCdEfGhIjKl1/mNoPqRsTuV+w== y', `x ${REDACTED} y`],
    ['a long run of letters', `x ${'abcdefgh'.repeat(5)} y`, `x ${REDACTED} y`],
  ])('%s', (_, given, expected) => {
    expect(redact(given)).toBe(expected);
  });

  it('known secrets, wherever they stand', () => {
    expect(redact('my canary, canary-key and unset', 'canary', undefined, '')).toBe(
      `my ${REDACTED}, ${REDACTED}-key and unset`,
    );
    expect(redact('a.*b', 'a.*')).toBe(`${REDACTED}b`);
  });

  it('characters that control a terminal, a log or the direction of a text', () => {
    expect(redact('\x1b[31ma\r\nb\u0085c\u2028d\u202ee\ud800\0')).toBe('[31ma b c d e\ufffd');
  });
});

it.each([
  'messages[0].content must be a string',
  'model step-3.5-flash-2603 not found',
  'step-1o-turbo-vision-preview does not take reasoning_effort_parameter',
  'see https://platform.stepfun.ai/docs/en/api-reference/chat/completions',
  'max_tokens 12345678 > 65536 (2026-11-03T10:00:00Z)',
  '网关：参数错误，请检查 messages 字段是否正确',
  'internationalization, counterrevolutionaries',
])('redact leaves: %s', (message) => {
  expect(redact(message)).toBe(message);
});

describe('redact shortens', () => {
  it('a long text', () => {
    const shown = redact('no way. '.repeat(100_000));
    expect(shown.length).toBe(UPSTREAM_MESSAGE_CHARS + 1);
    expect(shown.endsWith('…')).toBe(true);
  });

  it('without half a key at the cut', () => {
    for (let before = 1_900; before < 2_010; before++) {
      const shown = redact(
        `${'- '.repeat(before / 2)}${' '.repeat(before % 2)}qwerty1234567890qwerty`,
        'unused',
      );
      expect(shown).not.toContain('qwerty');
    }
    expect(redact(`${'\u0007'.repeat(1_995)} sk-abcdefgh`)).toBe('');
  });

  it('after it has removed known secrets, so that the cut leaves no half of one', () => {
    expect(redact(`${'\u0007'.repeat(1_995)} two words`, 'two words')).toBe('');
    expect(redact(`${'\u0007'.repeat(1_985)} two words`, 'two words')).toBe(REDACTED);
  });
});
