// The stream of StepFun's page, byte for byte, through every reasoning format and
// shape. What is expected is written as replacements of text: no parser is involved.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RewriteOptions } from '../../../src/relay/rewriter.ts';
import { CREATED, PLAIN, push } from './rewrite.ts';

const asDocumented = readFileSync(`${import.meta.dirname}/fixtures/stepfun-stream.txt`, 'utf8');

/** The same stream with the first half of its text as reasoning, as step models send it. */
function reasoned(key: string): string {
  return asDocumented
    .split('\n\n')
    .map((event, i) => (i > 0 && i < 12 ? event.replace('"content":', `"${key}":`) : event))
    .join('\n\n');
}

const STREAMS = {
  'without reasoning': { general: asDocumented, 'deepseek-style': asDocumented, hidden: asDocumented },
  'with reasoning': {
    general: reasoned('reasoning'),
    'deepseek-style': reasoned('reasoning_content'),
    hidden: reasoned('reasoning').replaceAll(/,"reasoning":"[^"]*"/g, ''),
  },
} as const;

function mended(stream: string): string {
  const last = stream.lastIndexOf(',"usage":');
  return (stream.slice(0, last).replaceAll(/,"usage":\{[^}]*\}/g, '') + stream.slice(last))
    .replaceAll('"finish_reason":""', '"finish_reason":null')
    .replaceAll(/"role":"",?/g, '')
    .replace('"created":0,', `"created":${CREATED},`);
}

function withLastUsage(stream: string): string {
  const usage = '"usage":{"prompt_tokens":90,"completion_tokens":25,"total_tokens":115}';
  const usageChunk =
    'data: {"id":"d4ca43cd-83a7-4012-9ee7-b8f143eb1f8f","object":"chat.completion.chunk",' +
    `"created":1710146871,"model":"step-3.5-flash","choices":[],${usage}}\n\n`;
  return mended(stream).replace(`,${usage}`, '').replace('data: [DONE]', `${usageChunk}data: [DONE]`);
}

const FORMATS = ['general', 'deepseek-style', 'hidden'] as const;

describe.each(Object.entries(STREAMS))("StepFun's documented stream %s", (_, expected) => {
  const cases = FORMATS.flatMap((reasoning) =>
    (['general', 'deepseek-style'] as const).map((sent) => ({ reasoning, sent })),
  );

  it.each(cases)('stepfun shape, $sent → $reasoning', ({ reasoning, sent }) => {
    const { out, rewriter } = push(expected[sent], { ...PLAIN, reasoning });
    expect(out).toBe(expected[reasoning]);
    expect(rewriter).toMatchObject({ done: true, begun: true, failure: null });
  });

  it.each(cases)('openai shape, $sent → $reasoning', ({ reasoning, sent }) => {
    const { out } = push(expected[sent], { ...PLAIN, shape: 'openai', reasoning });
    expect(out).toBe(mended(expected[reasoning]));
  });

  it.each(cases)('openai shape with include_usage, $sent → $reasoning', ({ reasoning, sent }) => {
    const options: RewriteOptions = { ...PLAIN, shape: 'openai', reasoning, includeUsage: true };
    expect(push(expected[sent], options).out).toBe(withLastUsage(expected[reasoning]));
  });

  it('tells the usage', () => {
    expect(push(expected.general, PLAIN).rewriter.usage).toEqual({
      promptTokens: 90,
      completionTokens: 25,
      totalTokens: 115,
      cachedTokens: 0,
    });
  });
});
