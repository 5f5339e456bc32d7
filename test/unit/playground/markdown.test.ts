// Reading Markdown: which tokens a text becomes, piece by piece as well as at once, in linear time.

import * as fc from 'fast-check';
import MarkdownIt from 'markdown-it';
import { beforeEach, describe, expect, it } from 'vitest';
import { createParser, MarkdownReader } from '../../../src/playground/playground/markdown.js';
import type { Block } from '../../../src/playground/types.ts';

const parser = createParser(MarkdownIt);
let reader: MarkdownReader;

beforeEach(() => {
  reader = new MarkdownReader(parser);
});

const outline = (text: string) => new MarkdownReader(parser).read(text).map(sketch);

describe('MarkdownReader', () => {
  it.each<[string, string, string[]]>([
    ['paragraphs', 'a\nb\n\nc', ['p a\\nb', 'p c']],
    ['headings', '# One\n### Three ##\n#no', ['h1 One', 'h3 Three', 'p #no']],
    ['emphasis', '***both*** ~~gone~~ snake_case', ['p(em(strong both))(s gone) snake_case']],
    ['code', '```js\nconst a = 1;\n```\nafter', ['fence js:const a = 1;\\n', 'p after']],
    ['code that is not closed yet', '~~~\na\nb', ['fence :a\\nb']],
    ['lists', '- a\n- b\n\n1. c', ['ul(li a)(li b)', 'ol(li c)']],
    ['tables', '| a | b |\n|:-:|--:|\n| 1 | 2 |', ['table(thead(tr(th a)(th b)))(tbody(tr(td 1)(td 2)))']],
    ['HTML as text', '<b>a</b> <script>x</script>', ['p <b>a</b> <script>x</script>']],
    ['links', '[a](https://a.example) [b](javascript:x)', ['p(a https://a.example:a) [b](javascript:x)']],
    ['bare addresses', 'see https://a.example/x.', ['p see(a https://a.example/x:https://a.example/x).']],
    ['file names as text', 'main.py and README.md', ['p main.py and README.md']],
    ['images as their address', '![i](https://a.example/i.png)', ['p image https://a.example/i.png:i']],
  ])('reads %s', (_, text, expected) => {
    expect(outline(text)).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    ['dollars in a line', 'so $a^2$ holds', ['p so math_inline:a^2 holds']],
    ['parentheses in a line', String.raw`so \(a\) holds`, ['p so math_inline:a holds']],
    ['a block of dollars', 'so\n\n$$\na\n$$\n\nholds', ['p so', 'math_block :a', 'p holds']],
    ['a block in one line', '$$a$$', ['math_block :a']],
    ['a block of brackets', '\\[\na\n\\]', ['math_block :a']],
    ['a block right below text', 'so\n\\[\na\n\\]\nholds', ['p so', 'math_block :a', 'p holds']],
    ['a display formula in a line', 'so $$a$$ holds', ['p so math_display:a holds']],
    ['a block without its end', '$$\na', ['math_block open:a']],
    ['prices as text', 'from $5 to $10 and $ 3', ['p from $5 to $10 and $ 3']],
    ['a price before a formula', 'pay $5, solve $x$', ['p pay $5, solve math_inline:x']],
    ['code before formulas', '`$a$`', ['p code_inline:$a$']],
    ['an escaped dollar as text', String.raw`\$a$ b`, ['p $a$ b']],
    ['underscores in a formula', '$a_1 + b_1$', ['p math_inline:a_1 + b_1']],
    ['a formula in a list', '- $a$', ['ul(li math_inline:a)']],
  ])('reads formulas: %s', (_, text, expected) => {
    expect(outline(text)).toEqual(expected);
  });

  const PIECES = [
    'word',
    ' ',
    '\n',
    '\n\n',
    '\r\n',
    '# ',
    '- ',
    '1. ',
    '> ',
    '    ',
    '```',
    '~~~\n',
    '---\n',
    '| a |',
    '\n|-|\n',
    '$',
    '$$',
    '$$\n',
    '\\[',
    '\\]',
    '**',
    '`',
    '[',
    '](https://a.example)',
    '[x]: https://a.example\n',
    '\t',
  ];

  it('reads a text that grows as it reads the whole text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }), (pieces) => {
        const growing = new MarkdownReader(parser);
        let text = '';
        let blocks: readonly Block[] = [];
        for (const piece of pieces) {
          text += piece;
          blocks = growing.read(text);
        }
        // A link that is defined after its use stays text: the block before is not read again.
        fc.pre(!text.includes(']: '));
        expect(blocks.map(sketch)).toEqual(outline(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads only the last block again', () => {
    const before = reader.read('# a\n\nb\n\n```\nc\n');
    const after = reader.read('# a\n\nb\n\n```\nc\nd');
    expect(after.map((block, at) => block === before[at])).toEqual([true, true, false]);
    expect(after.map(({ source }) => source)).toEqual(['# a', 'b', '```\nc\nd']);
  });

  it('begins again with a text that is another one', () => {
    reader.read('# a\n\nb');
    expect(reader.read('c').map(sketch)).toEqual(['p c']);
  });

  // No bound in milliseconds: sixteen times the text costs sixteen times as much, or 256 times where it is quadratic.
  const HOSTILE: [string, (size: number) => string][] = [
    ['broken addresses', (size) => 'http://%/'.repeat(size / 9)],
    ['dots in an address', (size) => `https://a.example/${'.'.repeat(size)}x`],
    ['closing brackets', (size) => `https://a.example/${')'.repeat(size)}`],
    ['stars', (size) => '*a '.repeat(size / 3)],
    ['stars that close nothing', (size) => ' a*'.repeat(size / 3)],
    ['mixed marks', (size) => '*a _b ~~c '.repeat(size / 10)],
    ['brackets', (size) => '['.repeat(size)],
    ['half links', (size) => '[a]('.repeat(size / 4)],
    ['spaces in a link', (size) => `[a](${' '.repeat(size)}x`],
    ['backticks', (size) => '`a``b'.repeat(size / 5)],
    ['quotes in quotes', (size) => `${'> '.repeat(size / 2)}a`],
    ['lists in lists', (size) => `${'- '.repeat(size / 2)}a`],
    ['a broken rule', (size) => `${'- '.repeat(size / 2)}x`],
    ['a broken table', (size) => `a|b\n|${'-|'.repeat(size / 2)}x`],
    ['dollars', (size) => '$a '.repeat(size / 3)],
    ['dollars that open blocks', (size) => '$$\n'.repeat(size / 3)],
    ['opening parentheses of formulas', (size) => String.raw`\(a `.repeat(size / 4)],
    ['opening brackets of formulas', (size) => 'x \\[a '.repeat(size / 6)],
    ['opening brackets of blocks', (size) => '\\[ a\n\n'.repeat(size / 6)],
  ];

  it.each(HOSTILE)('takes linear time for %s', (_, make) => {
    const cost = (size: number) => {
      const text = make(size);
      const runs = [1, 2, 3].map(() => {
        const start = process.cpuUsage().user;
        new MarkdownReader(parser).read(text);
        return process.cpuUsage().user - start;
      });
      return Math.min(...runs);
    };
    cost(10_000);
    // Below 2 ms, the clock and the collector are what is measured.
    expect(cost(160_000)).toBeLessThan(80 * Math.max(2000, cost(10_000)));
  });

  it('takes linear time for a stream of paragraphs: each character is read a bounded number of times', () => {
    let readChars = 0;
    const counting = Object.create(parser, {
      parse: {
        value: (text: string, environment: Record<string, unknown>) => {
          readChars += text.length;
          return parser.parse(text, environment);
        },
      },
    }) as typeof parser;
    const growing = new MarkdownReader(counting);
    const paragraph = `${'http://%/'.repeat(10)}\n\n`;
    let text = '';
    for (let at = 0; at < 400; at += 1) growing.read((text += paragraph));
    expect(readChars).toBeLessThan(4 * text.length);
  });
});

/** A block in one line: the tags with their texts. */
function sketch({ tokens }: Block): string {
  let text = '';
  for (const token of tokens) {
    if (token.hidden) continue;
    const isOutermost = token.level === 0;
    if (token.nesting === 1) text += `${isOutermost ? '' : '('}${token.tag} `;
    else if (token.nesting === -1) text = text.trimEnd() + (isOutermost ? '' : ')');
    else if (token.type === 'inline') text += sketchInline(token.children ?? []);
    else if (token.type === 'hr') text += 'hr';
    else text += `${token.type} ${token.info}:${token.content}`;
  }
  return text.replaceAll(' (', '(').replaceAll('\n', '\\n');
}

function sketchInline(tokens: Block['tokens']): string {
  return tokens
    .map((token) => {
      if (token.type === 'text' || token.type === 'text_special') return token.content;
      if (token.type === 'softbreak' || token.type === 'hardbreak') return '\n';
      if (token.type === 'link_open') return `(a ${String(token.attrGet('href'))}:`;
      if (token.type === 'image') return `image ${String(token.attrGet('src'))}:${token.content}`;
      if (token.nesting === 1) return `(${token.tag} `;
      if (token.nesting === -1) return ')';
      return `${token.type}:${token.content}`;
    })
    .join('');
}
