import type { PinFile } from '../runtime';

export const runtimeTxt: PinFile = { file: 'runtime.txt', read: () => ({ pins: [] }) };
