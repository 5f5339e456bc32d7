// The set-up that all tests in this folder share: Chromium, its pages, and servers.
//
//   const chromium = useChromium();
//   const gateway = useServer(startFakeGateway);
//   … and in a test: const { page } = await chromium.openPage(gateway().url);

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { launchChromium } from './chromium.ts';

/** Shorter than the time limit of a test: the failure then names the element that did not appear. */
const WAIT_LIMIT_MS = 8_000;

const VIEWPORT = { width: 1280, height: 720 };

export interface OpenPage {
  readonly page: Page;
  /**
   * Errors and warnings of the console (violations of the Content-Security-Policy, CORS) and
   * uncaught errors. Failed requests are not among them. A test that expects one removes it.
   */
  readonly consoleErrors: string[];
}

export interface PageOptions extends BrowserContextOptions {
  /** A browser profile of its own, with empty caches, instead of that of an earlier test. */
  readonly isFresh?: boolean;
}

export interface Chromium {
  /** Opens a page without storage. It must not be used after the test. */
  openPage(url: string, options?: PageOptions): Promise<OpenPage>;
}

/**
 * Call it at the top of a file or of a `describe`. A test fails if one of its pages has
 * `consoleErrors` at its end.
 */
export function useChromium(): Chromium {
  const pages: PooledPage[] = [];
  afterEach(async () => {
    const used = pages.splice(0);
    const errors = used.flatMap(({ consoleErrors }) => [...consoleErrors]);
    for (const page of used) await release(page);
    expect(errors).toEqual([]);
  });
  return {
    async openPage(url, { isFresh = false, ...options } = {}) {
      const pooled = await acquire(options, isFresh);
      pages.push(pooled);
      await pooled.page.goto(url);
      return pooled;
    },
  };
}

interface PooledPage extends OpenPage {
  /** The options that it was opened with, as JSON. */
  readonly optionsJson: string;
  readonly isFresh: boolean;
}

/** One Chromium for all files of a worker (they share their modules, see vitest.config.ts): a start costs seconds. */
let launched: Browser | undefined;

/**
 * Pages that earlier tests have left, by their options. A page in a new profile costs five times as
 * much CPU as one more visit of a used page, whose process and compiled scripts stay (measured: 3.3 s, 0.7 s).
 */
const pool = new Map<string, PooledPage>();

async function acquire(options: BrowserContextOptions, isFresh: boolean): Promise<PooledPage> {
  const optionsJson = JSON.stringify(options);
  const pooled = isFresh ? undefined : pool.get(optionsJson);
  if (pooled !== undefined) {
    pool.delete(optionsJson);
    return pooled;
  }
  if (launched?.isConnected() !== true) launched = await launchChromium();
  const permissions = ['clipboard-read', 'clipboard-write'];
  const context = await launched.newContext({ permissions, viewport: VIEWPORT, ...options });
  return { ...watchPage(await context.newPage()), optionsJson, isFresh };
}

/** Empties a page for the next test, or closes it. */
async function release(pooled: PooledPage): Promise<void> {
  const { page, consoleErrors, optionsJson, isFresh } = pooled;
  if (isFresh || page.isClosed() || pool.has(optionsJson)) return page.context().close();
  const { viewport = VIEWPORT } = JSON.parse(optionsJson) as BrowserContextOptions;
  try {
    page.removeAllListeners('request');
    await page.unrouteAll();
    if (viewport !== null) await page.setViewportSize(viewport);
    // A document of the same origin and without scripts, so that nothing is stored after the storage is cleared.
    await page.goto(new URL('/healthz', page.url()).href);
    await page.evaluate(() => {
      localStorage.clear();
      sessionStorage.clear();
    });
    consoleErrors.length = 0;
    pool.set(optionsJson, pooled);
  } catch {
    // The page has crashed, or its server is gone: the next test opens another one.
    await page.context().close();
  }
}

export function watchPage(page: Page): OpenPage {
  page.setDefaultTimeout(WAIT_LIMIT_MS);
  const consoleErrors: string[] = [];
  page.on('pageerror', (error) => consoleErrors.push(String(error)));
  page.on('console', (message) => {
    const isError = message.type() === 'error' || message.type() === 'warning';
    const isFailedRequest = message.text().startsWith('Failed to load resource');
    if (isError && !isFailedRequest) consoleErrors.push(message.text());
  });
  return { page, consoleErrors };
}

/**
 * Call it at the top of a file or of a `describe`. Starts a server (a gateway, a fake gateway,
 * a page server) before the first test and closes it after the last. Where each test needs a
 * server of its own, start it in the test and pass its `close` to vitest's `onTestFinished`.
 * @returns the server; call it inside of tests and hooks only.
 */
export function useServer<Server extends { close(): unknown }>(start: () => Promise<Server>): () => Server {
  let server: Server | undefined;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server?.close();
  });
  return () => {
    if (server === undefined) throw new Error('The server is not started: call this in a test or a hook.');
    return server;
  };
}
