import type { PinFile } from '../runtime';

export const pomXml: PinFile = { file: 'pom.xml', read: () => ({ pins: [] }) };
