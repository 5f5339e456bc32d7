// Making and finding elements. Text goes in as text; nothing here parses markup.

/** @typedef {string | number | boolean | null | undefined | ((event: Event) => void)} Property */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Property>} [properties] - attributes, and listeners as functions under
 *   their event's name. `true` sets an attribute without value; `false` and `null` leave it out.
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children);
  return element;
}

/**
 * @template {Element} T
 * @param {string} id
 * @param {abstract new (...args: never[]) => T} kind
 * @returns {T} the page's element of that id and kind: index.html has it.
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html lacks #${id}`);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {string} name - of a symbol in index.html.
 * @returns {SVGElement} for the eye alone; the button beside it has words.
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/**
 * @param {string} label
 * @param {string} iconName
 * @param {(event: Event) => void} click
 */
export function action(label, iconName, click) {
  return h('button', { type: 'button', class: 'action', click }, icon(iconName), h('span', {}, label));
}

/**
 * @param {() => string} text
 * @returns {HTMLButtonElement} copies the text, and says so.
 */
export function copyAction(text) {
  const label = h('span', {}, 'Copy');
  const copy = () =>
    navigator.clipboard.writeText(text()).then(
      () => say('Copied'),
      () => say('Not allowed'),
    );
  /** @param {string} words */
  const say = (words) => {
    label.textContent = words;
    announce(words);
    setTimeout(() => (label.textContent = 'Copy'), 1600);
  };
  return h('button', { type: 'button', class: 'action', click: () => void copy() }, icon('copy'), label);
}

/**
 * Tells those who listen to the page what those who see it see.
 * @param {string} words
 */
export function announce(words) {
  byId('status', HTMLElement).textContent = words;
}

/** @param {HTMLDialogElement} dialog - a click beside it closes it, as people expect. */
export function closeOnBackdrop(dialog) {
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
}
