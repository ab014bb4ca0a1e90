/** Go's checksum database, each answer proved by its signed tree: https://go.dev/ref/mod#checksum-database */
export interface ChecksumDatabase {
  /** The `h1:` hash of the module's zip, or `undefined` if there is no such record. */
  lookup(record: {
    readonly module: string;
    readonly version: string;
    readonly path: string;
  }): Promise<string | undefined>;
}
