/** A search that cannot be done, in a sentence with its remedy. */
export class SearchError extends Error {
  override readonly name = 'SearchError'
}
