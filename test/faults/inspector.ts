// The size of a Worker's heap after garbage collection, through V8's inspector. Rejected: resident
// memory, which mostly shows how the allocator works.

import type { Runtime } from './workerd.ts';

interface Message {
  readonly id?: number;
  readonly params?: { readonly context?: { readonly id: number } };
  readonly result?: Readonly<Record<string, unknown>>;
}

/** @returns the bytes that a Worker holds: JavaScript objects, the runtime's parts of them, and buffers. */
export async function heldBytes({ inspectorPort }: Runtime, worker: string): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${inspectorPort}/${worker}`);
  const waiting: { isIt: (message: Message) => boolean; resolve: (message: Message) => void }[] = [];
  const message = (isIt: (message: Message) => boolean) =>
    new Promise<Message>((resolve) => waiting.push({ isIt, resolve }));
  socket.addEventListener('message', ({ data }) => {
    const received = JSON.parse(String(data)) as Message;
    for (const { isIt, resolve } of waiting) if (isIt(received)) resolve(received);
  });
  let calls = 0;
  const call = async (method: string, params = {}) => {
    const id = ++calls;
    const answer = message((received) => received.id === id);
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
    // The inspector keeps all console messages.
    await call('Runtime.discardConsoleEntries');
    // workerd does not answer V8's `HeapProfiler.collectGarbage`; workerd.ts exposes gc(). Twice: the
    // second run frees what the first one finalized.
    await call('Runtime.evaluate', { expression: 'gc(); gc()', contextId });
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await call('Runtime.getHeapUsage');
    return Number(usedSize) + Number(embedderHeapUsedSize) + Number(backingStorageSize);
  } finally {
    socket.close();
  }
}
