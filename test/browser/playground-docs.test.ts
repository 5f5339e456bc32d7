// The API reference in real Chromium: it reads /openapi.json under its strict policy, and sends nothing.

import { expect, it } from 'vitest';
import { startFakeGateway } from './fake-gateway.ts';
import { useChromium, useServer } from './setup.ts';

const chromium = useChromium();
const gateway = useServer(startFakeGateway);

it('the API reference lists the API, offers no try-it, and asks no other host', async () => {
  const { page } = await chromium.openPage('about:blank');
  const elsewhere: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(gateway().url) && !request.url().startsWith('data:')) {
      elsewhere.push(request.url());
    }
  });
  await page.goto(`${gateway().url}/docs`, { waitUntil: 'commit' });
  const operation = page.locator('.opblock-summary', { hasText: '/v1/chat/completions' });
  // Swagger UI is 1.7 MB of script.
  await operation.waitFor({ timeout: 15_000 });
  await operation.click();
  await page.getByText('Request body').first().waitFor();
  expect(await page.getByRole('button', { name: /try it out|authorize|execute/i }).count()).toBe(0);
  expect(elsewhere).toEqual([]);
  // setup.ts fails the test if the policy was violated once.
});
