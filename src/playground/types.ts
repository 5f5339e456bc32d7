// What the page's parts hand each other. Types alone: nothing of this travels to a browser.

/** `reasoning_effort`s: what a model may be asked with. */
export interface Model {
  readonly id: string;
  /** Empty: it takes none. */
  readonly efforts: readonly string[];
  /** Whether it reads images; null: not known. */
  readonly images: boolean | null;
}

export type ReasoningFormat = 'general' | 'deepseek-style' | 'hidden';

/** What a visitor has picked. */
export interface Settings {
  readonly model: string;
  /** '' leaves it to the model. */
  readonly effort: string;
  readonly format: ReasoningFormat;
  /** 0 to 2. */
  readonly temperature: number;
  /** null: no limit. */
  readonly maxTokens: number | null;
  readonly stream: boolean;
  /** Instructions for the whole conversation; may be empty. */
  readonly system: string;
}

export interface Image {
  /** Of the file, to speak of it. */
  readonly name: string;
  /** `data:image/…;base64,…` */
  readonly url: string;
}

export interface Question {
  readonly text: string;
  readonly images: readonly Image[];
}

export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string | readonly Part[];
}

/** The body of POST /v1/chat/completions. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly stream: boolean;
  readonly reasoning_effort?: string;
  readonly reasoning_format: string;
  readonly temperature: number;
  readonly max_tokens?: number;
}

/** In tokens. */
export interface Usage {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number | null;
}

/** A piece of an answer, as it comes. */
export type Update =
  | { readonly type: 'open'; readonly cacheStatus: string | null; readonly requestId: string | null }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'content'; readonly text: string }
  | { readonly type: 'finish'; readonly reason: string }
  | { readonly type: 'usage'; readonly usage: Usage };

/**
 * `waiting` → `reasoning` → `answering` → `done`, and the three ways not to get there:
 * `stopped` (by the visitor), `incomplete` (it broke off), `failed` (nothing came).
 */
export type Phase = 'waiting' | 'reasoning' | 'answering' | 'done' | 'stopped' | 'incomplete' | 'failed';

/** An answer as far as it has come; it is filled in while it comes. Times in ms, of one clock. */
export interface Answer {
  phase: Phase;
  reasoning: string;
  content: string;
  /** What was sent for it. */
  readonly request: ChatRequest;
  usage: Usage | null;
  /** RFC 9211, as received. */
  cacheStatus: string | null;
  finishReason: string | null;
  failure: Failure | null;
  readonly askedAt: number;
  firstTokenAt: number | null;
  /** The end of the reasoning. */
  contentAt: number | null;
  endedAt: number | null;
}

export interface Exchange {
  readonly question: Question;
  readonly answer: Answer;
}

export interface FailureDetails {
  /** Left out where there was no answer. */
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

/** How a request was let in. */
export interface Caller {
  readonly credential: 'key' | 'session' | 'none';
  /** Whether Turnstile is configured. */
  readonly siteKey: boolean;
}

/** What a button may offer. */
export type Remedy = 'key' | 'retry' | 'settings' | 'new';

export interface Words {
  /** What happened. */
  readonly title: string;
  /** What to do. Backticks mark names to type. */
  readonly advice: string;
  readonly remedies: readonly Remedy[];
}

export interface Explanation extends Words {
  /** How long `retry` makes no sense yet. */
  readonly waitSeconds: number;
}

/** Where code of one's own sends a request. */
export interface Target {
  /** As `https://host/v1`. */
  readonly baseUrl: string;
  /** False where the gateway answers without a key. */
  readonly needsKey: boolean;
}

/** The inside of a paragraph. */
export type Inline =
  | { readonly type: 'text'; text: string }
  | { readonly type: 'code'; readonly text: string }
  | { readonly type: 'link'; readonly href: string; readonly children: Inline[] }
  | { readonly type: 'strong' | 'em' | 'del'; readonly children: Inline[] };

export type Align = 'left' | 'center' | 'right' | '';

export interface Table {
  readonly type: 'table';
  readonly align: readonly Align[];
  readonly head: readonly Inline[][];
  readonly rows: readonly Inline[][][];
}

export type Block =
  | { readonly type: 'paragraph'; readonly children: Inline[] }
  | { readonly type: 'heading'; readonly level: number; readonly children: Inline[] }
  | { readonly type: 'code'; readonly language: string; readonly text: string }
  | { readonly type: 'quote'; readonly blocks: readonly Block[] }
  | {
      readonly type: 'list';
      readonly ordered: boolean;
      readonly start: number;
      readonly items: readonly Block[][];
    }
  | Table
  | { readonly type: 'rule' };

/** A block, and the lines it was made of. */
export interface SourcedBlock {
  readonly block: Block;
  readonly source: string;
}
