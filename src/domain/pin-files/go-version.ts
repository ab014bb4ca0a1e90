import type { PinFile } from '../runtime';

export const goVersionFile: PinFile = { file: '.go-version', read: () => ({ pins: [] }) };
