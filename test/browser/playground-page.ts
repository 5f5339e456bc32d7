// The playground over a fake gateway, as its tests use it: asks a question, answers it by hand.

import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { startFakeGateway, type Asked, type FakeGateway } from './fake-gateway.ts';
import { useChromium, useServer, type OpenPage } from './setup.ts';

export const USAGE = {
  usage: { prompt_tokens: 12, completion_tokens: 40, cached_tokens: 4, total_tokens: 52 },
};

export interface Playground {
  readonly gateway: FakeGateway;
  readonly page: Page;
  readonly open: OpenPage;
  /** The field that a question is written in. */
  message(): Locator;
  /** The last button of that name. */
  button(name: string): Locator;
  /** Sends a question. @returns it, as the gateway has it: the test answers. */
  ask(text: string): Promise<Asked>;
  /** Does something that sends a request. @returns the request. */
  asked(run: () => Promise<unknown>): Promise<Asked>;
  /** Answers with a stream and waits until it is shown. */
  reply(asked: Asked, content: string): Promise<void>;
}

/**
 * Call it at the top of a `describe`.
 * @returns opens the page; call it in a test or a hook.
 */
export function usePlayground(
  siteKey = '',
): (options?: BrowserContextOptions, path?: string) => Promise<Playground> {
  const chromium = useChromium();
  let initial: Partial<FakeGateway> = {};
  const server = useServer(async () => {
    const gateway = await startFakeGateway(siteKey);
    const { models, usage, health, answer } = gateway;
    initial = { models, usage, health, answer };
    return gateway;
  });
  return async (options = {}, path = '/') => {
    const gateway = Object.assign(server(), initial);
    gateway.asked.length = 0;
    const open = await chromium.openPage(`${gateway.url}${path}`, options);
    return createPlayground(gateway, open);
  };
}

function createPlayground(gateway: FakeGateway, open: OpenPage): Playground {
  const { page } = open;
  const playground: Playground = {
    gateway,
    page,
    open,
    message: () => page.getByLabel('Message', { exact: true }),
    button: (name) => page.getByRole('button', { name, exact: true }).last(),
    async ask(text) {
      return playground.asked(async () => {
        await playground.message().fill(text);
        await playground.message().press('Enter');
      });
    },
    async asked(run) {
      const { promise, resolve } = Promise.withResolvers<Asked>();
      gateway.answer = resolve;
      await run();
      return promise;
    },
    async reply(asked, content) {
      asked.open();
      asked.chunk({ content }, USAGE, 'stop');
      asked.done();
      await playground.button('Send').waitFor();
    },
  };
  return playground;
}

/** Answers a question at once. */
export function answerWith(content: string): (asked: Asked) => void {
  return (asked) => {
    asked.open();
    asked.chunk({ content }, USAGE, 'stop');
    asked.done();
  };
}
