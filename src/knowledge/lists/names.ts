// Names of lists, sources and formats: apart from what reads and writes them, so that the help loads none of it.

/** What an entry says of its fingerprint. A `warning` accuses nobody: published lists have many false positives. */
export const LISTS = ['label', 'warning', 'watch', 'allow'] as const
export type ListName = (typeof LISTS)[number]

/** What can be imported. */
export const SOURCES = [
  'sslbl',
  'mercury',
  'hellotap',
  'ja4db',
  'foxio',
  'mitmengine',
  'salesforce',
  'plain',
] as const
export type SourceName = (typeof SOURCES)[number]

/** What can be exported to. */
export const FORMATS = [
  'suricata',
  'zeek',
  'nginx',
  'haproxy',
  'sigma',
  'misp',
  'stix',
  'csv',
  'jsonl',
] as const
export type FormatName = (typeof FORMATS)[number]
