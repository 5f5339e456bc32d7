import { describe, expect, it } from 'vitest';
import { requestId } from '../../../src/http/request-context.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('requestId', () => {
  it.each(['a', 'A-z_0.9', 'x'.repeat(128)])('is the well-formed id of the client: %.20s', (id) => {
    expect(requestId(new Headers({ 'x-request-id': id }))).toBe(id);
  });

  it.each(['', 'x'.repeat(129), 'a b', 'a,b', 'a/b', 'ü', '<script>'])('is a new UUID for %.20s', (id) => {
    expect(requestId(new Headers({ 'x-request-id': id }))).toMatch(UUID);
  });

  it('is a new UUID where there is none', () => {
    const ids = [requestId(new Headers()), requestId(new Headers())];
    expect(ids[0]).toMatch(UUID);
    expect(ids[0]).not.toBe(ids[1]);
  });
});
