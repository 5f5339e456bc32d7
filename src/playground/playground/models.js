// The models to pick from: the gateway's list, and until it answers, the models that are known here.

import { field, list, text } from './json.js';

/** @import { Model } from '../types.ts' */

const THREE_TIERS = ['low', 'medium', 'high'];

/** StepFun's main chat models, as its documentation lists them. */
export const KNOWN_MODELS = /** @type {const} @satisfies {readonly Model[]} */ ([
  { id: 'step-3.7-flash', efforts: THREE_TIERS, inputs: ['text', 'image', 'video'] },
  { id: 'step-3.5-flash', efforts: THREE_TIERS, inputs: ['text'] },
  { id: 'step-3.5-flash-2603', efforts: ['low', 'high'], inputs: ['text'] },
]);

/**
 * @param {unknown} answer - GET /v1/models: OpenAI's list, with the gateway's `reasoning_efforts`.
 * @returns {readonly Model[]} the known models where the answer has none.
 */
export function parseModels(answer) {
  const models = list(field(answer, 'data')).flatMap((item) => {
    const id = text(field(item, 'id'));
    return id === '' ? [] : [parseModel(id, item)];
  });
  return models.length > 0 ? models : KNOWN_MODELS;
}

/**
 * @param {unknown} answer - GET /v1/models.
 * @returns {boolean} whether the StepFun simulator answers: it alone knows, and names itself as the models' owner.
 */
export function isSimulated(answer) {
  return list(field(answer, 'data')).some((item) => field(item, 'owned_by') === 'stepfun-simulator');
}

/**
 * @param {string} id
 * @param {unknown} item
 * @returns {Model}
 */
function parseModel(id, item) {
  const known = KNOWN_MODELS.find((model) => model.id === id);
  const efforts = field(item, 'reasoning_efforts');
  const inputs = field(item, 'input_modalities');
  return {
    id,
    efforts: Array.isArray(efforts) ? efforts.map(text) : (known?.efforts ?? []),
    inputs: Array.isArray(inputs) ? inputs.map(text) : (known?.inputs ?? null),
  };
}

/**
 * @param {Model} model
 * @param {string} wanted
 * @returns {string} the effort, if the model takes it; else '' (the model's own).
 */
export function effortFor(model, wanted) {
  return model.efforts.includes(wanted) ? wanted : '';
}
