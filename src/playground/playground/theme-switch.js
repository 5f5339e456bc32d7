// The theme: the system's, light or dark. theme.js applies it when the page opens.

import { byId } from './dom.js';
import { readStored, writeStored } from './storage.js';

const STORED_AS = 'stepfun-edge.theme';

/** Shows the theme in the menu, and changes it there. */
export function watchTheme() {
  const group = byId('theme', HTMLElement);
  const picked = readStored(STORED_AS) ?? '';
  for (const radio of group.querySelectorAll('input')) {
    radio.checked = radio.value === picked;
    radio.addEventListener('change', () => {
      document.documentElement.dataset['theme'] = radio.value;
      writeStored(STORED_AS, radio.value === '' ? null : radio.value);
    });
  }
}
