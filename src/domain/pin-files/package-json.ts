import type { PinFile } from '../runtime';

export const packageJsonNode: PinFile = { file: 'package.json', read: () => ({ pins: [] }) };
