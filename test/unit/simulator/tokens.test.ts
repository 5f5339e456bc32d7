import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { countTokens, tokensOf } from '../../simulator/tokens.ts';

test("tokens are cut as in the stream on StepFun's page", () => {
  expect(tokensOf('StepFun AI, intelligent and')).toEqual(['StepFun', ' AI', ',', ' intelligent', ' and']);
  expect(tokensOf('阶跃星辰 17 × 2345')).toEqual(['阶跃', '星辰', ' 17', ' ×', ' 234', '5']);
});

test('joined tokens are the text, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(tokensOf(text).join('')).toBe(text);
      expect(tokensOf(text)).not.toContain('');
    }),
    { numRuns: 2_000 },
  );
});

test('a lone surrogate is kept', () => {
  expect(tokensOf('a\ud800b').join('')).toBe('a\ud800b');
});

test('a very long text is estimated, not cut up', () => {
  expect(countTokens('x'.repeat(4_000_000))).toBe(1_000_000);
});
