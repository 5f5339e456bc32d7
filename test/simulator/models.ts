// The models the simulator knows. `owned_by` and the shape are StepFun's ("List
// models"); the step-3 line's creation times are invented.

const CREATED: Readonly<Record<string, number>> = {
  'step-3.7-flash': 1779062400,
  'step-3.5-flash-2603': 1774310400,
  'step-3.5-flash': 1769990400,
  'step-2-16k': 1720080000,
  'step-1-8k': 1713196800,
};

interface Model {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: 'stepai';
}

/** @returns the model as `GET /v1/models/{id}` shows it; undefined when there is none. */
export function findModel(id: string): Model | undefined {
  const created = Object.hasOwn(CREATED, id) ? CREATED[id] : undefined;
  return created === undefined ? undefined : { id, object: 'model', created, owned_by: 'stepai' };
}

/** @returns `GET /v1/models` in StepFun's shape. */
export function listModels(): { object: 'list'; data: Model[] } {
  return { object: 'list', data: Object.keys(CREATED).flatMap((id) => findModel(id) ?? []) };
}

/** Only the step-3 line thinks before it answers. */
export function reasons(model: string): boolean {
  return model.startsWith('step-3');
}

/** StepFun's page: `step-3.5-flash-2603` takes low and high only. */
export function effortsOf(model: string): readonly string[] {
  return model === 'step-3.5-flash-2603' ? ['low', 'high'] : ['low', 'medium', 'high'];
}
