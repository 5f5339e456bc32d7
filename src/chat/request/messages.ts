// The messages of a request, by role: what StepFun documents, and what OpenAI's SDKs
// send beyond it.

import * as z from 'zod/mini';
import { filledText, kindError, list, object, oneOf, optional, text } from './field-types.ts';
import { audioDataSchema, imageFileSchema, imageUrlSchema, videoUrlSchema } from './media.ts';

/** Parts of answers that clients send back as history. StepFun has no use for them. */
const leftOut = optional(z.unknown());

const textPartSchema = object({ type: z.literal('text', 'expected text'), text });

const refusalPartSchema = object({ type: z.literal('refusal'), refusal: text });

const imagePartSchema = object({
  type: z.literal('image_url'),
  image_url: object({ url: imageUrlSchema, detail: optional(oneOf('low', 'high', 'auto')) }),
});

const videoPartSchema = object({
  type: z.literal('video_url'),
  video_url: object({ url: videoUrlSchema }),
});

const audioPartSchema = object({
  type: z.literal('input_audio'),
  input_audio: object({ data: audioDataSchema, format: optional(oneOf('mp3', 'wav')) }).check(
    z.refine(({ data, format }) => data.startsWith('data:') || typeof format === 'string', {
      error: 'expected a data URL, or bare base64 beside a format',
      path: ['data'],
    }),
  ),
});

const filePartSchema = object({
  type: z.literal('file'),
  file: object({ file_data: imageFileSchema, filename: optional(text) }),
});

export const contentPartSchema = z.discriminatedUnion(
  'type',
  [textPartSchema, imagePartSchema, videoPartSchema, audioPartSchema, filePartSchema],
  kindError('expected one of text, image_url, video_url, input_audio'),
);

export const assistantPartSchema = z.discriminatedUnion(
  'type',
  [textPartSchema, refusalPartSchema],
  kindError('expected one of text, refusal'),
);

const EXPECTED_TEXT = 'expected a string or a list of text parts';

const systemMessageSchema = object({
  role: z.enum(['system', 'developer']),
  // StepFun documents a string; SDKs send lists of text parts, too.
  content: z.union([text, list(textPartSchema, 1)], EXPECTED_TEXT),
  name: optional(text),
});

const userMessageSchema = object({
  role: z.literal('user'),
  content: z.union([text, list(contentPartSchema, 1)], 'expected a string or a list of parts'),
  name: optional(text),
});

export const toolCallSchema = object({
  // A model may have sent a call without an id: tool-call-ids.ts supplies one.
  id: optional(text),
  type: z.literal('function', {
    error: ({ input }) =>
      input === 'custom' ? 'StepFun takes no custom tools: send a call of a function' : 'expected function',
  }),
  // The name is whatever the model called; only names in `tools` have to match the pattern.
  function: object({
    name: filledText,
    arguments: text,
    parsed_arguments: leftOut,
  }),
  index: leftOut,
});

const assistantMessageSchema = object({
  role: z.literal('assistant'),
  content: optional(z.union([text, list(assistantPartSchema)], EXPECTED_TEXT)),
  name: optional(text),
  tool_calls: optional(list(toolCallSchema)),
  reasoning: optional(text),
  reasoning_content: optional(text),
  // StepFun's own spoken answers have no id; then there is nothing to refer to.
  audio: optional(object({ id: optional(filledText) })),
  function_call: optional(z.null('expected null: function_call is deprecated, use tool_calls')),
  annotations: leftOut,
  parsed: leftOut,
  reasoning_details: leftOut,
  refusal: leftOut,
}).check(
  z.refine((message) => message.content !== undefined || (message.tool_calls?.length ?? 0) > 0, {
    error: 'expected content or tool_calls',
    path: ['content'],
  }),
);

const toolMessageSchema = object({
  role: z.literal('tool'),
  content: z.union([text, list(textPartSchema)], EXPECTED_TEXT),
  tool_call_id: optional(text),
  name: optional(text),
});

export const messageSchema = z.discriminatedUnion(
  'role',
  [systemMessageSchema, userMessageSchema, assistantMessageSchema, toolMessageSchema],
  kindError('expected one of system, developer, user, assistant, tool'),
);

export type Message = z.infer<typeof messageSchema>;
export type ContentPart = z.infer<typeof contentPartSchema>;
export type ToolCall = z.infer<typeof toolCallSchema>;

/**
 * @returns the addresses of all images, videos and sounds in their order, data URLs among them.
 */
export function mediaOf(messages: readonly Message[]): string[] {
  const media: string[] = [];
  for (const { role, content } of messages) {
    if (role !== 'user' || typeof content === 'string') continue;
    for (const part of content) {
      if (part.type === 'image_url') media.push(part.image_url.url);
      else if (part.type === 'video_url') media.push(part.video_url.url);
      else if (part.type === 'input_audio') media.push(part.input_audio.data);
      else if (part.type === 'file') media.push(part.file.file_data);
    }
  }
  return media;
}
