import { expect, it } from 'vitest';
import { brokenBodyError } from '../../../src/relay/broken-body.ts';

it.each([
  [new TypeError('bad gzip'), 'upstream_malformed'],
  [new Error('Network connection lost.'), 'upstream_reset'],
  ['anything', 'upstream_reset'],
])('%s is %s', (thrown, code) => {
  const error = brokenBodyError(thrown);
  expect(error).toMatchObject({ code, details: { detail: String(thrown), cause: thrown, transient: true } });
});
