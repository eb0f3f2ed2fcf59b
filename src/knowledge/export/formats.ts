import type { FormatName } from '../lists/names.js'
import type { ExportFormat } from './format.js'
import { HAPROXY, NGINX, SURICATA, ZEEK } from './network.js'
import { CSV, JSONL, MISP, SIGMA, STIX } from './sharing.js'

/** Formats of `knowledge export`, by name. */
export const EXPORT_FORMATS: Readonly<Record<FormatName, ExportFormat>> = {
  suricata: SURICATA,
  zeek: ZEEK,
  nginx: NGINX,
  haproxy: HAPROXY,
  sigma: SIGMA,
  misp: MISP,
  stix: STIX,
  csv: CSV,
  jsonl: JSONL,
}
