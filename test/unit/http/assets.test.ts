// What needs no workerd; the rest is in playground/serve.test.ts.

import { expect, it } from 'vitest';
import { serveAsset } from '../../../src/http/assets.ts';

it('there is no playground where its assets were removed from wrangler.toml', async () => {
  const served = serveAsset(new Request('https://gateway.example/'), undefined, null);
  await expect(served).rejects.toMatchObject({ code: 'not_found' });
});
