// The files of the pages, their headers and their sizes; in workerd, over the real assets.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveAsset } from '../../src/http/assets.ts';
import { startFakeGateway, type FakeGateway } from '../browser/fake-gateway.ts';

const FILES = join(import.meta.dirname, '../../src/playground/playground');

let plain: FakeGateway;
let withTurnstile: FakeGateway;
/** The page's files, those of libraries/ left out. */
let names: readonly string[];
/** The files that the page loads before a visitor does anything. */
let firstLoad: readonly string[];

beforeAll(async () => {
  [plain, withTurnstile] = await Promise.all([startFakeGateway(), startFakeGateway('0x4AAA"<b>')]);
  names = (await readdir(FILES)).filter((name) => name.includes('.'));
  firstLoad = names.filter((name) => !LATER.has(name));
});
afterAll(async () => {
  await Promise.all([plain.close(), withTurnstile.close()]);
});

/** Loaded when they are first needed. */
const LATER = new Set([
  'attachments.js',
  'code-dialog.js',
  'docs.js',
  'examples.js',
  'export.js',
  'images.js',
  'raw-dialog.js',
  'snippets.js',
  'tab-dialog.css',
  'tab-dialog.js',
  'tool-calls-view.js',
  'turnstile.js',
]);

describe('serveAsset', () => {
  it('lets the page load its own files, and nothing else', async () => {
    const { headers } = await fetch(plain.url);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; connect-src 'self'; script-src 'self'; font-src 'self'; " +
        "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'; trusted-types 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('strict-origin');
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(headers.get('etag')).toBeNull();
  });

  it('allows Turnstile where it is configured', async () => {
    const policy = (await fetch(withTurnstile.url)).headers.get('content-security-policy');
    expect(policy).toBe(
      "default-src 'none'; style-src 'self'; connect-src 'self'; " +
        "script-src 'self' https://challenges.cloudflare.com; font-src 'self'; img-src 'self' data: blob:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; frame-src https://challenges.cloudflare.com",
    );
  });

  it('gives the API reference a policy of its own: no inline script, no other host', async () => {
    const { status, headers } = await fetch(`${withTurnstile.url}/docs`);
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; connect-src 'self'; script-src 'self'; img-src 'self' data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  });

  it('fills the site key into the page, escaped', async () => {
    const page = await (await fetch(withTurnstile.url)).text();
    expect(page).toMatch(/<meta name="turnstile-site-key" content="0x4AAA&quot;<b>"\s*\/?>/);
    expect(await (await fetch(plain.url)).text()).toContain('<meta name="turnstile-site-key" content="" />');
  });

  it('serves each file under its type, and lets the browser ask whether it changed', async () => {
    for (const name of [...names, 'libraries/katex.js', 'libraries/fonts/KaTeX_Main-Regular.woff2']) {
      const file = await fetch(`${plain.url}/playground/${name}`);
      const extension = name.split('.').at(-1) ?? '';
      expect(file.headers.get('content-type')).toContain(TYPES[extension]);
      expect(file.headers.get('content-security-policy')).toContain("default-src 'none'");
      const etag = file.headers.get('etag');
      expect(etag).not.toBeNull();
      const again = await fetch(file.url, { headers: { 'if-none-match': etag ?? '' } });
      expect(again.status).toBe(304);
    }
  });

  it.each([
    '/playground/none.js',
    '/playground/',
    '/playground',
    '/tsconfig.json',
    '/types.ts',
    '/library-types/katex.d.ts',
  ])('has nothing at %s', async (path) => {
    const response = await fetch(`${plain.url}${path}`, { redirect: 'manual' });
    expect(response.status).toBe(404);
  });

  it('answers not_found where the assets were removed from wrangler.toml', async () => {
    const served = serveAsset(new Request('https://gateway.example/'), undefined, null);
    await expect(served).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the page', () => {
  it('preloads each of its modules, and no other', async () => {
    const page = await (await fetch(plain.url)).text();
    const preloaded = [...page.matchAll(/rel="modulepreload" href="\/playground\/([^"]+)"/g)].map(
      ([, name = '']) => name,
    );
    const entries = new Set(['app.js', 'theme.js']);
    const modules = firstLoad.filter((name) => name.endsWith('.js') && !entries.has(name));
    expect(new Set(preloaded)).toEqual(new Set(modules));
  });

  it('takes at most 90 KB for its first load', async () => {
    const paths = ['/', ...firstLoad.map((name) => `/playground/${name}`)];
    expect(await gzippedSize(paths)).toBeLessThanOrEqual(90 * 1024);
  });

  it('takes at most 150 KB for highlighting and formulas, with the fonts of most formulas', async () => {
    const files = ['lowlight.js', 'katex.js', 'katex.css'];
    const fonts = ['Main-Regular', 'Math-Italic'].map((name) => `fonts/KaTeX_${name}.woff2`);
    const paths = [...files, ...fonts].map((name) => `/playground/libraries/${name}`);
    expect(await gzippedSize(paths)).toBeLessThanOrEqual(150 * 1024);
  });

  it('has no place that could turn text into markup', async () => {
    const sources = await Promise.all(
      names.filter((name) => name.endsWith('.js')).map((name) => readFile(join(FILES, name), 'utf8')),
    );
    for (const source of sources) {
      expect(source).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc/);
    }
  });
});

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

async function gzippedSize(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    paths.map(async (path) => gzipSync(await (await fetch(`${plain.url}${path}`)).bytes()).length),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
