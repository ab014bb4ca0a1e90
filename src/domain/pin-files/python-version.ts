import type { PinFile } from '../runtime';

export const pythonVersion: PinFile = { file: '.python-version', read: () => ({ pins: [] }) };

export const pythonVersions: PinFile = { file: '.python-versions', read: () => ({ pins: [] }) };
