import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { countTokens, tokensOf } from '../../simulator/tokens.ts';

it("splits a text like the stream on StepFun's page", () => {
  expect(tokensOf('StepFun AI, intelligent and')).toEqual(['StepFun', ' AI', ',', ' intelligent', ' and']);
  expect(tokensOf('阶跃星辰 17 × 2345')).toEqual(['阶跃', '星辰', ' 17', ' ×', ' 234', '5']);
});

it('gives tokens that are the text when joined', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(tokensOf(text).join('')).toBe(text);
      expect(tokensOf(text)).not.toContain('');
    }),
    { numRuns: 2_000 },
  );
});

it('keeps a lone surrogate', () => {
  expect(tokensOf('a\ud800b').join('')).toBe('a\ud800b');
});

it('estimates the tokens of a very long text', () => {
  expect(countTokens('x'.repeat(4_000_000))).toBe(1_000_000);
});
