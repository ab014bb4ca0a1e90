/** What says by whom a runtime's toolchains are built. */
export interface Offering {
  readonly sources?: readonly { readonly vendors?: readonly string[] }[];
}

/** The vendors whose builds the runtime's sources offer, the usual one first; none where nobody but the project builds it. */
export function vendorsOf({ sources = [] }: Offering): readonly string[] {
  return [...new Set(sources.flatMap(({ vendors = [] }) => vendors))];
}
