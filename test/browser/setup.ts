// The set-up that all tests in this folder share: Chromium, pages, and servers, each closed
// when its tests have run.
//
//   const chromium = useChromium();
//   const gateway = useServer(startFakeGateway);
//   … and in a test: const { page } = await chromium.openPage(gateway().url);

import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { launchChromium } from './chromium.ts';

/** Shorter than the time limit of a test: the failure then names the element that did not appear. */
const WAIT_LIMIT_MS = 8_000;

export interface OpenPage {
  readonly page: Page;
  /**
   * Errors and warnings of the console (violations of the Content-Security-Policy, CORS) and
   * uncaught errors. Failed requests are not among them. A test that expects one removes it.
   */
  readonly consoleErrors: string[];
}

export interface Chromium {
  /** Opens a page in a browser profile of its own. It is closed after the test. */
  openPage(url: string, options?: BrowserContextOptions): Promise<OpenPage>;
}

/**
 * Call it at the top of a file or of a `describe`. Starts Chromium before the first test
 * and closes it after the last. A test fails if one of its pages has `consoleErrors` at its end.
 */
export function useChromium(): Chromium {
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  const pages: OpenPage[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    const errors = pages.splice(0).flatMap(({ consoleErrors }) => consoleErrors);
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(errors).toEqual([]);
  });
  return {
    async openPage(url, options = {}) {
      const permissions = ['clipboard-read', 'clipboard-write'];
      const context = await browser.newContext({ permissions, ...options });
      contexts.push(context);
      const open = watchPage(await context.newPage());
      pages.push(open);
      await open.page.goto(url);
      return open;
    },
  };
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
