import { fetchEventSource } from '@microsoft/fetch-event-source';
import { refusal, sse } from './sse.ts';

export const fetchEventSourceClient = sse({
  name: '`@microsoft/fetch-event-source`',
  packages: ['@microsoft/fetch-event-source'],
  format: 'any; here `reasoning_format: "deepseek-style"` in the body',
  reasoningFormat: 'deepseek-style',
  read: ({ url, ...init }, onData) =>
    onPage(() =>
      fetchEventSource(url, {
        ...init,
        async onopen(response) {
          if (!response.ok) throw await refusal(response);
        },
        onmessage: ({ data }) => onData(data),
        // Without this it would ask again, and pay again, until the page is closed.
        onerror(error) {
          throw error;
        },
      }),
    ),
});

/** It is made for pages, and takes these two for granted; other clients refuse to work where they are. */
async function onPage(work: () => Promise<void>): Promise<void> {
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
