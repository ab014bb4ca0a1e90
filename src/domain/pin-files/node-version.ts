import type { PinFile } from '../runtime';

export const nodeVersion: PinFile = { file: '.node-version', read: () => ({ pins: [] }) };
