// The models of the simulated account: StepFun's list of today, with what each one reads. The shape is
// StepFun's ("List models"); `owned_by` and the creation times are invented.

export type MediaKind = 'image' | 'video' | 'audio';
export type Effort = 'low' | 'medium' | 'high';

interface ModelSpec {
  readonly created: number;
  /** The media that it reads beside text. */
  readonly media: readonly MediaKind[];
  /** The values of `reasoning_effort`; empty: the model does not reason. */
  readonly efforts: readonly Effort[];
  /** It can answer with sound (`modalities`, `audio`). */
  readonly speaks?: true;
  /** Served under `/step_plan/v1` only. */
  readonly planOnly?: true;
}

const VISION = ['image', 'video'] as const;
const ALL_EFFORTS = ['low', 'medium', 'high'] as const;
const AUDIO_MODEL = { media: ['audio'], efforts: [], speaks: true } as const;

const MODELS: Readonly<Record<string, ModelSpec>> = {
  'step-5-preview': { created: 1789430400, media: VISION, efforts: ALL_EFFORTS },
  'step-3.7-flash': { created: 1779062400, media: VISION, efforts: ALL_EFFORTS },
  'step-3.5-flash-2603': { created: 1774310400, media: [], efforts: ['low', 'high'] },
  'step-3.5-flash': { created: 1769990400, media: [], efforts: ALL_EFFORTS },
  'step-1o-turbo-vision': { created: 1741132800, media: VISION, efforts: [] },
  'stepaudio-3-chat-preview': { created: 1788220800, ...AUDIO_MODEL },
  'stepaudio-2.5-chat': { created: 1776902400, ...AUDIO_MODEL },
  'step-1o-audio': { created: 1742256000, ...AUDIO_MODEL },
  'step-audio-2': { created: 1756425600, ...AUDIO_MODEL },
  'step-audio-r1.5': { created: 1772582400, ...AUDIO_MODEL },
  'step-router-v1': { created: 1780272000, media: [], efforts: [], planOnly: true },
};

/** Retired in July 2026: StepFun documents a 400 for them. Other unknown names were seen to get a 404. */
const RETIRED = new Set([
  'step-1-8k',
  'step-1-32k',
  'step-1v',
  'step-2-mini',
  'step-2-16k',
  'step-3',
  'step-1o-vision-32k',
]);

interface Model {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  /** Tells the playground, and people who look, that no StepFun answers here. */
  readonly owned_by: 'stepfun-simulator';
}

/** @param hasPlan - whether the request came in under `/step_plan/v1`. */
export function findModel(id: string, hasPlan: boolean): ModelSpec | undefined {
  const spec = Object.hasOwn(MODELS, id) ? MODELS[id] : undefined;
  return spec?.planOnly === true && !hasPlan ? undefined : spec;
}

export function isRetired(id: string): boolean {
  return RETIRED.has(id);
}

/** @returns the model as `GET /v1/models/{id}` shows it; undefined if there is none. */
export function showModel(id: string, hasPlan: boolean): Model | undefined {
  const spec = findModel(id, hasPlan);
  return spec && { id, object: 'model', created: spec.created, owned_by: 'stepfun-simulator' };
}

/** @returns `GET /v1/models` in StepFun's shape. */
export function listModels(hasPlan: boolean): { object: 'list'; data: Model[] } {
  return { object: 'list', data: Object.keys(MODELS).flatMap((id) => showModel(id, hasPlan) ?? []) };
}
