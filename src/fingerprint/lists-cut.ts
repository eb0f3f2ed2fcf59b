// Which lists of a hello are longer than fingerprints take: `cut` of its line.

import { MAX_LISTED_BYTES, MAX_LISTED_EXTENSIONS } from '../base/limits.js'
import type { Hello } from '../model/hello.js'
import { isInWhole } from './npf.js'
import { listedLen } from './text.js'

/** Names of the lists that were cut, as the keys of `tls_fp` have them; `extension_data` are bodies that npf holds in whole. */
export function listsCut(hello: Hello): string[] {
  const isLong = (len: number) => len > listedLen(len)
  const names: string[] = []
  if (isLong(hello.cipherSuitesLen)) names.push('ciphers')
  if (hello.extensionCount > MAX_LISTED_EXTENSIONS) names.push('extensions')
  if (isLong(hello.supportedGroupsLen)) names.push('supported_groups')
  if (isLong(hello.signatureAlgorithmsLen)) names.push('signature_algorithms')
  if (hello.alpnLen > MAX_LISTED_BYTES) names.push('alpn')
  const listed = Math.min(hello.extensionCount, MAX_LISTED_EXTENSIONS)
  for (let i = 0; i < listed; i++)
    if ((hello.extensionLen[i] ?? 0) > MAX_LISTED_BYTES && isInWhole(hello.extensionType[i] ?? 0)) {
      names.push('extension_data')
      break
    }
  return names
}
