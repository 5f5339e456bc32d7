// Events as StepFun sends them, and a strict reader for the streams that clients get.

const USAGE = { prompt_tokens: 83, completion_tokens: 1, total_tokens: 84 };

/** @returns one chunk's event. */
export function event(content: string, finishReason = '', usage: Partial<typeof USAGE> = USAGE): string {
  const chunk = {
    id: 'd7ae7c4a-1524-4fe5-9d58-e4d59b89d8f0',
    object: 'chat.completion.chunk',
    created: 1_709_899_323,
    model: 'step-3.5-flash',
    choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: finishReason }],
    usage,
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

export const FINISH = event('', 'stop');
export const SENTINEL = 'data: [DONE]\n\n';

export interface Story {
  /** The content of all chunks, joined. */
  readonly text: string;
  /** The code of the error event; null: there was none. */
  readonly failure: string | null;
  readonly hasSentinel: boolean;
  readonly finishReason: string | null;
  readonly comments: number;
}

/**
 * Reads a stream strictly: whole events only, and nothing after an error event or `[DONE]`.
 * @throws for a stream that breaks these rules.
 */
export function read(body: string): Story {
  if (body !== '' && !body.endsWith('\n\n'))
    throw new Error(`half an event: ${JSON.stringify(body.slice(-200))}`);
  let text = '';
  let failure: string | null = null;
  let hasSentinel = false;
  let finishReason: string | null = null;
  let comments = 0;
  for (const block of body.split('\n\n').slice(0, -1)) {
    if (failure !== null || hasSentinel) throw new Error(`something after the end: ${block}`);
    if (block.startsWith(':')) {
      comments++;
      continue;
    }
    if (!block.startsWith('data: ')) throw new Error(`no event: ${block}`);
    if (block === 'data: [DONE]') {
      hasSentinel = true;
      continue;
    }
    const data = JSON.parse(block.slice(6)) as Data;
    if (data.error !== undefined) {
      if (data.choices !== undefined) throw new Error('error and choices in one event');
      failure = data.error.code;
      continue;
    }
    for (const choice of data.choices ?? []) {
      text += choice.delta.content ?? '';
      finishReason = choice.finish_reason ?? finishReason;
    }
  }
  return { text, failure, hasSentinel, finishReason, comments };
}

interface Data {
  readonly error?: { readonly code: string };
  readonly choices?: readonly {
    readonly delta: { readonly content?: string };
    readonly finish_reason: string | null;
  }[];
}
