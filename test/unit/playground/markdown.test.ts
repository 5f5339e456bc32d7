import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInline } from '../../../src/playground/playground/inline.js';
import { parseMarkdown } from '../../../src/playground/playground/markdown.js';

type Inline = ReturnType<typeof parseInline>[number];
type Block = ReturnType<typeof parseMarkdown>[number]['block'];

describe('parseInline', () => {
  it.each([
    ['plain', 'plain'],
    ['**bold** and *thin*', '<strong>bold</strong> and <em>thin</em>'],
    ['***both***', '<em><strong>both</strong></em>'],
    ['**a *b* c**', '<strong>a <em>b</em> c</strong>'],
    ['__bold__ _thin_ ~~gone~~', '<strong>bold</strong> <em>thin</em> <del>gone</del>'],
    ['snake_case_name, 2 * 3 * 4, a ~ b', 'snake_case_name, 2 * 3 * 4, a ~ b'],
    ['**not closed', '**not closed'],
    ['*a **b*', '*a *<em>b</em>'],
    ['`a*b*` and ``a`b`` and `open', '<code>a*b*</code> and <code>a`b</code> and `open'],
    ['`` ` ``', '<code>`</code>'],
    [String.raw`\*not\* \_this\_ \(x\)`, String.raw`*not* _this_ \(x\)`],
    ['[text](https://a.example/b_(c)_d)', '<a https://a.example/b_(c)_d>text</a>'],
    ['[**b**](https://a.example "t")', '<a https://a.example/><strong>b</strong></a>'],
    ['![alt](https://a.example/i.png)', '<a https://a.example/i.png>alt</a>'],
    ['see https://a.example/x. Yes', 'see <a https://a.example/x>https://a.example/x</a>. Yes'],
    ['(https://a.example/x)', '(<a https://a.example/x>https://a.example/x</a>)'],
    ['<https://a.example>', '<a https://a.example/>https://a.example</a>'],
    ['[m](mailto:a@b.example)', '<a mailto:a@b.example>m</a>'],
    ['[x](javascript:alert(1))', '[x](javascript:alert(1))'],
    ['[x](JaVaScRiPt:alert)', '[x](JaVaScRiPt:alert)'],
    ['[x](data:text/html,hi)', '[x](data:text/html,hi)'],
    ['[x](//evil.example)', '[x](//evil.example)'],
    ['[x](https://)', '[x](https://)'],
    ['the array[0](x) of it', 'the array[0](x) of it'],
    ['[](https://a.example)', '<a https://a.example/>https://a.example</a>'],
    ['[https://b.example](https://a.example)', '<a https://a.example/>https://b.example</a>'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    ['a [b c', 'a [b c'],
  ])('reads %s', (text, expected) => {
    expect(show(parseInline(text))).toBe(expected);
  });
});

describe('parseMarkdown', () => {
  it.each<[string, string, unknown]>([
    ['paragraphs', 'a\nb\n\nc', ['p:a\nb', 'p:c']],
    ['headings', '# One\n### Three ##\n#no', ['h1:One', 'h3:Three', 'p:#no']],
    ['rules', 'a\n\n---\n***', ['p:a', 'hr', 'hr']],
    ['code', '```js\nconst a = 1;\n\n# no\n```\nafter', ['code js:const a = 1;\n\n# no', 'p:after']],
    ['code that is not closed yet', '~~~\na\nb', ['code :a\nb']],
    ['longer fences around shorter', '````\n```\n````', ['code :```']],
    ['ticks in one line', '```a``` b', ['p:<code>a</code> b']],
    ['quotes', '> a\n> > b', [['quote', 'p:a', ['quote', 'p:b']]]],
    ['lists', '- a\n- b\n  c\n\n- d', [['ul', ['p:a'], ['p:b\nc'], ['p:d']]]],
    ['nested lists', '1. a\n   - b\n   - c\n2. d', [['ol1', ['p:a', ['ul', ['p:b'], ['p:c']]], ['p:d']]]],
    ['numbers that go on', '3) a\n4) b', [['ol3', ['p:a'], ['p:b']]]],
    ['code in a list', '- a\n  ```\n  x\n  ```\n- b', [['ul', ['p:a', 'code :x'], ['p:b']]]],
    ['a paragraph after a list', '- a\n\nb', [['ul', ['p:a']], 'p:b']],
    [
      'two kinds of list',
      '- a\n1. b',
      [
        ['ul', ['p:a']],
        ['ol1', ['p:b']],
      ],
    ],
    [
      'tables',
      '| a | b |\n|:--|--:|\n| 1 | x\\|y |\n\nz',
      [['table left right', 'a', 'b', '1', 'x|y'], 'p:z'],
    ],
    ['a lone bar', 'a | b', ['p:a | b']],
    ['HTML as text', '<script>alert(1)</script>', ['p:<script>alert(1)</script>']],
  ])('reads %s', (_, text, expected) => {
    expect(parseMarkdown(text).map(({ block }) => sketch(block))).toEqual(expected);
  });

  it('loses no word, whatever the text', () => {
    const words = ['wörd', 'x', 'https://a.example'];
    const marks = [
      '*',
      '_',
      '`',
      '[',
      ')',
      '>',
      '|',
      '\\',
      '\n',
      '**',
      '```',
      '~~',
      '](',
      '- ',
      '1. ',
      '# ',
      '\n\n',
      '    ',
    ];
    const piece = fc.constantFrom(...marks, ...words);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join('');
        const written = text.match(/wörd/g)?.length ?? 0;
        const found =
          JSON.stringify(parseMarkdown(text).map(({ block }) => block)).match(/wörd/g)?.length ?? 0;
        // An address in a link stands there twice, a language beside its code.
        expect(found).toBeGreaterThanOrEqual(written - languages(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('names each block by its lines, so that a view can tell which ones changed', () => {
    const before = parseMarkdown('# a\n\nb\n\n```\nc');
    const after = parseMarkdown('# a\n\nb\n\n```\nc\nd');
    expect(after.map(({ source }, at) => source === before[at]?.source)).toEqual([true, true, false]);
  });

  // Each of these once took (or would take) quadratic time with a plain regular expression.
  it.each([
    ['dots in an address', `https://a.example/${'.'.repeat(200_000)}x`],
    ['closing brackets', `https://a.example/${')'.repeat(200_000)}`],
    ['stars', '*a '.repeat(60_000)],
    ['stars, closing nothing', ' a*'.repeat(60_000)],
    ['mixed marks', '*a _b ~~c '.repeat(30_000)],
    ['brackets', '['.repeat(200_000)],
    ['half links', '[a]('.repeat(60_000)],
    ['spaces in a link', `[a](${' '.repeat(200_000)}x`],
    ['backticks', '`a``b'.repeat(40_000)],
    ['a line of backticks', '`'.repeat(200_000)],
    ['quotes in quotes', `${'> '.repeat(50_000)}a`],
    ['lists in lists', `${'- '.repeat(50_000)}a`],
    ['spaces', `# ${' '.repeat(200_000)}#`],
    ['a broken rule', `${'- '.repeat(100_000)}x`],
    ['a broken table', `a|b\n|${'-|'.repeat(100_000)}x`],
  ])('takes linear time for %s', (_, text) => {
    const start = performance.now();
    parseMarkdown(text);
    // Linear is some 50 ms here; quadratic is minutes.
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

function show(children: readonly Inline[]): string {
  return children
    .map((child) => {
      if (child.type === 'text') return child.text;
      if (child.type === 'code') return `<code>${child.text}</code>`;
      if (child.type === 'link') return `<a ${child.href}>${show(child.children)}</a>`;
      return `<${child.type}>${show(child.children)}</${child.type}>`;
    })
    .join('');
}

function sketch(block: Block): unknown {
  switch (block.type) {
    case 'paragraph':
      return `p:${show(block.children)}`;
    case 'heading':
      return `h${block.level}:${show(block.children)}`;
    case 'code':
      return `code ${block.language}:${block.text}`;
    case 'rule':
      return 'hr';
    case 'quote':
      return ['quote', ...block.blocks.map(sketch)];
    case 'list':
      return [block.ordered ? `ol${block.start}` : 'ul', ...block.items.map((item) => item.map(sketch))];
    case 'table':
      return [`table ${block.align.join(' ')}`, ...[block.head, ...block.rows].flat().map(show)];
    default:
      throw new Error('unknown block');
  }
}

/** How many words may stand where a fence names its language: there the rest of the line is dropped. */
function languages(text: string): number {
  return (text.match(/(?:```|~~~).*/g) ?? []).join('').match(/wörd/g)?.length ?? 0;
}
