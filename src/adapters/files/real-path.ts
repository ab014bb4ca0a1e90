import { realpathSync } from 'node:fs';

/** The path with every link followed; `undefined` where there is nothing, or it may not be looked at. */
export function realPathIfAny(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** The path with every link followed, or as it is where that cannot be done. */
export function realPathOr(path: string): string {
  return realPathIfAny(path) ?? path;
}
