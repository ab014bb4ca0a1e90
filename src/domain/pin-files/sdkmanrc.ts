import type { PinFile } from '../runtime';

export const sdkmanrc: PinFile = { file: '.sdkmanrc', read: () => ({ pins: [] }) };
