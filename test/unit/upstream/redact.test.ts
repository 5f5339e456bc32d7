import { describe, expect, it } from 'vitest';
import { UPSTREAM_MESSAGE_CHARS } from '../../../src/config/limits.ts';
import { redact } from '../../../src/upstream/redact.ts';

const GONE = '[redacted]';

describe('redact takes out', () => {
  it.each([
    ['a bearer token', 'Authorization: Bearer abc.def', `Authorization: ${GONE}`],
    ['basic credentials', 'basic dXNlcjpwdw==', GONE],
    ['an OpenAI key', 'key sk-proj-abc_123 is bad', `key ${GONE} is bad`],
    ['a key cut short', 'Incorrect key: sk-ab***yz.', `Incorrect key: ${GONE}`],
    [
      'what is named a key',
      'api_key=abc, token: "xyz" secret=1',
      `api_key=${GONE}, token: "${GONE}" secret=${GONE}`,
    ],
    ['a JWT', 'eyJhbGciOi.eyJzdWIi.x-_y', GONE],
    ['an account', 'account ada.l+x@example.com owes', `account ${GONE} owes`],
    ['letters and digits', 'id 3aGf9kQ2mZ8xLw7pRt4v here', `id ${GONE} here`],
    ['a UUID', 'request d4ca43cd-83a7-4012-9ee7-b8f143eb1f8f', `request ${GONE}`],
    ['base64', 'x AbCdEfGhIjKl1/mNoPqRsTuV+w== y', `x ${GONE} y`],
    ['letters without end', `x ${'abcdefgh'.repeat(5)} y`, `x ${GONE} y`],
  ])('%s', (_, given, expected) => {
    expect(redact(given)).toBe(expected);
  });

  it('what it is told, wherever it stands', () => {
    expect(redact('my canary, canary-key and unset', 'canary', undefined, '')).toBe(
      `my ${GONE}, ${GONE}-key and unset`,
    );
    expect(redact('a.*b', 'a.*')).toBe(`${GONE}b`);
  });

  it('what a terminal, a log or a reader could stumble over', () => {
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

describe('redact caps', () => {
  it('what is long', () => {
    const shown = redact('no way. '.repeat(100_000));
    expect(shown.length).toBe(UPSTREAM_MESSAGE_CHARS + 1);
    expect(shown.endsWith('…')).toBe(true);
  });

  it('without leaving half a key at the cut', () => {
    for (let before = 1_900; before < 2_010; before++) {
      const shown = redact(
        `${'- '.repeat(before / 2)}${' '.repeat(before % 2)}qwerty1234567890qwerty`,
        'unused',
      );
      expect(shown).not.toContain('qwerty');
    }
    expect(redact(`${'\u0007'.repeat(1_995)} sk-abcdefgh`)).toBe('');
  });

  it('after what it is told is out, so that the cut leaves no half of it', () => {
    expect(redact(`${'\u0007'.repeat(1_995)} two words`, 'two words')).toBe('');
    expect(redact(`${'\u0007'.repeat(1_985)} two words`, 'two words')).toBe(GONE);
  });
});
