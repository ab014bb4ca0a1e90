import type { PinFile } from '../runtime';

export const pyproject: PinFile = { file: 'pyproject.toml', read: () => ({ pins: [] }) };
