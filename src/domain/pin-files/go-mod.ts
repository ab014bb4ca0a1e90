import type { PinFile } from '../runtime';

export const goMod: PinFile = { file: 'go.mod', read: () => ({ pins: [] }) };

export const goWork: PinFile = { file: 'go.work', read: () => ({ pins: [] }) };
