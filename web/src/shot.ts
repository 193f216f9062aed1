/** A photo as it came in. */
export interface Shot {
  readonly file: Blob;
  readonly name: string;
  /** The depth that the photo carries itself is to be taken, not a network's. */
  readonly ownDepth?: boolean;
}
