import { fetchEventSource } from '@microsoft/fetch-event-source';
import { createSseAdapter, readError } from './sse.ts';

export const fetchEventSourceClient = createSseAdapter({
  name: '`@microsoft/fetch-event-source`',
  packages: ['@microsoft/fetch-event-source'],
  format: 'any; here `reasoning_format: "deepseek-style"` in the body',
  reasoningFormat: 'deepseek-style',
  read: ({ url, ...init }, onData) =>
    inPage(() =>
      fetchEventSource(url, {
        ...init,
        async onopen(response) {
          if (!response.ok) throw await readError(response);
        },
        // It also reports comments, with empty data; the standard dispatches no event for them.
        onmessage: ({ data }) => {
          if (data !== '') onData(data);
        },
        // By default it repeats the request, and its costs, until the page is closed.
        onerror(error) {
          throw error;
        },
      }),
    ),
});

/** It needs these two globals of a page; other clients do not work if they exist. */
async function inPage(work: () => Promise<void>): Promise<void> {
  Object.assign(globalThis, {
    window: globalThis,
    document: Object.assign(new EventTarget(), { hidden: false }),
  });
  try {
    await work();
  } finally {
    Reflect.deleteProperty(globalThis, 'window');
    Reflect.deleteProperty(globalThis, 'document');
  }
}
