import { sha256 } from './published';

export interface FakeRelease {
  readonly tag: string;
  readonly date: string;
  readonly prerelease?: true;
  /** File to content. */
  readonly assets: Readonly<Record<string, string | Buffer>>;
  /** As before the summer of 2025: the list does not say what the files hash to. */
  readonly undigested?: true;
}

/** The files of a GitHub project as `Published.files` wants them: its list of releases, and what they hold. */
export function githubFiles(
  repository: string,
  releases: readonly FakeRelease[],
): Readonly<Record<string, string | Buffer>> {
  const list = releases.map(({ tag, date, prerelease, assets, undigested }) => ({
    tag_name: tag,
    draft: false,
    prerelease: prerelease === true,
    published_at: `${date}T10:00:00Z`,
    html_url: `https://github.com/${repository}/releases/tag/${tag}`,
    assets: Object.entries(assets).map(([name, content]) => ({
      name,
      size: content.length,
      digest: undigested === true ? null : `sha256:${sha256(content)}`,
    })),
  }));
  const files = releases.flatMap(({ tag, assets }) =>
    Object.entries(assets).map(([name, content]) => [
      `https://github.com/${repository}/releases/download/${tag}/${name}`,
      content,
    ]),
  );
  return {
    [`https://api.github.com/repos/${repository}/releases?per_page=100&page=1`]: JSON.stringify(list),
    ...Object.fromEntries(files),
  };
}
