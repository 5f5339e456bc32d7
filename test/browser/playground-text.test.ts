// A model's text in real Chromium: Markdown, code, formulas; and text that wants to be more than text.

import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { USAGE, usePlayground, type Playground } from './playground-page.ts';

const openPlayground = usePlayground();
let playground: Playground;
let page: Page;

beforeEach(async () => {
  playground = await openPlayground();
  ({ page } = playground);
});

const prose = () => page.locator('.prose').last();

/** Streams a text in small pieces. */
async function stream(text: string): Promise<void> {
  const asked = await playground.ask('Write');
  asked.open();
  for (const piece of text.match(/[\s\S]{1,7}/g) ?? []) asked.chunk({ content: piece });
  asked.chunk({}, USAGE, 'stop');
  asked.done();
  await playground.button('Send').waitFor();
}

describe('Markdown', () => {
  it('becomes tables, lists, tasks, quotes and headings', async () => {
    await stream(
      '# One\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n- [x] done\n- [ ] open\n- plain\n\n> quoted\n\n3. three\n   - deep\n',
    );
    expect(await prose().locator('h3').innerText()).toBe('One');
    expect(await prose().locator('td').allInnerTexts()).toEqual(['1', '2']);
    expect(await prose().locator('td').first().getAttribute('class')).toBe('center');
    expect(await prose().getByRole('img', { name: 'Done' }).count()).toBe(1);
    expect(await prose().getByRole('img', { name: 'To do' }).count()).toBe(1);
    expect(await prose().locator('li').first().innerText()).toBe('done');
    expect(await prose().locator('blockquote').innerText()).toBe('quoted');
    expect(await prose().locator('ol').getAttribute('start')).toBe('3');
    expect(await prose().locator('ol ul li').innerText()).toBe('deep');
  });

  it('keeps the nodes of blocks that did not change', async () => {
    const asked = await playground.ask('Write');
    asked.open();
    asked.chunk({ content: 'First paragraph.\n\nSecond one.\n\nThird' });
    await prose().getByText('Third').waitFor();
    const first = await prose().locator('p').first().elementHandle();
    asked.chunk({ content: ' goes on.\n\nFourth.' }, USAGE, 'stop');
    asked.done();
    await prose().getByText('Fourth.').waitFor();
    expect(await first?.evaluate((node) => node.isConnected)).toBe(true);
  });

  it('is plain text where the parser can’t be loaded', async () => {
    await page.route('**/markdown-it.js', (route) => route.abort());
    await stream('Some **bold** text.\n\nMore.');
    expect(await prose().innerText()).toBe('Some **bold** text.\n\nMore.');
  });
});

describe('code', () => {
  const CODE = '```ts\nconst answer: number = 42; // yes\n```\n\nand\n\n```nolanguage\nif x\n```\n';

  it('is coloured when it is complete, and copied as it was written', async () => {
    await stream(CODE);
    await prose().locator('.hljs-keyword', { hasText: 'const' }).waitFor();
    await prose().locator('.hljs-comment', { hasText: '// yes' }).waitFor();
    expect(await prose().locator('code').allInnerTexts()).toEqual([
      'const answer: number = 42; // yes',
      'if x',
    ]);
    await prose().getByRole('button', { name: 'Copy' }).first().click();
    await prose().getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      'const answer: number = 42; // yes',
    );
  });

  it('loads the highlighter with the first code, not before', async () => {
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(request.url().split('/').at(-1) ?? ''));
    await stream('No code.');
    expect(loaded).toContain('markdown-it.js');
    expect(loaded).not.toContain('lowlight.js');
    expect(loaded).not.toContain('katex.js');
    await stream(CODE);
    await prose().locator('.hljs-keyword').waitFor();
    expect(loaded).toContain('lowlight.js');
    expect(loaded).not.toContain('katex.js');
  });

  it('that is too long shows that it scrolls, and nothing becomes wider than the screen', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await stream('```\n' + 'x'.repeat(400) + '\n```');
    const pre = prose().locator('pre');
    const { isScrollable, layers } = await pre.evaluate((node) => ({
      isScrollable: node.scrollWidth > node.clientWidth,
      layers: getComputedStyle(node).backgroundAttachment,
    }));
    expect(isScrollable).toBe(true);
    // Covers that move with the text over shadows that do not.
    expect(layers).toBe('local, local, scroll, scroll');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  });
});

describe('formulas', () => {
  it('are set by KaTeX, in a line and as a block, with MathML for screen readers', async () => {
    await stream('So $a^2$ and \\(b\\), $5 and $10:\n\n$$\\frac{a}{b}$$\n\n\\[\\boxed{42}\\]\n');
    await prose().locator('.katex').nth(3).waitFor();
    expect(await prose().locator('.katex').count()).toBe(4);
    expect(await prose().locator('.katex-display').count()).toBe(2);
    expect(await prose().locator('math').count()).toBe(4);
    expect(await prose().locator('p').first().innerText()).toContain('$5 and $10');
    // The fonts are the page's own, and they are used.
    expect(await page.evaluate(() => document.fonts.check('16px KaTeX_Math'))).toBe(true);
  });

  it('that KaTeX can’t read, or that want more than formulas, stay text', async () => {
    await stream('$\\frac{a$ and $\\href{javascript:alert(1)}{x}$ and $\\htmlStyle{color:red}{y}$ and $c$');
    await prose().locator('.katex').first().waitFor();
    expect(await prose().locator('a').count()).toBe(0);
    expect(await prose().innerText()).toContain('\\frac{a');
  });
});

describe('hostile text', () => {
  const HOSTILE = [
    '<img src=x onerror="window.hacked = 1"> <script>window.hacked = 1</script>',
    '[go](javascript:window.hacked=1) ![i](https://tracker.example/p.png?q=secret)',
    '`</code><script>window.hacked = 1</script>` **<svg onload=window.hacked=1>**',
    '| <b onclick=alert(1)>a</b> | b |\n|-|-|\n| [x](data:text/html,<script>) | c |',
    '```html"onload=x\n</pre><script>window.hacked = 1</script>\n```',
    '```html\n<img src=x onerror="window.hacked = 1">\n```',
    '# <iframe srcdoc="<script>parent.hacked=1</script>">',
    '<a href="javascript:alert(1)">x</a> https://fine.example/a?b=<c>',
    '$\\text{<img src=x onerror=window.hacked=1>}$',
  ].join('\n\n');

  it('never becomes markup, and fetches nothing', async () => {
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(playground.gateway.url)) elsewhere.push(request.url());
    });
    const asked = await playground.ask(HOSTILE);
    asked.open();
    asked.chunk({ reasoning: HOSTILE });
    for (const piece of HOSTILE.match(/[\s\S]{1,7}/g) ?? []) asked.chunk({ content: piece });
    asked.chunk({}, USAGE, 'stop');
    asked.done();
    await playground.button('Send').waitFor();
    await prose().locator('.katex').waitFor();

    const found = await page.locator('#exchanges').evaluate((root) => ({
      dangerous: root.querySelectorAll(
        'script, iframe, .prose img, .prose svg:not(.icon), [onclick], [onerror]',
      ).length,
      links: [...root.querySelectorAll('a')].map((link) => [link.protocol, link.rel, link.target]),
      hacked: Reflect.get(globalThis, 'hacked') as unknown,
    }));
    expect(found.dangerous).toBe(0);
    expect(found.hacked).toBeUndefined();
    expect(found.links).toEqual(found.links.map(() => ['https:', 'noopener noreferrer nofollow', '_blank']));
    expect(found.links.length).toBe(2);
    expect(elsewhere).toEqual([]);
    // All of it can be read.
    expect(await prose().innerText()).toContain('<script>window.hacked = 1</script>');
  });

  it('could not become markup: the browser refuses', async () => {
    const isRefused = await page.evaluate(() => {
      try {
        document.body.innerHTML = '<p>x</p>';
        return false;
      } catch {
        return true;
      }
    });
    expect(isRefused).toBe(true);
    playground.open.consoleErrors.length = 0;
  });
});
