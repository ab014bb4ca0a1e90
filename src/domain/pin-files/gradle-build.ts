import type { PinFile } from '../runtime';

export const gradleBuild: PinFile = { file: 'build.gradle', read: () => ({ pins: [] }) };

export const gradleBuildKotlin: PinFile = { file: 'build.gradle.kts', read: () => ({ pins: [] }) };
