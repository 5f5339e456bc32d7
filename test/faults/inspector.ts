// A Worker's heap, through V8's inspector: what is still held once all garbage has been
// collected. Resident memory alone would tell of the allocator's habits.

import type { Runtime } from './workerd.ts';

interface Message {
  readonly id?: number;
  readonly params?: { readonly context?: { readonly id: number } };
  readonly result?: Readonly<Record<string, unknown>>;
}

/** @returns bytes that a Worker holds in JavaScript: objects, the runtime's parts of them, and buffers. */
export async function heldBytes({ inspectorPort }: Runtime, worker: string): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${inspectorPort}/${worker}`);
  const waiting: { isIt: (message: Message) => boolean; resolve: (message: Message) => void }[] = [];
  const message = (isIt: (message: Message) => boolean) =>
    new Promise<Message>((resolve) => waiting.push({ isIt, resolve }));
  socket.addEventListener('message', ({ data }) => {
    const told = JSON.parse(String(data)) as Message;
    for (const { isIt, resolve } of waiting) if (isIt(told)) resolve(told);
  });
  let calls = 0;
  const call = async (method: string, params = {}) => {
    const id = ++calls;
    const answer = message((told) => told.id === id);
    socket.send(JSON.stringify({ id, method, params }));
    return (await answer).result ?? {};
  };
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`no inspector of ${worker}`)));
    });
    const created = message(({ params }) => params?.context !== undefined);
    await call('Runtime.enable');
    const contextId = (await created).params?.context?.id;
    // The inspector itself keeps what was logged.
    await call('Runtime.discardConsoleEntries');
    // V8's own `HeapProfiler.collectGarbage` is never answered here; workerd.ts exposes gc().
    // Twice: what the first one finalizes, the second one frees.
    await call('Runtime.evaluate', { expression: 'gc(); gc()', contextId });
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await call('Runtime.getHeapUsage');
    return Number(usedSize) + Number(embedderHeapUsedSize) + Number(backingStorageSize);
  } finally {
    socket.close();
  }
}
