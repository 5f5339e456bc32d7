// The names that the playground's tests used before setup.ts: a file that uses setup.ts needs none of them.

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { watchPage } from './setup.ts';

export { launchChromium } from './chromium.ts';
export { startFakeGateway, type Asked, type FakeGateway } from './fake-gateway.ts';

export interface OpenPage {
  readonly page: Page;
  readonly complaints: string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const permissions = ['clipboard-read', 'clipboard-write'];
  const context = await browser.newContext({ permissions, ...options });
  const { page, consoleErrors } = watchPage(await context.newPage());
  await page.goto(url);
  return { page, complaints: consoleErrors };
}
