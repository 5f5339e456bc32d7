// The accumulation of chunks in an application whose client delivers them one by one: written against OpenAI's
// contract and nothing else.

import type { Answer, ToolCall, Usage } from './client.ts';

export interface Chunk {
  readonly choices: readonly {
    readonly index: number;
    readonly delta: {
      readonly content?: string | null;
      readonly reasoning?: string;
      readonly reasoning_content?: string;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly function?: { readonly name?: string; readonly arguments?: string };
      }[];
    };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: WireUsage | null;
}

export interface WireUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number };
}

interface PartialCall {
  readonly id: string;
  readonly name: string;
  arguments: string;
}

interface PartialChoice {
  text: string;
  reasoning: string;
  finish: string;
  readonly calls: PartialCall[];
}

/** Accumulates the chunks of a stream. */
export class Assembly {
  readonly #choices: PartialChoice[] = [];
  #usage: Usage | undefined;
  #pieces = 0;

  add(chunk: Chunk): void {
    for (const { index, delta, finish_reason: finish } of chunk.choices) {
      const choice = (this.#choices[index] ??= { text: '', reasoning: '', finish: '', calls: [] });
      choice.text += delta.content ?? '';
      choice.reasoning += delta.reasoning ?? delta.reasoning_content ?? '';
      choice.finish = finish ?? choice.finish;
      if ((delta.content ?? '') !== '') this.#pieces += 1;
      for (const call of delta.tool_calls ?? []) {
        const known = (choice.calls[call.index] ??= {
          id: call.id ?? '',
          name: call.function?.name ?? '',
          arguments: '',
        });
        known.arguments += call.function?.arguments ?? '';
      }
    }
    // OpenAI reports usage once in a stream: an application that adds it up gets the same.
    if (chunk.usage) this.#usage = sum(this.#usage, usageOf(chunk.usage));
  }

  get answer(): Answer {
    return {
      texts: this.#choices.map(({ text }) => text),
      reasoning: this.#choices[0]?.reasoning ?? '',
      finish: this.#choices[0]?.finish ?? '',
      usage: this.#usage,
      pieces: this.#pieces,
    };
  }

  /** The calls of the first choice, as in OpenAI's messages. */
  get toolCalls() {
    return (this.#choices[0]?.calls ?? []).map(({ id, name, arguments: args }) => ({
      id,
      type: 'function' as const,
      function: { name, arguments: args },
    }));
  }
}

/** @returns an OpenAI tool call with its arguments parsed. */
export function readCall(call: { function: { name: string; arguments: string } }): ToolCall {
  return { name: call.function.name, arguments: JSON.parse(call.function.arguments) };
}

export function usageOf(usage: WireUsage): Usage {
  return {
    prompt: usage.prompt_tokens,
    completion: usage.completion_tokens,
    cached: usage.prompt_tokens_details?.cached_tokens,
  };
}

function sum(one: Usage | undefined, other: Usage): Usage {
  if (one === undefined) return other;
  return {
    prompt: (one.prompt ?? 0) + (other.prompt ?? 0),
    completion: (one.completion ?? 0) + (other.completion ?? 0),
    cached: (one.cached ?? 0) + (other.cached ?? 0),
  };
}
