import { API_OPTIONS } from './api-options.js'
import { CAPTURE_OPTIONS } from './capture-options.js'
import { OUTPUT_OPTIONS } from './output-options.js'
import { PRIVACY_OPTIONS } from './privacy-options.js'
import { SIGHTING_OPTIONS } from './sighting-options.js'
import { STORE_OPTIONS } from './store-options.js'

/** All options. Values of the file and of the environment pass the same schemas as flags. */
export const OPTIONS = {
  ...CAPTURE_OPTIONS,
  ...SIGHTING_OPTIONS,
  ...STORE_OPTIONS,
  ...API_OPTIONS,
  ...PRIVACY_OPTIONS,
  ...OUTPUT_OPTIONS,
} as const

export type OptionName = keyof typeof OPTIONS
