import { alpn, groups, pointFormats, serverName, signatureAlgorithms, versions } from './hellos.js'
import type { HelloParts } from './hellos.js'

/** curl 7.79.1 and 8.7.1 of macOS (LibreSSL): one cipher is Unassigned (129), one for private use (65413). */
export const curlHello: HelloParts = {
  ciphers: [
    4867, 4866, 4865, 52393, 52392, 52394, 49200, 49196, 49192, 49188, 49172, 49162, 159, 107, 57,
    65413, 196, 136, 129, 157, 61, 53, 192, 132, 49199, 49195, 49191, 49187, 49171, 49161, 158, 103,
    51, 190, 69, 156, 60, 47, 186, 65, 49169, 49159, 5, 4, 49170, 49160, 22, 10, 255,
  ],
  extensions: [
    versions(0x0304, 0x0303, 0x0302, 0x0301),
    [51, Uint8Array.of(0, 0)],
    serverName('tls.incolumitas.com'),
    pointFormats(0),
    groups(29, 23, 24, 25),
    signatureAlgorithms(
      ...[0x0806, 0x0601, 0x0603, 0x0805, 0x0501, 0x0503, 0x0804, 0x0401, 0x0403, 0x0201, 0x0203],
    ),
    alpn('h2', 'http/1.1'),
  ],
}
