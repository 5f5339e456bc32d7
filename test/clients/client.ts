// The interface that every client is tested through. An adapter translates it into the calls that the client's own
// documentation shows.

export interface Question {
  readonly prompt: string;
  /** An image as a data URL. */
  readonly image?: string;
  /** The number of answers: `n`. */
  readonly choices?: number;
  /** JSON mode. */
  readonly json?: boolean;
  readonly maxTokens?: number;
}

export interface Answer {
  /** The text of each choice. */
  readonly texts: readonly string[];
  /** The first choice's reasoning, from the field that this client uses; '' if there is none. */
  readonly reasoning: string;
  /** The first choice's finish_reason, as OpenAI names it. */
  readonly finish: string;
  /** As the client reports it; undefined: it reports none. */
  readonly usage: Usage | undefined;
  /** The number of text pieces that the client delivered. */
  readonly pieces: number;
}

export interface Usage {
  readonly prompt: number | undefined;
  readonly completion: number | undefined;
  readonly cached: number | undefined;
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: unknown;
}

/** A conversation with tool calls and their results. */
export interface ToolRun {
  readonly calls: readonly ToolCall[];
  /** The finish reason of the turn with the calls. */
  readonly finish: string;
  /** The final text. */
  readonly text: string;
}

/** Every method rejects with the client's own error. */
export interface Client {
  readonly ask: (question: Question) => Promise<Answer>;
  readonly stream: (question: Question) => Promise<Answer>;
  /** Offers WEATHER_TOOL and returns `runTool`'s results, in the client's own loop if it has one. */
  readonly askWithTools: (prompt: string) => Promise<ToolRun>;
  readonly streamWithTools: (prompt: string) => Promise<ToolRun>;
  /** Requests an object of `citySchema`, checked by the client if it can. */
  readonly extract: (prompt: string) => Promise<unknown>;
}

export interface Target {
  /** The base URL, up to `/v1`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Failure {
  /** The HTTP status, if the client's error has it. */
  readonly status: number | undefined;
  /** All text of the client's error. */
  readonly text: string;
}

/** An exception: the run proves that the behaviour fails, and why. */
export interface Note {
  readonly behaviour: string;
  /** Default: both modes. */
  readonly mode?: Mode;
  /** `–`: the client does not have this. `~`: it works in part. `✓`: it works in the client's own way. */
  readonly mark: '–' | '~' | '✓';
  /** The footnote. */
  readonly text: string;
  /** Matches the message of the failed behaviour. */
  readonly because: RegExp;
}

export type Mode = 'completion' | 'stream';

export interface Adapter {
  /** Its name in README. */
  readonly name: string;
  /** npm packages: the client first. */
  readonly packages: readonly string[];
  /** The reasoning_format that it needs, and how it sends it. */
  readonly format: string;
  readonly notes?: readonly Note[];
  /** It reads event streams only. */
  readonly streamsOnly?: true;
  readonly connect: (target: Target) => Client;
  /** Reads an error of `Client`; undefined if it is not the client's own error. */
  readonly failure: (error: unknown) => Failure | undefined;
}

const parameters: Record<string, unknown> = {
  type: 'object',
  properties: { city: { type: 'string', description: 'The name of the city' } },
  required: ['city'],
  additionalProperties: false,
};

/** The tool that clients offer. */
export const WEATHER_TOOL = { name: 'get_weather', description: 'Get the weather of a city', parameters };

/** @returns the result of the tool, as JSON. */
export function runTool(args: { readonly city: string }): string {
  return JSON.stringify({ city: args.city, sky: 'clear', celsius: 21 });
}

export const API_KEY = 'any-key';
/** It reasons and reads images. */
export const MODEL = 'step-3.7-flash';
