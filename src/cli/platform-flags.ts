import { isPlatformKey, PLATFORMS, type PlatformKey } from '../domain/runtime/platform';
import { PolyenvError } from '../domain/words/errors';

/** The platforms that `--platform` names; `all` is every one. */
export function platformsOf(texts: readonly string[]): readonly PlatformKey[] {
  if (texts.includes('all')) return PLATFORMS;
  return texts.map((text) => {
    if (isPlatformKey(text)) return text;
    throw new PolyenvError('usage', `${JSON.stringify(text)} is no platform`, {
      hint: `known: ${PLATFORMS.join(', ')}`,
    });
  });
}
