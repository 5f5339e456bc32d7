import { describe, expect, it } from 'vitest';
import { createGate, type GateNamespace, type GateSettings } from '../../../../src/upstream/gate/gate.ts';
import type { GateStub, SlotRequest } from '../../../../src/upstream/gate/remote-slot.ts';

const SETTINGS: GateSettings = {
  limits: { concurrency: 5, rpm: 0, tpm: 0 },
  queueSize: 7,
  queueTimeoutMs: 30_000,
};
const REQUEST: SlotRequest = {
  client: 'c',
  signal: new AbortController().signal,
  waitUntil: () => {},
};

/** A namespace whose objects refuse everything, and the names that were asked for. */
function createNamespace() {
  const names: string[] = [];
  const asked: unknown[] = [];
  const stub: GateStub = {
    async enter(request) {
      asked.push(request);
      return { kind: 'full', retryAfterSeconds: 9, [Symbol.dispose]() {} };
    },
  };
  const namespace: GateNamespace = {
    idFromName(name) {
      names.push(name);
      return { name, toString: () => name, equals: () => false };
    },
    get: () => stub,
  };
  return { namespace, names, asked };
}

describe('createGate', () => {
  it('is null where no limit is set, or there is no binding', () => {
    const { namespace } = createNamespace();
    const off = { ...SETTINGS, limits: { concurrency: 0, rpm: 0, tpm: 0 } };
    expect(createGate(namespace, off, 'sk-1')).toBeNull();
    expect(createGate(undefined, SETTINGS, 'sk-1')).toBeNull();
    for (const limit of ['concurrency', 'rpm', 'tpm']) {
      const limits = { ...off.limits, [limit]: 1 };
      expect(createGate(namespace, { ...SETTINGS, limits }, 'sk-1')).not.toBeNull();
    }
  });

  it('names the object by the SHA-256 of the upstream key, which is never its name', async () => {
    const { namespace, names } = createNamespace();
    const gate = createGate(namespace, SETTINGS, 'sk-1');
    await gate?.enter(REQUEST).catch(() => {});
    await gate?.enter(REQUEST).catch(() => {});
    await createGate(namespace, SETTINGS, 'sk-2')
      ?.enter(REQUEST)
      .catch(() => {});
    expect(names[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(names[1]).toBe(names[0]);
    expect(names[2]).not.toBe(names[0]);
  });

  it('tells the object the client and the settings', async () => {
    const { namespace, asked } = createNamespace();
    await expect(createGate(namespace, SETTINGS, 'sk-1')?.enter(REQUEST)).rejects.toMatchObject({
      code: 'queue_full',
      details: { retryAfterSeconds: 9 },
    });
    expect(asked).toEqual([
      {
        client: 'c',
        limits: SETTINGS.limits,
        queueSize: 7,
        timeoutMs: expect.any(Number),
        isBackground: false,
        had: null,
      },
    ]);
  });
});
