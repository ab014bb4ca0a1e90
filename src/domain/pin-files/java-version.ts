import type { PinFile } from '../runtime';

export const javaVersion: PinFile = { file: '.java-version', read: () => ({ pins: [] }) };
