import { describe, expect, it } from 'vitest';
import { GATE_WINDOW_MS } from '../../../../src/config/limits.ts';
import { GateCore } from '../../../../src/upstream/gate/gate-core.ts';
import { WindowStore, type WindowStorage } from '../../../../src/upstream/gate/window-store.ts';

const START = 1_800_000_000_000;

function createStorage() {
  const rows = new Map<string, number>();
  const storage: WindowStorage = {
    kv: { list: () => rows },
    async put(key, value, { allowUnconfirmed }) {
      // The reply to a request must not wait for the disk.
      expect(allowUnconfirmed).toBe(true);
      rows.set(key, value);
    },
    async delete(key) {
      return rows.delete(key);
    },
  };
  return { rows, storage };
}

describe('WindowStore', () => {
  it('restores what the last minute has used, at the end of each second', () => {
    const { storage } = createStorage();
    const before = new WindowStore(storage);
    before.record('starts', START + 100, 1);
    before.record('starts', START + 900, 1);
    before.record('starts', START + 1_100, 1);
    before.record('tokens', START + 1_200, 500);

    const core = new GateCore();
    new WindowStore(storage).restore(core);
    expect([core.starts.sum(START + 2_000), core.tokens.sum(START + 2_000)]).toEqual([3, 500]);
    expect(core.starts.sum(START + GATE_WINDOW_MS + 999)).toBe(3);
    expect(core.starts.sum(START + GATE_WINDOW_MS + 1_000)).toBe(1);
  });

  it('restores rows of both kinds in the order of their time', () => {
    const { rows, storage } = createStorage();
    rows.set('starts:1800000009', 1).set('starts:1800000001', 1);
    const core = new GateCore();
    new WindowStore(storage).restore(core);
    expect(core.starts.sum(1_800_000_002_000 + GATE_WINDOW_MS)).toBe(1);
  });

  it('keeps one row a second and kind, and none that has left the window', () => {
    const { rows, storage } = createStorage();
    const store = new WindowStore(storage);
    for (let atMs = START; atMs < START + 300_000; atMs += 250) {
      store.record('starts', atMs, 1);
      store.record('tokens', atMs, 7);
    }
    expect(rows.size).toBeLessThanOrEqual(2 * (GATE_WINDOW_MS / 1_000 + 2));
    expect(rows.get(`starts:${START / 1_000 + 299}`)).toBe(4);
    expect(rows.get(`tokens:${START / 1_000 + 299}`)).toBe(28);
  });

  it('goes on where the disk fails', async () => {
    const { storage } = createStorage();
    const failing: WindowStorage = { ...storage, put: () => Promise.reject(new Error('disk')) };
    const store = new WindowStore(failing);
    store.record('starts', START, 1);
    await expect(Promise.resolve()).resolves.toBeUndefined();
  });
});
