// README.zh-CN.md has the same structure, commands and links as README.md. Different are the
// words, the question that the examples ask, and StepFun's platform: the Chinese one.

import { describe, expect, it } from 'vitest';
import { blocksOf, read, tableRows, TRANSLATION } from './pages.ts';

const ENGLISH = read('README.md');
const CHINESE = read(TRANSLATION);

/** The words of an example that are translated. */
const WORDS: readonly (readonly [chinese: string, english: string])[] = [
  ['天空为什么是蓝色的？', 'Why is the sky blue?'],
];

/** @returns an example without comments, on the platform and with the words of README.md. */
function normalize(code: string): string {
  let text = code.replaceAll(/^ *#.*\n| +(?:#|\/\/) .*/gm, '');
  text = text.replaceAll('api.stepfun.com', 'api.stepfun.ai');
  for (const [chinese, english] of WORDS) text = text.replaceAll(chinese, english);
  return text;
}

function levels(text: string): number[] {
  const withoutCode = text.replaceAll(/^```.*?^```$/gms, '');
  return Array.from(withoutCode.matchAll(/^(#+) /gm), ([, marks = '']) => marks.length);
}

/** Links lead to the same pages; the anchor of a heading is in the page's language. */
function links(text: string): string[] {
  return Array.from(text.matchAll(/\]\(([^)]+)\)/g), ([, target = '']) =>
    target.replace('platform.stepfun.com', 'platform.stepfun.ai').replace(/^#.*/, '#'),
  )
    .filter((target) => target !== TRANSLATION && target !== 'README.md')
    .toSorted();
}

describe('README.zh-CN.md', () => {
  it('has the headings of README.md', () => {
    expect(levels(CHINESE)).toEqual(levels(ENGLISH));
    expect(levels(ENGLISH).length).toBeGreaterThan(5);
  });

  it('has the commands and examples of README.md', () => {
    const examples = (page: string) =>
      blocksOf(page).map(({ language, text }) => ({ language, text: normalize(text) }));
    expect(examples(TRANSLATION)).toEqual(examples('README.md'));
    expect(examples('README.md').length).toBeGreaterThan(6);
  });

  it('has the links of README.md', () => {
    expect(links(CHINESE)).toEqual(links(ENGLISH));
  });

  it('has tables of the same size, with the same settings', () => {
    const size = (text: string) => tableRows(text).map((cells) => cells.length);
    expect(size(CHINESE)).toEqual(size(ENGLISH));
    const settings = (text: string) => text.match(/`[A-Z][A-Z_]+(?:=\w+)?`/g)?.toSorted();
    expect(settings(CHINESE)).toEqual(settings(ENGLISH));
  });

  it('uses the Chinese platform in its examples', () => {
    const settings = blocksOf(TRANSLATION).find(({ language }) => language === 'ini');
    expect(settings?.text).toMatch(/^STEPFUN_BASE_URL=https:\/\/api\.stepfun\.com\/v1$/m);
  });
});
