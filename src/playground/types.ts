// The types that the modules of the page share. Nothing of this file reaches a browser.

import type { Token } from 'markdown-it';

export interface Model {
  readonly id: string;
  /** The values of `reasoning_effort` that it takes; may be empty. */
  readonly efforts: readonly string[];
  /** The media that it reads beside text; null: not known. */
  readonly inputs: readonly string[] | null;
}

export type ReasoningFormat = 'general' | 'deepseek-style' | 'hidden';

export type OutputFormat = 'text' | 'json' | 'schema';

export interface Settings {
  readonly model: string;
  /** A second model that answers the same prompts; '' for none. */
  readonly compareWith: string;
  /** '' leaves it to the model. */
  readonly effort: string;
  readonly format: ReasoningFormat;
  /** 0 to 2. */
  readonly temperature: number;
  /** Above 0, up to 1; null: not sent. */
  readonly topP: number | null;
  /** null: no limit. */
  readonly maxTokens: number | null;
  /** How many choices an answer has: 1 to 5. */
  readonly choices: number;
  /** Stop sequences, one in each line. */
  readonly stop: string;
  readonly output: OutputFormat;
  /** JSON Schema of the answer, as text; sent with `output: 'schema'`. */
  readonly schema: string;
  /** OpenAI's `tools` array, as text; may be empty. */
  readonly tools: string;
  readonly stream: boolean;
  /** The system message; may be empty. */
  readonly system: string;
}

export type Attachment =
  | {
      readonly type: 'image';
      readonly name: string;
      /** `data:image/…;base64,…` or an address. */
      readonly url: string;
      /** In pixels; left out for an address. */
      readonly width?: number;
      readonly height?: number;
    }
  | { readonly type: 'video'; readonly name: string; readonly url: string }
  | {
      readonly type: 'audio';
      readonly name: string;
      /** `data:audio/…;base64,…` */
      readonly url: string;
      readonly format: 'mp3' | 'wav';
    };

/** The result of a tool call, as the visitor has entered it. */
export interface ToolResult {
  readonly callId: string;
  readonly name: string;
  readonly content: string;
}

export interface Question {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** Not empty: the question is the results of the tool calls of this column's last answer. */
  readonly results: readonly ToolResult[];
}

export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }
  | { readonly type: 'video_url'; readonly video_url: { readonly url: string } }
  | {
      readonly type: 'input_audio';
      readonly input_audio: { readonly data: string; readonly format: string };
    };

export interface ToolCall {
  id: string;
  name: string;
  /** JSON as text, as far as it has arrived. */
  arguments: string;
}

export type Message =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: string | readonly Part[] }
  | { readonly role: 'assistant'; readonly content: string; readonly tool_calls?: readonly unknown[] }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly content: string };

/** The body of POST /v1/chat/completions. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly stream: boolean;
  readonly reasoning_effort?: string;
  readonly reasoning_format: string;
  readonly temperature: number;
  readonly top_p?: number;
  readonly max_tokens?: number;
  readonly n?: number;
  readonly stop?: readonly string[];
  readonly response_format?: unknown;
  readonly tools?: readonly unknown[];
}

/** In tokens. */
export interface Usage {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number | null;
}

/** The HTTP exchange behind an answer. Times in ms, of the clock of `Answer`. */
export interface Trace {
  /** Without the credential. */
  requestHeaders: readonly (readonly [string, string])[];
  status: number | null;
  responseHeaders: readonly (readonly [string, string])[];
  headersAt: number | null;
  /** The body's text as it arrived, read by read. */
  pieces: { readonly at: number; readonly text: string }[];
  recordedChars: number;
  /** How many characters came after the recorded ones. */
  omittedChars: number;
}

/** The events that change an answer. `choice` is the position in `choices`. */
export type Update =
  | { readonly type: 'reasoning' | 'content'; readonly choice: number; readonly text: string }
  | {
      readonly type: 'tool_call';
      readonly choice: number;
      readonly position: number;
      readonly call: ToolCall;
    }
  | { readonly type: 'finish'; readonly choice: number; readonly reason: string }
  | { readonly type: 'usage'; readonly usage: Usage };

/**
 * `waiting` → `reasoning` → `answering` → `done`; otherwise `stopped` (by the visitor),
 * `incomplete` (a failure after the first token) or `failed` (a failure before it).
 */
export type Phase = 'waiting' | 'reasoning' | 'answering' | 'done' | 'stopped' | 'incomplete' | 'failed';

export interface Choice {
  reasoning: string;
  content: string;
  toolCalls: ToolCall[];
  finishReason: string | null;
  /** The end of the reasoning. */
  contentAt: number | null;
}

/** Filled in while it arrives. Times in ms, of one clock. */
export interface Answer {
  /** 0, or 1 for the second of two models side by side. */
  readonly column: number;
  phase: Phase;
  /** At least one. */
  choices: Choice[];
  readonly request: ChatRequest;
  usage: Usage | null;
  trace: Trace;
  failure: Failure | null;
  readonly askedAt: number;
  firstTokenAt: number | null;
  endedAt: number | null;
}

export interface Exchange {
  readonly question: Question;
  /** One for each column that was asked. */
  readonly answers: readonly Answer[];
}

export interface FailureDetails {
  /** Left out where no response arrived. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  readonly requestId?: string;
  readonly cause?: unknown;
}

/** failure.js has the class. */
export interface Failure extends Error {
  /** The gateway's error code, or one of this page's own. */
  readonly code: string;
  readonly details: FailureDetails;
}

/** With which credential a request was sent. */
export interface Caller {
  readonly credential: 'key' | 'session' | 'none';
  /** Whether Turnstile is configured. */
  readonly siteKey: boolean;
}

/**
 * The result of a check of the client key. `ignored`: the gateway answers everybody, and does not know
 * the key. `unknown`: the check failed for another reason (no connection, a limit, an outage).
 */
export type KeyCheck = 'accepted' | 'refused' | 'ignored' | 'unknown';

/** The action of the button beside a failure. */
export type Remedy = 'key' | 'retry' | 'settings' | 'new' | 'edit';

export interface Explanation {
  /** The failure, in one sentence. */
  readonly title: string;
  /** The advice. Backticks mark names to type. */
  readonly advice: string;
  /** null: nothing on this page helps. */
  readonly remedy: Remedy | null;
  /** How long `retry` is of no use. */
  readonly waitSeconds: number;
}

/** Where a program of the visitor's own sends a request. */
export interface Target {
  /** As `https://host/v1`. */
  readonly baseUrl: string;
  /** False where the gateway answers without a key. */
  readonly needsKey: boolean;
}

/** One block of Markdown on the top level: its tokens, and the lines that they were read from. */
export interface Block {
  readonly tokens: readonly Token[];
  readonly source: string;
}

/** A node of highlight.js' tree (hast): an element with children, or text. */
export interface HighlightNode {
  readonly type: string;
  readonly value?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly children?: readonly HighlightNode[];
}

/** The state of the deployment, as GET /healthz tells it. */
export interface Health {
  readonly isServing: boolean;
  readonly access: 'configured' | 'not_configured' | 'unknown';
  readonly configuration: 'valid' | 'invalid' | 'unknown';
  /** Settings that are not set but needed. */
  readonly missing: readonly string[];
  /** Wrong settings, in words; the gateway names them on loopback only. */
  readonly wrong: readonly string[];
}

/** A conversation as it is kept in the browser. */
export interface StoredConversation {
  readonly id: string;
  /** In ms since the epoch. */
  readonly changedAt: number;
  readonly exchanges: readonly Exchange[];
}
