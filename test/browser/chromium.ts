// Finds Chromium and starts it.

import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

const CHROMIUM_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of Chromium; null on a machine without it, where the tests in this folder can't run. */
export const chromiumPath =
  process.env['CHROMIUM_PATH'] ?? CHROMIUM_PATHS.find((path) => existsSync(path)) ?? null;

export async function launchChromium(): Promise<Browser> {
  if (chromiumPath === null) throw new Error('Chromium was not found: set CHROMIUM_PATH.');
  // Imported here, because vitest.config.ts imports this module for `chromiumPath` only.
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
