import type { PinFile } from '../runtime';

export const nvmrc: PinFile = { file: '.nvmrc', read: () => ({ pins: [] }) };
