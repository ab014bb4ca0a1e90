import type { PinFile } from '../runtime';

export const pipfile: PinFile = { file: 'Pipfile', read: () => ({ pins: [] }) };
