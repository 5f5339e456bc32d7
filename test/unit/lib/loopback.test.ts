import { describe, expect, it } from 'vitest';
import { isLoopbackHost } from '../../../src/lib/loopback.ts';

describe('isLoopbackHost', () => {
  it.each(['localhost', 'app.localhost', 'a.b.localhost', '127.0.0.1', '127.1.2.3', '[::1]'])(
    'accepts %s',
    (hostname) => {
      expect(isLoopbackHost(hostname)).toBe(true);
    },
  );

  it.each([
    '',
    'localhost.evil.example',
    'evil-localhost',
    '.localhost',
    '127.0.0.1.evil.example',
    '127.0.0',
    '128.0.0.1',
    '0.0.0.0',
    '192.168.0.1',
    '[::]',
    '::1',
  ])('refuses "%s"', (hostname) => {
    expect(isLoopbackHost(hostname)).toBe(false);
  });
});
