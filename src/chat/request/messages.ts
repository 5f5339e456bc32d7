// What a message may be, by its role: StepFun's page, and beyond it what OpenAI's
// SDKs send (DESIGN, "What a request may hold").
//
// Fields marked "left out" come with answers that clients send back as history;
// they say nothing that StepFun could use.

import * as z from 'zod/mini';
import { audioDataSchema, imageUrlSchema, videoUrlSchema } from './media.ts';
import { anything, closed, filledText, kindError, list, oneOf, optional, text } from './field-types.ts';

const textPartSchema = closed({
  type: z.literal('text', 'expected text'),
  text,
  cache_control: optional(anything), // left out
});

const imagePartSchema = closed({
  type: z.literal('image_url'),
  image_url: closed({ url: imageUrlSchema, detail: optional(oneOf('low', 'high', 'auto')) }),
});

const videoPartSchema = closed({
  type: z.literal('video_url'),
  video_url: closed({ url: videoUrlSchema }),
});

const audioPartSchema = closed({
  type: z.literal('input_audio'),
  input_audio: closed({ data: audioDataSchema, format: optional(oneOf('mp3', 'wav')) }).check(
    z.refine(({ data, format }) => data.startsWith('data:') || typeof format === 'string', {
      error: 'expected a data URL, or bare base64 beside a format',
      path: ['data'],
    }),
  ),
});

export const contentPartSchema = z.discriminatedUnion(
  'type',
  [textPartSchema, imagePartSchema, videoPartSchema, audioPartSchema],
  kindError('expected one of text, image_url, video_url, input_audio'),
);

/** StepFun documents a string; SDKs send lists of text parts too. */
const textContentSchema = z.union(
  [text, list(textPartSchema, 1)],
  'expected a string or a list of text parts',
);

const userContentSchema = z.union([text, list(contentPartSchema, 1)], 'expected a string or a list of parts');

export const toolCallSchema = closed({
  id: filledText,
  type: oneOf('function'),
  // What a model called, whatever it was: only `tools` must be well named.
  function: closed({
    name: filledText,
    arguments: text,
    parsed_arguments: optional(anything) /* left out */,
  }),
  index: optional(anything), // left out
});

const systemMessageSchema = closed({
  role: z.enum(['system', 'developer']),
  content: textContentSchema,
  name: optional(text),
});

const userMessageSchema = closed({
  role: z.literal('user'),
  content: userContentSchema,
  name: optional(text),
});

const assistantMessageSchema = closed({
  role: z.literal('assistant'),
  content: optional(textContentSchema),
  name: optional(text),
  tool_calls: optional(list(toolCallSchema)),
  reasoning: optional(text),
  reasoning_content: optional(text),
  audio: optional(closed({ id: filledText })),
  function_call: optional(z.null('expected null: function_call is deprecated, use tool_calls')),
  annotations: optional(anything), // left out
  parsed: optional(anything), // left out
  reasoning_details: optional(anything), // left out
  refusal: optional(anything), // left out
}).check(
  z.refine((message) => message.content !== undefined || (message.tool_calls?.length ?? 0) > 0, {
    error: 'expected content or tool_calls',
    path: ['content'],
  }),
);

const toolMessageSchema = closed({
  role: z.literal('tool'),
  content: textContentSchema,
  tool_call_id: filledText,
  name: optional(text),
});

export const messageSchema = z.discriminatedUnion(
  'role',
  [systemMessageSchema, userMessageSchema, assistantMessageSchema, toolMessageSchema],
  kindError('expected one of system, developer, user, assistant, tool'),
);

export type Message = z.infer<typeof messageSchema>;
export type ContentPart = z.infer<typeof contentPartSchema>;

/** @returns the addresses of all images, videos and sounds, data URLs among them, in their order. */
export function mediaOf(messages: readonly Message[]): string[] {
  const media: string[] = [];
  for (const { role, content } of messages) {
    if (role !== 'user' || typeof content === 'string') continue;
    for (const part of content) {
      if (part.type === 'image_url') media.push(part.image_url.url);
      else if (part.type === 'video_url') media.push(part.video_url.url);
      else if (part.type === 'input_audio') media.push(part.input_audio.data);
    }
  }
  return media;
}
