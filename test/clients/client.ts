// What the matrix asks of every client, in nobody's dialect: an adapter says it in
// its client's own words, as that client's documentation has it.

export interface Question {
  readonly prompt: string;
  /** An image as a data URL. */
  readonly image?: string;
  /** How many answers are asked for: `n`. */
  readonly choices?: number;
  /** JSON mode. */
  readonly json?: boolean;
  readonly maxTokens?: number;
}

export interface Answer {
  /** The text of each choice. */
  readonly texts: readonly string[];
  /** Of the first choice, where this client puts it; '' if it has none. */
  readonly reasoning: string;
  /** Of the first choice, in OpenAI's words. */
  readonly finish: string;
  /** As the client reports it; undefined: not at all. */
  readonly usage: Usage | undefined;
  /** How many pieces of text the client handed over. */
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

/** A conversation in which tools were called, and answered. */
export interface ToolRun {
  readonly calls: readonly ToolCall[];
  /** The finish reason of the turn that called them. */
  readonly finish: string;
  /** What was said at last. */
  readonly text: string;
}

/** Every failure rejects with the client's own error. */
export interface Client {
  readonly ask: (question: Question) => Promise<Answer>;
  readonly stream: (question: Question) => Promise<Answer>;
  /** Offers WEATHER_TOOL and gives `runTool`'s answers back, in the client's own loop if it has one. */
  readonly askWithTools: (prompt: string) => Promise<ToolRun>;
  readonly streamWithTools: (prompt: string) => Promise<ToolRun>;
  /** Asks for an object of `citySchema`, checked by the client if it can. */
  readonly extract: (prompt: string) => Promise<unknown>;
}

export interface Target {
  /** The base URL, up to `/v1`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Failure {
  /** The HTTP status, if the client tells it. */
  readonly status: number | undefined;
  /** All that the client's error says. */
  readonly text: string;
}

/** A cell that isn't a plain yes: the run proves that the behaviour fails, and that it fails so. */
export interface Note {
  readonly behaviour: string;
  /** Where it holds; by default in both. */
  readonly mode?: Mode;
  /** `–`: there is no such thing in this client. `~`: there is, but not whole. `✓`: it has a way of its own. */
  readonly mark: '–' | '~' | '✓';
  /** The footnote. */
  readonly text: string;
  /** What the behaviour's failure says. */
  readonly because: RegExp;
}

export type Mode = 'completion' | 'stream';

export interface Adapter {
  /** How README names it. */
  readonly name: string;
  /** npm packages: the first is the client, the others what it needs. */
  readonly packages: readonly string[];
  /** Which reasoning_format it wants, and how it asks for it. */
  readonly format: string;
  readonly notes?: readonly Note[];
  /** It reads event streams, and nothing else. */
  readonly streamsOnly?: true;
  readonly connect: (target: Target) => Client;
  /** Reads what `Client` rejects with; undefined when it isn't the client's own error. */
  readonly failure: (error: unknown) => Failure | undefined;
}

const parameters: Record<string, unknown> = {
  type: 'object',
  properties: { city: { type: 'string', description: 'The name of the city' } },
  required: ['city'],
  additionalProperties: false,
};

/** The tool that is offered. */
export const WEATHER_TOOL = { name: 'get_weather', description: 'Get the weather of a city', parameters };

/** @returns its answer. */
export function runTool(args: { readonly city: string }): string {
  return JSON.stringify({ city: args.city, sky: 'clear', celsius: 21 });
}

export const API_KEY = 'any-key';
export const MODEL = 'step-3.5-flash';
