import { Base } from './base.js'
import type { BaseData } from './base-data.js'
import { BASE_JSON } from './base-json.js'
import { withOwnRows } from './own-rows.js'
import type { OwnRow } from './own-rows.js'

/** The knowledge base of this release, and profiles that its user labelled. */
export function loadBase(own: readonly OwnRow[] = []): Base {
  const data = JSON.parse(BASE_JSON) as BaseData
  return new Base(own.length === 0 ? data : withOwnRows(data, own))
}
