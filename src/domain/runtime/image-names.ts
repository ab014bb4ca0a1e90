/**
 * Patterns of `Mentions.images` for images whose tag begins with the version, or with the image's own and then the
 * version (`1-20-bookworm`, `dev-20`), or is a word (`iron-alpine`).
 */
export function imagesNamed(...names: readonly string[]): readonly RegExp[] {
  return names.map(
    (name) => new RegExp(`^${name.replaceAll('.', '\\.')}:(?:${OWN}-(?=\\d))?(${VERSION}|[a-z]+)(?=[-_]|$)`),
  );
}

const OWN = '(?:dev|\\d(?:\\.\\d+)*)';
/** Of `8u402-b06` what Java's numbers begin with, and of `1.24rc1` all. */
const VERSION = 'v?\\d+(?:\\.\\d+)*(?:u\\d+|(?:a|b|rc)\\d+)?';
